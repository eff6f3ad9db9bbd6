"""What the worker costs."""

from pathlib import Path

import pytest

from tests.support.benchmark_parts import run_part
from tests.support.postgres import PostgresServer


def test_the_part_about_the_worker_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    run_part("worker", tmp_path, monkeypatch, postgres)
