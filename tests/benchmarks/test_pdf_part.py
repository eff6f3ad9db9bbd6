"""What a PDF costs."""

from pathlib import Path

import pytest

from tests.support.benchmark_parts import run_part


def test_the_part_about_pdfs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_part("pdf", tmp_path, monkeypatch)
