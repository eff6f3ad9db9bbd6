"""Reading calendars: what is busy in a file is busy here, whatever calendar wrote it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.delivery.booking.feed_parser import Interval, NotReadableError, busy_in

NEW_YORK = ZoneInfo("America/New_York")
SINCE = datetime(2026, 10, 20, tzinfo=UTC)
UNTIL = datetime(2026, 11, 20, tzinfo=UTC)  # clocks go back on November 1
DAY = timedelta(days=1)


def calendar(*events: str, head: str = "", more: str = "") -> str:
    """A calendar with an event for each text, whose lines are separated by a bar."""
    written = (
        f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}\n{''.join(written)}{more}\nEND:VCALENDAR\n"
    lines = (line for line in text.replace("|", "\n").split("\n") if line)
    return "".join(f"{line}\r\n" for line in lines)


def busy(*events: str, head: str = "", more: str = "") -> list[str]:
    """When a calendar is busy, as "1102 1400-1500", in UTC."""
    content = calendar(*events, head=head, more=more).encode()
    found = sorted(busy_in(content, SINCE, UNTIL, NEW_YORK))
    return [f"{start:%m%d %H%M}-{end:%H%M}" for start, end in found]


AT_NINE = "DTSTART;TZID=America/New_York:{day}T090000|DTEND;TZID=America/New_York:{day}T100000"
MONDAY = AT_NINE.format(day="20261102")
ZONE = """BEGIN:VTIMEZONE
TZID:Our own
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETFROM:-0300
TZOFFSETTO:-0300
END:STANDARD
END:VTIMEZONE"""


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20261102T140000Z|DTEND:20261102T150000Z", ["1102 1400-1500"]),
        (MONDAY, ["1102 1400-1500"]),
        # Each Monday at nine, in summer time and after it.
        (
            f"{AT_NINE.format(day='20260907')}|RRULE:FREQ=WEEKLY",
            ["1026 1300-1400", "1102 1400-1500", "1109 1400-1500", "1116 1400-1500"],
        ),
        ("DTSTART:20261102T140000Z|DURATION:PT90M", ["1102 1400-1530"]),
        # Without a zone, or with one that nobody knows, the agency's counts.
        ("DTSTART:20261102T090000|DTEND:20261102T100000", ["1102 1400-1500"]),
        ("DTSTART;TZID=Nowhere:20261102T090000|DURATION:PT1H", ["1102 1400-1500"]),
        ("DTSTART;TZID=Eastern Standard Time:20261102T090000|DURATION:PT1H", ["1102 1400-1500"]),
        ("DTSTART;TZID=Our own:20261102T090000|DURATION:PT1H", ["1102 1200-1300"]),
        ("DTSTART;VALUE=DATE:20261102", ["1102 0500-0500"]),
        ("DTSTART;VALUE=DATE:20261101|DTEND;VALUE=DATE:20261102", ["1101 0400-0500"]),
        # The hour that clocks show twice is busy both times.
        ("DTSTART:20261101T013000|DTEND:20261101T014500", ["1101 0530-0645"]),
        # Longer than the time that counts, and begun long before.
        ("DTSTART:20200101T000000Z|DTEND:20300101T000000Z", ["1020 0000-0000"]),
        (f"{MONDAY}|STATUS:CANCELLED", []),
        (f"{MONDAY}|TRANSP:TRANSPARENT", []),
        (f"{MONDAY}|X-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
        (f"{MONDAY}|STATUS:TENTATIVE|CLASS:PRIVATE|TRANSP:OPAQUE", ["1102 1400-1500"]),
        ("DTSTART:20261102T140000Z|DTEND:20261102T140000Z", []),
        ("DTSTART:20261102T150000Z|DTEND:20261102T140000Z", ["1102 1400-1500"]),
        # Until the end of the last day, though it names the day only.
        (f"{MONDAY}|RRULE:FREQ=WEEKLY;UNTIL=20261109", ["1102 1400-1500", "1109 1400-1500"]),
        (f"{MONDAY}|RRULE:FREQ=WEEKLY;COUNT=2", ["1102 1400-1500", "1109 1400-1500"]),
        (
            f"{MONDAY}|RRULE:FREQ=WEEKLY;COUNT=2|EXDATE;TZID=America/New_York:20261109T090000",
            ["1102 1400-1500"],
        ),
        (f"{AT_NINE.format(day='20250101')}|RDATE:20261102T140000Z", ["1102 1400-1500"]),
        # Folded lines, an alarm with a length of its own, and what an event is about.
        (
            "DTSTART:20261102T1400| 00Z|DTEND:20261102T150000Z|SUMMARY:Talk|  more|DESCRIPTION:x"
            "|BEGIN:VALARM|TRIGGER:-PT10M|DURATION:PT5M|END:VALARM",
            ["1102 1400-1500"],
        ),
    ],
)
def test_each_kind_of_event(event: str, expected: list[str]) -> None:
    assert busy(event, head=ZONE) == expected


def test_a_repeat_that_was_moved_or_canceled_is_not_where_it_was() -> None:
    series = f"{MONDAY}|RRULE:FREQ=WEEKLY;COUNT=4|UID:series"
    at = "UID:series|RECURRENCE-ID;TZID=America/New_York:{}T090000|"
    moved = at.format("20261109") + "DTSTART:20261110T200000Z|DTEND:20261110T203000Z"
    far = at.format("20261102") + "DTSTART:20271110T200000Z|DTEND:20271110T203000Z"
    canceled = at.format("20261116") + f"{AT_NINE.format(day='20261116')}|STATUS:CANCELLED"
    text = calendar(
        more="|".join(
            f"BEGIN:VEVENT|{event}|END:VEVENT" for event in (series, moved, far, canceled)
        )
    )
    found = busy_in(text.encode(), SINCE, UNTIL + 5 * DAY, NEW_YORK)
    assert sorted(f"{start:%m%d %H%M}" for start, _ in found) == ["1110 2000", "1123 1400"]


def test_events_with_one_id_are_all_busy() -> None:
    other = AT_NINE.format(day="20261103")
    same = "|".join(f"BEGIN:VEVENT|UID:1|{event}|END:VEVENT" for event in (MONDAY, other))
    assert busy(more=same) == ["1102 1400-1500", "1103 1400-1500"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Nowhere/Odd"])
def test_the_zone_of_the_calendar_counts_if_there_is_one(zone: str) -> None:
    at_nine = busy("DTSTART:20261102T090000|DURATION:PT1H", head=f"X-WR-TIMEZONE:{zone}")
    assert at_nine == ["1102 0800-0900" if zone.startswith("E") else "1102 1400-1500"]


def test_free_busy_times_are_read() -> None:
    periods = "FREEBUSY:20261102T140000Z/20261102T150000Z,20261103T140000Z/PT30M"
    free = "FREEBUSY;FBTYPE=FREE:20261104T140000Z/PT30M"
    more = f"BEGIN:VFREEBUSY|UID:1|{periods}|{free}|END:VFREEBUSY"
    assert busy(more=more) == ["1102 1400-1500", "1103 1400-1430"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<html><title>Sign in</title></html>", "no calendar"),
        ("\xff\xfe", "no calendar"),
        ("\0" * 1_000_000, "no calendar"),
        ("", "no calendar"),
        (calendar(MONDAY)[:-30], "breaks off"),
        ("BEGIN:VCALENDAR\n" * 1000, "breaks off"),
        (calendar("DTSTART:soon"), "no time that we can read"),
        (calendar("SUMMARY:Sometime"), "no time that we can read"),
        (calendar(f"{MONDAY}|RRULE:FREQ=SOMETIMES"), "no time that we can read"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_not_free(content: str, says: str) -> None:
    with pytest.raises(NotReadableError, match=says):
        busy_in(content.encode("latin-1"), SINCE, UNTIL, NEW_YORK)


# --- Laws -----------------------------------------------------------------------------------------

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
days = st.integers(-400, 40).map(lambda days: SINCE.date() + days * DAY)
times = st.integers(0, 24 * 12 - 1).map(lambda n: time(n // 12, n % 12 * 5))
lengths = st.integers(1, 40).map(lambda quarters: timedelta(minutes=15 * quarters))


def expected_of(zone: str, day: date, at: time, length: timedelta, every: int) -> list[Interval]:
    """When an event takes place by the clocks of its zone, each `every` days, or once."""
    found = []
    for number in range(600 // every if every else 1):
        start = datetime.combine(day + number * every * DAY, at)
        found.append(
            (start.replace(tzinfo=ZoneInfo(zone)), (start + length).replace(tzinfo=ZoneInfo(zone)))
        )
    return [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in found]


def covers(times: Sequence[Interval], start: datetime, end: datetime) -> bool:
    """Whether all that is of the time that counts is in one of the times."""
    start, end = max(start, SINCE), min(end, UNTIL)
    return start >= end or any(one <= start and end <= other for one, other in times)


@given(st.sampled_from(ZONES), days, times, lengths, st.sampled_from([0, 1, 7]), st.booleans())
def test_what_is_busy_there_is_busy_here(
    zone: str, day: date, at: time, length: timedelta, every: int, by_duration: bool
) -> None:
    start = datetime.combine(day, at)
    end = f"DTEND;TZID={zone}:{start + length:%Y%m%dT%H%M%S}"
    if by_duration:
        end = f"DURATION:PT{int(length.total_seconds() // 60)}M"
    rule = {0: "", 1: "|RRULE:FREQ=DAILY", 7: "|RRULE:FREQ=WEEKLY"}[every]
    content = calendar(f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}|{end}{rule}").encode()
    found = busy_in(content, SINCE, UNTIL, NEW_YORK)
    expected = expected_of(zone, day, at, length, every)
    assert all(covers(found, *one) for one in expected)
    assert all(SINCE <= one < other <= UNTIL for one, other in found)
    # And nothing else is, but for an hour when clocks change.
    hour = timedelta(hours=1)
    for one, other in found:
        assert any(a - hour <= one and other <= b + hour for a, b in expected)
