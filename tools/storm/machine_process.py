"""A `consult` command on a machine of its own: with its settings, its log, and its wrong clock."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from unittest.mock import patch

from consult.commands import serve_commands
from consult.delivery.worker import Worker
from consult.report.pdf.renderer import Renderer
from consult.storage.db import database
from tests.support.forks import run_command

_POLL_SECONDS = 0.1
"""How often a worker looks for jobs; it waits ten times as long for a database that is away."""


def run(
    arguments: list[str], settings: Mapping[str, str], log: Path, fast: float, whole: bool
) -> None:
    """Run a command; every clock that the application reads is so many seconds fast.

    PDFs have the whole document, or only what it begins with.
    """
    right_time, render = time.time, Renderer.render

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=fast)

    with (
        patch.object(database, "datetime", WrongClock),
        patch.object(time, "time", lambda: right_time() + fast),
        patch.object(serve_commands, "Worker", partial(Worker, poll_seconds=_POLL_SECONDS)),
        patch.object(
            Renderer,
            "render",
            lambda self, html: render(self, html if whole else html.partition("</h1>")[0]),
        ),
    ):
        run_command(arguments, settings, log)
