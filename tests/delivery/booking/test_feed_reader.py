"""Calendars by their address: read from public addresses only, in bounded time, and kept secret."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from consult.delivery.booking import feed_reader
from consult.delivery.booking.feed_reader import FeedError, busy_in, fetch
from consult.delivery.network import ForbiddenUrlError, NoResponseError, TooLargeError
from consult.delivery.notifications.dispatch import schedule_tick
from consult.storage.booking import busy_feeds
from consult.storage.db.database import Database
from consult.storage.tables.booking_tables import BusyFeedRow
from consult.storage.tables.delivery_tables import JobRow
from consult.workflow.office_hours import Office
from tests.delivery.booking.test_feed_parser import MONDAY, NEW_YORK, SINCE, UNTIL, calendar
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import make_account
from tests.support.webhook_receiver import HOST, IP, Receiver, receiver
from tests.support.workers import SECRET_KEY, make_worker

PATH = "/private-0123456789/basic.ics"
URL = f"https://{HOST}{PATH}"
INSIDE = "https://inside.example/"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path) as running:
        inside = {"inside.example": ["10.0.0.7"], "127.0.0.1": ["127.0.0.1"], "::1": ["::1"]}
        running.internet.names.update(inside)
        running.pages[PATH] = (200, "", calendar(MONDAY).encode())
        yield running


def add(database: Database) -> int:
    by = make_account(database, "Ada")
    return write(database, busy_feeds.add, "Work", URL, SECRET_KEY, by=by)


def feed(database: Database) -> BusyFeedRow:
    (found,) = rows(database, BusyFeedRow)
    return found


# --- From the address to the busy times -----------------------------------------------------------


@ON_SQLITE
def test_of_a_calendar_only_its_busy_times_are_stored(
    database: Database, clock: Clock, web: Receiver
) -> None:
    add(database)
    day = clock() + timedelta(days=3)
    event = f"DTSTART:{day:%Y%m%d}T090000|DURATION:PT1H|SUMMARY:Secret talk|LOCATION:Secret room"
    far = clock() + timedelta(days=40)
    later = f"DTSTART:{far:%Y%m%d}T090000Z|DURATION:PT1H"
    web.pages[PATH] = (200, "", calendar(event, later).encode())
    office = Office(zone=ZoneInfo("Europe/Berlin"))
    make_worker(database, http=web.client(), office=office).run_once()
    assert feed(database).busy == [
        [f"{day:%Y-%m-%d}T08:00:00+00:00", f"{day:%Y-%m-%d}T09:00:00+00:00"]
    ]
    assert read(database, busy_feeds.busy_times, clock())[1], "it can be relied on"
    kept = [str(vars(row)) for row in (feed(database), *rows(database, JobRow))]
    assert not [text for text in kept if "Secret" in text or "private" in text]


@ON_SQLITE
def test_a_calendar_that_breaks_keeps_what_was_read_until_it_works_again(
    database: Database, clock: Clock, web: Receiver
) -> None:
    feed_id = add(database)
    busy = [(clock() + timedelta(days=1), clock() + timedelta(days=2))]
    write(database, busy_feeds.record_read, feed_id, busy, clock())
    page = web.pages.pop(PATH)
    for is_there in (False, True):
        if is_there:
            web.pages[PATH] = page
            clock.go_on(minutes=10)
            write(database, busy_feeds.request_reads)
        make_worker(database, http=web.client()).run_once()
        found, is_fresh = read(database, busy_feeds.busy_times, clock())
        assert (found == busy, is_fresh) == (not is_there, is_there)
        assert ("It may have been reset" in feed(database).error) is not is_there


def test_each_tick_has_calendars_read_once_in_ten_minutes(
    database: Database, clock: Clock, web: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_reader, "busy_in", lambda *_: [])  # that starts a process
    add(database)
    write(database, schedule_tick)
    worker = make_worker(database, http=web.client())
    for _ in range(6):
        worker.run_once()
        clock.go_on(minutes=5)
    assert len(web.received) == 4  # when it was added, and in each ten minutes of a half hour


@ON_SQLITE
@pytest.mark.parametrize("problem", ["removed", "another key"])
def test_what_cannot_be_read_any_more_is_not(
    database: Database, web: Receiver, problem: str
) -> None:
    feed_id = add(database)
    with database.writing() as session:
        row = session.get_one(BusyFeedRow, feed_id)
        row.encrypted_url = row.encrypted_url[:-1] + b"?"
        if problem == "removed":
            session.delete(row)
    make_worker(database, http=web.client()).run_once()
    assert web.received == []
    assert [job.state for job in rows(database, JobRow)] == ["done"]
    assert ["secret key" in row.error for row in rows(database, BusyFeedRow)] == (
        [] if problem == "removed" else [True]
    )


# --- Only what is public --------------------------------------------------------------------------


def test_an_address_inside_is_refused(web: Receiver) -> None:
    web.internet.names[HOST] = [IP, "10.0.0.7"]
    with pytest.raises(FeedError, match="private network"):
        fetch(web.client(), URL)
    assert web.internet.connected == []


@pytest.mark.parametrize(
    ("location", "says"),
    [
        (INSIDE, "private network"),
        ("https://127.0.0.1/", "private network"),
        ("https://[::1]/", "private network"),
        ("http://hooks.example/", "start with https"),
        ("file:///etc/passwd", "start with https"),
        ("//inside.example/x", "private network"),
        (PATH, "too often"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(
    web: Receiver, location: str, says: str
) -> None:
    web.pages[PATH] = (302, location, b"")
    with pytest.raises(FeedError, match=says):
        fetch(web.client(), URL)
    assert {ip for ip, _ in web.internet.connected} == {IP}


def test_redirects_lead_to_the_calendar(web: Receiver) -> None:
    web.pages["/moved"] = (301, "/again", b"")
    web.pages["/again"] = (307, URL, b"")
    assert fetch(web.client(), f"https://{HOST}/moved") == calendar(MONDAY).encode()


def test_a_name_that_leads_inside_the_second_time_is_not_asked_again(web: Receiver) -> None:
    answers = iter([[IP], ["127.0.0.1"]])
    web.internet.resolve = lambda *_: next(answers)  # type: ignore[method-assign]
    assert fetch(web.client(), URL)
    web.pages[PATH] = (302, PATH, b"")
    with pytest.raises(FeedError, match="private network"):
        fetch(web.client(), URL)


# --- In words, and in bounded time ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "says"), [(401, "password"), (403, "password"), (410, "reset"), (500, "error: 500")]
)
def test_an_answer_without_a_calendar_is_told_in_words(
    web: Receiver, status: int, says: str
) -> None:
    web.pages[PATH] = (status, "", b"")
    with pytest.raises(FeedError, match=says) as told:
        fetch(web.client(), URL)
    assert PATH not in str(told.value)


def test_no_more_is_read_than_counts(web: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    content = web.pages[PATH][2]
    assert web.client().get(URL, len(content)) == (200, content)
    with pytest.raises(TooLargeError):
        web.client().get(URL, len(content) - 1)
    web.pages[PATH] = (200, "", b"x" * 1025)
    monkeypatch.setattr(feed_reader, "MOST_BYTES", 1024)
    with pytest.raises(FeedError, match="larger than"):
        fetch(web.client(), URL)


def test_a_server_that_does_not_answer_is_told_in_words(web: Receiver) -> None:
    with pytest.raises(FeedError, match="host’s name is unknown"):
        fetch(web.client(), "https://nowhere.example/")
    with pytest.raises(NoResponseError):
        web.client(total_seconds=0).get(URL, 10)
    with pytest.raises(ForbiddenUrlError):
        web.client().get("http://hooks.example/", 10)


ALL_THE_TIME = "DTSTART:20261101T000000Z|DURATION:PT1S|RRULE:FREQ=SECONDLY"


@pytest.mark.parametrize(
    ("event", "limits"),
    [
        (f"{ALL_THE_TIME};BYMONTH=2;BYMONTHDAY=30", {"CPU_SECONDS": 1}),
        (ALL_THE_TIME, {"WALL_SECONDS": 0.05}),
        (f"{MONDAY}|UID:{'x' * 4_000_000}", {"MEMORY_MB": 20}),
    ],
)
def test_a_calendar_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, event: str, limits: dict[str, float]
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(feed_reader, name, value)
    with pytest.raises(FeedError, match="too long to read"):
        busy_in(calendar(event).encode(), SINCE, UNTIL, NEW_YORK)


def test_years_of_events_and_many_repeats_are_read() -> None:
    """The CPU time that each may take is a limit of its own."""
    days = (SINCE - timedelta(days=number) for number in range(3, 6_000))
    past = [f"DTSTART:{day:%Y%m%d}T090000Z|DURATION:PT1H|DESCRIPTION:{'y' * 400}" for day in days]
    weekly = f"{MONDAY.replace('20261102', '20100104')}|RRULE:FREQ=WEEKLY"
    past = [event.replace("DURATION:PT1H", f"DTEND:{event[8:16]}T100000Z") for event in past]
    found = busy_in(calendar(*past, *[weekly] * 50).encode(), SINCE, UNTIL, NEW_YORK)
    assert len(found) == 4


def test_what_is_no_calendar_is_told_in_words() -> None:
    with pytest.raises(FeedError, match="There’s no calendar"):
        busy_in(b"<html>\xff\xfe", SINCE, UNTIL, NEW_YORK)
