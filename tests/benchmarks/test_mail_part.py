"""What a mail server that hangs costs an owner who waits for a PDF."""

from pathlib import Path

import pytest

from tests.support.benchmark_parts import run_part


def test_the_part_about_mail_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_part("mail", tmp_path, monkeypatch)
