"""A `consult` command on a machine of its own: with its settings, its log, and its wrong clock."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from unittest.mock import patch

from consult.commands import consult, serve_commands
from consult.storage.db import database

__all__ = ["run", "serve_commands"]  # which is imported once, and not by each process


def run(arguments: Sequence[str], environment: Mapping[str, str], log: Path, fast: float) -> None:
    """Run a command; every clock that the application reads is so many seconds fast."""
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(output, standard)
    right_time = time.time

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=fast)

    sys.argv = ["consult", *arguments]
    with (
        patch.object(database, "datetime", WrongClock),
        patch.object(time, "time", lambda: right_time() + fast),
    ):
        consult(arguments, prog_name="consult")
