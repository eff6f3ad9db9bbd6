"""A storm that is over in seconds: each fault comes once."""

from pathlib import Path
from unittest.mock import patch

from consult.storage.db import engines
from tests.support.forks import forks, write_to
from tools.storm import __main__ as command
from tools.storm import machines, people

SECONDS = 1
SEED = 19
"""By it, the first owner soon leaves a contact; before, there is little that may be lost."""


def _storm(engine: str, log: Path) -> None:
    write_to(log)
    minutes, seed = str(SECONDS / 60), str(SEED)
    with (
        # Long pauses are for the long storm.
        patch.object(machines, "RESTART_SECONDS", 0.1),
        patch.object(engines, "_RETRY_SECONDS", 0.1),
        patch.object(command, "POLL_SECONDS", 0.05),
        patch.object(people, "PAUSE_SECONDS", (0.05, 0.2)),
    ):
        command.main(["--minutes", minutes, "--engine", engine, "--owners", "1", "--seed", seed])


def nothing_is_lost(engine: str, log: Path) -> None:
    """Let everything fail while people use the site, and expect that nothing is lost."""
    code = forks().start(_storm, engine, log).wait()
    said = log.read_text()
    assert code == 0, said
    assert "0 lost or wrong." in said
