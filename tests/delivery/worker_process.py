"""A real worker process for the tests that kill or stop one: run as a module, with a slow press.

It notes each start of a rendering in a file, so that a test can strike in the middle of one.
"""

import sys
import time
from pathlib import Path

from consult.delivery.handlers import make_handlers
from consult.delivery.worker import Worker, run_until_signal
from consult.storage.database import Database


def main(url: str, notes: str, render_seconds: str) -> None:
    """Work on the database at ``url`` until told to stop."""
    database = Database(url)

    def render(html: str) -> bytes:
        with Path(notes).open("a") as file:
            file.write("rendering\n")
        time.sleep(float(render_seconds))
        return b"%PDF " + html.encode()

    handlers = make_handlers(
        database, write=lambda lead: f"lead {lead.id}", render=render, lead_days=730
    )
    run_until_signal(Worker(database, handlers, lease_seconds=1, poll_seconds=0.05))


if __name__ == "__main__":
    main(*sys.argv[1:])
