"""A `consult` command on a machine of its own: with its settings, its log, and its wrong clock."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from unittest.mock import patch

from consult.storage.db import database
from tests.support.forks import run_command


def run(arguments: list[str], settings: Mapping[str, str], log: Path, fast: float) -> None:
    """Run a command; every clock that the application reads is so many seconds fast."""
    right_time = time.time

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=fast)

    with (
        patch.object(database, "datetime", WrongClock),
        patch.object(time, "time", lambda: right_time() + fast),
    ):
        run_command(arguments, settings, log)
