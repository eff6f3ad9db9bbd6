"""Settings, a port and a log of their own for commands that run as processes."""

import shutil
from pathlib import Path

import pytest

from tests.support.mail_server import free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def settings(
    tmp_path: Path, port: int, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Settings with a database of their own, which are those of commands in this process too."""
    given = {"VAR_DIR": str(tmp_path / "var"), "PORT": str(port)}
    for name, value in given.items():
        monkeypatch.setenv(f"CONSULT_{name}", value)
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var/consult.db")
    return given


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"
