"""What staff meet: the list of leads, Today, exports and insights."""

from pathlib import Path

import pytest

from tests.support.benchmark_parts import run_part
from tests.support.postgres import PostgresServer

OF_STAFF = ("leads", "today", "exports", "insights")


@pytest.mark.parametrize("part", OF_STAFF)
def test_a_part_about_staff_runs(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    run_part(part, tmp_path, monkeypatch, postgres)
