"""Busy times of calendars: merged, only relied on while fresh, and their addresses kept secret."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.storage import jobs
from consult.storage.booking import busy_feeds
from consult.storage.db.database import Database
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.booking_tables import BusyFeedRow
from consult.storage.tables.delivery_tables import JobRow
from consult.workflow.slots import Interval, merged
from tests.support.databases import Clock, read, rows, write
from tests.support.lead_factories import make_account

KEY = "k" * 32
URL = "https://calendar.example/private-0123456789/basic.ics"
START = datetime(2026, 12, 1, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

times = st.integers(0, 200).map(lambda minutes: START + minutes * MINUTE)
intervals = st.lists(st.tuples(times, times).map(lambda pair: (min(pair), max(pair))))


@given(intervals)
def test_merged_times_are_in_order_apart_and_the_same(given_times: Sequence[Interval]) -> None:
    found = merged(given_times)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    for minutes in range(200):
        at = START + minutes * MINUTE + MINUTE / 2
        assert covers(found, at) == covers(given_times, at)


def covers(times: Sequence[Interval], at: datetime) -> bool:
    return any(start <= at < end for start, end in times)


def add(database: Database, name: str = "Work") -> int:
    by = make_account(database, name)
    return write(database, busy_feeds.add, name, URL, KEY, by=by)


def test_busy_times_of_all_calendars_are_one_list(database: Database) -> None:
    now = database.clock()
    for name, offset in (("Work", 0), ("Home", 30)):
        busy = [(START + offset * MINUTE, START + (offset + 60) * MINUTE)]
        write(database, busy_feeds.record_read, add(database, name), busy, now)
    busy, is_sure = read(database, busy_feeds.busy_times, now)
    assert (merged(busy), is_sure) == ([(START, START + 90 * MINUTE)], True)


def test_without_calendars_nothing_is_busy_and_that_is_sure(database: Database) -> None:
    assert read(database, busy_feeds.busy_times, database.clock()) == ([], True)


@pytest.mark.parametrize(
    ("age", "error", "fresh"),
    [
        (timedelta(hours=1, minutes=59), "", True),
        (timedelta(hours=2), "", False),
        (timedelta(), "It isn’t there.", False),
        (None, "", False),
    ],
)
def test_what_is_old_or_broken_is_kept_and_not_relied_on(
    database: Database, age: timedelta | None, error: str, fresh: bool
) -> None:
    write(database, busy_feeds.record_read, add(database, "Good"), [], database.clock())
    feed_id, now, busy = add(database), database.clock(), [(START, START + MINUTE)]
    if age is not None:
        write(database, busy_feeds.record_read, feed_id, busy, now - age)
    if error:
        write(database, busy_feeds.record_error, feed_id, error)
    found = read(database, busy_feeds.busy_times, now)
    assert found == ([] if age is None else busy, fresh)


def test_the_address_is_stored_encrypted_and_recorded_nowhere(database: Database) -> None:
    ada = make_account(database, "Ada")
    feed_id = write(database, busy_feeds.add, "Work", URL, KEY, by=ada)
    (feed,) = rows(database, BusyFeedRow)
    assert busy_feeds.url_of(feed, KEY) == URL
    assert busy_feeds.url_of(feed, "another key") is None
    write(database, busy_feeds.remove, feed_id, by=ada)
    entries = [(row.action, row.facts) for row in rows(database, AuditRow)][-2:]
    facts = {"feed_id": feed_id, "name": "Work"}
    assert entries == [("busy_feed.added", facts), ("busy_feed.removed", facts)]
    kept = [*rows(database, AuditRow), *rows(database, JobRow), feed]
    assert not [row for row in kept if "private" in str(vars(row))]


def test_a_calendar_is_requested_once_in_ten_minutes_and_never_twice_at_once(
    database: Database, clock: Clock
) -> None:
    add(database)
    for _ in range(2):
        write(database, busy_feeds.request_reads)  # added, it waits to be read already
    assert len(rows(database, JobRow)) == 1
    for minutes, expected in ((0, 2), (5, 2), (5, 3)):
        clock.go_on(minutes=minutes)
        if job := write(database, jobs.claim, timedelta(minutes=1)):
            write(database, jobs.complete, job)
        for _ in range(2):
            write(database, busy_feeds.request_reads)
        assert len(rows(database, JobRow)) == expected
