"""What hundreds of people at once cost the server."""

from pathlib import Path

import pytest

from tests.support.benchmark_parts import run_part
from tests.support.postgres import PostgresServer


def test_the_part_about_load_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    run_part("load", tmp_path, monkeypatch, postgres)
