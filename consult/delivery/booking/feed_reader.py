"""Read when a calendar is busy, by its address, which staff entered.

It is fetched from public addresses only, and read by a process of its own with limits. What goes
wrong is stored in words without the address, which opens the calendar to who has it.
"""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial

from consult.delivery.context import Context
from consult.delivery.network import ForbiddenUrlError, HttpClient, NoResponseError, TooLargeError
from consult.delivery.worker import Commit, no_op
from consult.settings import PROJECT_FOLDER
from consult.storage.booking import busy_feeds
from consult.storage.tables.delivery_tables import JobRow
from consult.workflow.slots import Interval

MOST_BYTES = 8 * 1024 * 1024
FETCH_SECONDS = 30.0
CPU_SECONDS = 10
WALL_SECONDS = 120.0
MEMORY_MB = 512
_PROCESS = "consult.delivery.booking.feed_parser"
_DAY = timedelta(days=1)
_STATUS = {
    401: "It asks for a password. Use the secret address of the calendar.",
    403: "It asks for a password. Use the secret address of the calendar.",
    404: "There’s no calendar at this address. It may have been reset.",
    410: "There’s no calendar at this address. It may have been reset.",
}


class FeedError(Exception):
    """A calendar can't be read; the message says why, for staff."""


def read_feed(context: Context, job: JobRow) -> Commit:
    """Store when a calendar is busy, as far ahead as owners can book; or why it can't be read."""
    feed_id: int = job.payload["feed_id"]
    with context.database.reading() as session:
        feed = busy_feeds.by_id(session, feed_id)
    if feed is None:
        return no_op
    now = context.database.clock()
    until = now + (context.settings.booking_days_ahead + 1) * _DAY
    url = busy_feeds.url_of(feed, context.settings.signing_key())
    try:
        if url is None:
            raise FeedError("The secret key has changed. Remove this calendar and add it again.")
        content = fetch(context.http, url)
        busy = busy_in(content, now - _DAY, until, context.office.zone)
    except FeedError as error:
        return partial(busy_feeds.record_error, feed_id=feed_id, error=str(error))
    return partial(busy_feeds.record_read, feed_id=feed_id, busy=busy, at=now)


def fetch(http: HttpClient, url: str) -> bytes:
    """The file at an address; raises FeedError."""
    try:
        status, content = replace(http, total_seconds=FETCH_SECONDS).get(url, MOST_BYTES)
    except TooLargeError:
        raise FeedError(f"It’s larger than {MOST_BYTES // 1024 // 1024} MB.") from None
    except (ForbiddenUrlError, NoResponseError) as error:
        raise FeedError(str(error)) from None
    if status != 200:
        raise FeedError(_STATUS.get(status, f"Its server answered with an error: {status}."))
    return content


def busy_in(content: bytes, since: datetime, until: datetime, zone: tzinfo) -> list[Interval]:
    """When a calendar is busy within a time, from its file; raises FeedError."""
    limits = map(str, (CPU_SECONDS, MEMORY_MB))
    within = (since.isoformat(), until.isoformat(), str(zone))
    try:
        done = subprocess.run(
            [sys.executable, "-m", _PROCESS, *within, *limits],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote the file
            cwd=PROJECT_FOLDER,
            timeout=WALL_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise FeedError(
            "It takes too long to read. Does it have an event that repeats all the time?"
        ) from None
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise FeedError(answer["error"])
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end))
        for start, end in answer["busy"]
    ]
