"""A worker that cannot start waits, and comes when it can."""

import subprocess
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from consult.commands import consult, serve_commands
from consult.settings.schema import Settings
from tests.support.forks import forks
from tests.support.patience import patience, wait_until
from tests.support.served import hasty


def test_a_worker_that_cannot_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """When memory is short, for instance."""
    stop, errors = threading.Event(), [OSError("no memory")]

    def start(_settings: Settings) -> subprocess.Popen[bytes]:
        if errors:
            raise errors.pop()
        stop.set()
        return subprocess.Popen(["true"])

    monkeypatch.setattr(serve_commands, "_start_worker", start)
    monkeypatch.setattr(serve_commands, "RESTART_SECONDS", 0)
    serve_commands._supervise(Settings(), stop)
    assert stop.is_set()


def test_a_worker_that_starts_during_an_outage_waits_and_comes_back(
    settings: dict[str, str], log: Path, tmp_path: Path
) -> None:
    file = tmp_path / "var/consult.db"
    (tmp_path / "kept").write_bytes(file.read_bytes())
    file.write_text("this is no database, but where one should be")
    once = CliRunner().invoke(consult, ["worker", "--once"])
    assert (once.exit_code, once.output.count("the database does not answer")) == (1, 1)
    process = forks().start(hasty, ["worker"], settings, log)
    wait_until(lambda: log.exists() and "trying again" in log.read_text(), "the first attempt")
    (tmp_path / "kept").rename(file)
    wait_until(lambda: "started, for" in log.read_text(), "the start")
    process.terminate()
    assert process.wait(patience()) == 0
