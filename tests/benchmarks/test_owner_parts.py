"""What owners meet: the questionnaire, its pages, a report that is downloaded, and the server."""

from pathlib import Path

import pytest

from benchmarks.__main__ import LONG, PARTS
from tests.benchmarks.test_staff_parts import OF_STAFF
from tests.support.benchmark_parts import run_part

ELSEWHERE = {*OF_STAFF, "pdf", "worker", "mail", "load"}


@pytest.mark.parametrize("part", [part for part in {**PARTS, **LONG} if part not in ELSEWHERE])
def test_a_part_about_owners_runs(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_part(part, tmp_path, monkeypatch)
