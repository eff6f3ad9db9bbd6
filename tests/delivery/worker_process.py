"""A real worker process for the tests that kill or stop one: run as a module, with a slow press.

It records each start of a rendering in a file, so that a test can act in the middle of one.
"""

import sys
import time
from pathlib import Path

from consult.delivery.mail.transport import SmtpTransport
from consult.delivery.worker import run_until_signal
from consult.storage.db.database import Database
from tests.support.workers import Press, make_worker


def main(url: str, notes: str, render_seconds: str, smtp_url: str = "") -> None:
    """Work on the database at ``url`` until stopped."""

    class SlowPress(Press):
        def render(self, html: str) -> bytes:
            if html.startswith("Brief"):
                return super().render(html)
            with Path(notes).open("a") as file:
                file.write("rendering\n")
            until = time.monotonic() + float(render_seconds)
            # In short naps: a signal that another thread gets does not end a long sleep.
            while time.monotonic() < until:
                time.sleep(0.05)
            return super().render(html)

    transport = SmtpTransport(smtp_url) if smtp_url else None
    worker = make_worker(Database(url), SlowPress(), transport=transport, poll_seconds=0.05)
    run_until_signal(worker)


if __name__ == "__main__":
    main(*sys.argv[1:])
