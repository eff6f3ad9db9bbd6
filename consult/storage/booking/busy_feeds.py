"""Calendars whose busy times are kept free, each by an address that only reads it.

Of an event, only when it begins and ends is stored. The address opens a whole calendar to whoever
has it, so it is encrypted, and no page, log or audit entry has it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from consult.crypto import Purpose, decrypt, encrypt
from consult.storage import jobs
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.tables.booking_tables import BusyFeedRow
from consult.storage.tables.delivery_tables import JobRow
from consult.workflow.slots import Interval, merged

FRESH_FOR = timedelta(hours=2)
"""How long what was read counts, if nothing newer can be read."""


def busy_times(session: Session, now: datetime) -> tuple[list[Interval], bool]:
    """When any of the calendars is busy; and whether that can be relied on.

    It can't if a calendar was last read two hours ago, or could not be read since.
    """
    feeds = all_feeds(session)
    busy = [time for feed in feeds for time in busy_in(feed)]
    return busy, all(is_fresh(feed, now) for feed in feeds)


def busy_in(feed: BusyFeedRow) -> list[Interval]:
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in feed.busy
    ]


def is_fresh(feed: BusyFeedRow, now: datetime) -> bool:
    return not feed.error and feed.read_at is not None and now - feed.read_at < FRESH_FOR


def all_feeds(session: Session) -> Sequence[BusyFeedRow]:
    return session.scalars(select(BusyFeedRow).order_by(BusyFeedRow.id)).all()


def by_id(session: Session, feed_id: int) -> BusyFeedRow | None:
    return session.get(BusyFeedRow, feed_id)


def add(session: Session, name: str, url: str, secret_key: str, *, by: int) -> int:
    """Add a calendar, which is read at once; returns its id."""
    row = BusyFeedRow(name=name, encrypted_url=b"", busy=[], error="")
    session.add(row)
    session.flush()
    row.encrypted_url = encrypt(secret_key, Purpose.BUSY_FEED, url, row.id)
    session.flush()
    request_read(session, row.id)
    audit_log.record(session, "busy_feed.added", by=by, feed_id=row.id, name=name)
    return row.id


def remove(session: Session, feed_id: int, *, by: int) -> None:
    if row := by_id(session, feed_id):
        session.delete(row)
        session.flush()
        audit_log.record(session, "busy_feed.removed", by=by, feed_id=feed_id, name=row.name)


def url_of(feed: BusyFeedRow, secret_key: str) -> str | None:
    """The address; None if the secret key has changed since."""
    return decrypt(secret_key, Purpose.BUSY_FEED, feed.encrypted_url, feed.id)


def request_read(session: Session, feed_id: int, dedupe_key: str = "") -> None:
    """Read a calendar soon, unless that waits to be done already."""
    is_open = JobRow.state.in_(jobs.OPEN_STATES)
    query = select(JobRow).where(JobRow.kind == jobs.READ_FEED, is_open)
    if all(job.payload["feed_id"] != feed_id for job in session.scalars(query)):
        jobs.enqueue(session, jobs.READ_FEED, {"feed_id": feed_id}, dedupe_key=dedupe_key)


def request_reads(session: Session) -> None:
    """Read each calendar, once in ten minutes."""
    now = session.now()
    slot = f"{now:%Y-%m-%dT%H}:{now.minute // 10}"
    for feed in all_feeds(session):
        request_read(session, feed.id, f"{jobs.READ_FEED}:{feed.id}:{slot}")


def record_read(session: Session, feed_id: int, busy: Iterable[Interval], at: datetime) -> None:
    """Store the busy times of a calendar as they were at some time."""
    if row := session.get(BusyFeedRow, feed_id, with_for_update=True):
        row.busy = [[start.isoformat(), end.isoformat()] for start, end in merged(busy)]
        row.read_at, row.error = at, ""


def record_error(session: Session, feed_id: int, error: str) -> None:
    """Store why a calendar could not be read; what was read before stays."""
    if row := session.get(BusyFeedRow, feed_id, with_for_update=True):
        row.error = error
