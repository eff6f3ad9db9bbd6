"""The clock runs while the agency is open: laws over any week, zone and moment, and by hand."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.settings.setting_sources import load_settings
from consult.settings.setting_types import SettingsError
from consult.workflow.office_hours import (
    DAYS,
    Office,
    follow_up_days,
    read_hours,
    read_time,
    write_hours,
)
from tests.support.apps import make_settings

NEW_YORK = ZoneInfo("America/New_York")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]
).map(ZoneInfo)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 500 * 86_400).map(lambda passed: BEGINNING + timedelta(seconds=passed))


@st.composite
def weeks(draw: st.DrawFn) -> str:
    """Up to three opening times on some days, which may meet but do not overlap."""
    entries = []
    for first in draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True)):
        edges = draw(st.lists(st.integers(0, 48), min_size=2, max_size=4, unique=True))
        edges.sort()
        for opens, closes in pairwise(edges):
            if closes - opens < 20 or draw(st.booleans()):
                entries.append(f"{first} {_half_hours(opens)}-{_half_hours(closes)}")
    return ", ".join(entries or ["wed 00:00-24:00"])


def _half_hours(count: int) -> str:
    return f"{count // 2:02}:{count % 2 * 30:02}"


@given(weeks())
def test_a_week_is_written_as_it_is_read(text: str) -> None:
    week = read_hours(text)
    written = write_hours(week)
    assert {day: list(spans) for day, spans in read_hours(written).items()} == week
    assert write_hours(read_hours(written)) == written


def test_days_that_are_alike_are_written_together_and_what_is_no_time_is_none() -> None:
    for text in (
        "mon-fri 09:00-17:00",
        "mon-thu 09:00-12:00, mon-thu 13:00-17:00, fri 09:00-12:00",
        "sun 00:00-24:00",
    ):
        assert write_hours(read_hours(text)) == text
    for text in ("", "9", "24:00", "09:60", "9am", "09:00-", "\u0660\u0669:00"):
        assert read_time(text) is None


OFFICES = st.builds(
    Office,
    zone=ZONES,
    week=weeks().map(read_hours),
    closed=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 6, 1)), max_size=3),
    reply_within=st.integers(1, 40).map(lambda hours: HOUR * hours),
)


@given(OFFICES, MOMENTS)
def test_exactly_the_promised_time_passes_until_a_reply_is_due(
    office: Office, start: datetime
) -> None:
    due = office.due_at(start)
    assert due > start
    assert office.open_time(start, due) == office.reply_within
    second = timedelta(seconds=1)
    assert office.open_time(start, due - second) == office.reply_within - second


@given(OFFICES, st.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_opening_time_adds_up_and_never_runs_faster_than_time(
    office: Office, moments: list[datetime]
) -> None:
    first, second, third = moments
    whole = office.open_time(first, third)
    assert whole == office.open_time(first, second) + office.open_time(second, third)
    assert timedelta() <= whole <= third - first
    assert office.open_time(third, first) == timedelta()


@given(OFFICES, st.tuples(MOMENTS, MOMENTS).map(sorted), st.integers(0, 40))
def test_who_asks_only_for_more_than_so_much_gets_the_same_answer(
    office: Office, moments: list[datetime], most: int
) -> None:
    first, last = moments
    whole, days = office.open_time(first, last), office.days_between(first, last)
    enough = office.open_time(first, last, most * HOUR)
    assert enough == whole if whole <= most * HOUR else enough > most * HOUR
    assert office.days_between(first, last, most) == min(most, days)


@given(OFFICES, st.tuples(MOMENTS, MOMENTS).map(sorted))
def test_who_comes_later_is_not_due_earlier(office: Office, moments: list[datetime]) -> None:
    earlier, later = moments
    assert office.due_at(earlier) <= office.due_at(later)


@given(OFFICES, MOMENTS)
def test_no_time_passes_on_a_closed_day(office: Office, start: datetime) -> None:
    for day in office.closed:
        begin = datetime(day.year, day.month, day.day, tzinfo=office.zone).astimezone(UTC)
        following = day + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=office.zone)
        assert office.open_time(begin, end.astimezone(UTC)) == timedelta()


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2026-03-04 10:15", "2026-03-04 11:15"),
        ("2026-03-04 08:00", "2026-03-04 10:00"),  # before opening
        ("2026-03-04 16:00", "2026-03-04 17:00"),  # due at closing time
        ("2026-03-04 16:20", "2026-03-05 09:20"),  # the rest of the hour is tomorrow's
        ("2026-03-06 16:30", "2026-03-09 09:30"),  # over a weekend, and the clocks go forward
        ("2026-10-30 18:00", "2026-11-02 10:00"),  # over a weekend, and the clocks go back
        ("2026-12-24 16:45", "2026-12-28 09:45"),  # over a holiday and a weekend
    ],
)
def test_by_when_a_reply_is_due(came: str, due: str) -> None:
    office = Office(zone=NEW_YORK, closed=frozenset({date(2026, 12, 25)}))
    start = datetime.fromisoformat(came).replace(tzinfo=NEW_YORK)
    assert office.due_at(start).astimezone(NEW_YORK).isoformat(" ", "minutes")[:16] == due


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)]
)
def test_a_day_has_as_many_hours_as_the_clocks_give_it(day: date, hours: int) -> None:
    office = Office(zone=NEW_YORK, week=read_hours("mon-sun 00:00-24:00"))
    begin = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
    end = begin + timedelta(days=1)  # on the wall
    assert office.open_time(begin.astimezone(UTC), end.astimezone(UTC)) == hours * HOUR


def test_an_hour_that_comes_twice_is_not_counted_twice_where_two_opening_times_meet_in_it() -> None:
    office = Office(zone=NEW_YORK, week=read_hours("sun 00:00-01:30, sun 01:30-03:00"))
    begin = datetime(2026, 11, 1, tzinfo=NEW_YORK).astimezone(UTC)
    assert office.open_time(begin, begin + 24 * HOUR) == 4 * HOUR


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "must look like"),
        ("monday 9-5", "must look like"),
        ("mon-fri 09:00-17:00,", "must look like"),
        ("mon-xyz 09:00-17:00", "must look like"),
        ("fri-mon 09:00-17:00", "ends before it begins"),
        ("mon 17:00-09:00", "ends before it begins"),
        ("mon 09:00-24:30", "ends before it begins"),
        ("mon 09:00-12:00, mon-tue 11:00-13:00", "overlap"),
    ],
)
def test_hours_that_make_no_sense_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_hours(text)


def test_the_settings_make_the_office_or_are_refused(tmp_path: Path) -> None:
    settings = make_settings(
        tmp_path,
        time_zone="America/New_York",
        business_hours="Mon-Fri 08:00-16:00",
        closed_on="2026-12-25, 2027-01-01",
        reply_within_hours=4,
        new_leads_to=" Ada@Example.com ",
    )
    office = settings.office
    assert office.zone == NEW_YORK
    assert office.week == read_hours("mon-fri 08:00-16:00")
    assert office.closed == {date(2026, 12, 25), date(2027, 1, 1)}
    assert (office.reply_within, office.new_leads_to) == (4 * HOUR, "ada@example.com")
    refused: dict[str, tuple[object, ...]] = {
        "time_zone": ("Mars/Olympus", "../etc/passwd", "America"),
        "business_hours": ("always",),
        "closed_on": ("Christmas",),
        "reply_within_hours": (0,),
    }
    for name, values in refused.items():
        for value in values:
            with pytest.raises(SettingsError, match=name.upper()):
                load_settings(None, **{name: value})


def _changes() -> dict[object, tuple[datetime, ZoneInfo]]:
    """An example of each kind of change of clocks in any zone from 2020 to 2035.

    A kind is the time on the wall at which they are changed, and by how much.
    """
    kinds: dict[object, tuple[datetime, ZoneInfo]] = {}
    weeks = [datetime(2020, 1, 1, tzinfo=UTC) + n * 14 * 24 * HOUR for n in range(418)]
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offsets = [week.astimezone(zone).utcoffset() for week in weeks]
        for week, (old, new) in zip(weeks, pairwise(offsets), strict=False):
            if old != new:
                change = _change(zone, week)
                wall = (change - MINUTE).astimezone(zone)
                kinds.setdefault((wall.time(), wall.fold, old, new), (change, zone))
    return kinds


def _change(zone: ZoneInfo, start: datetime) -> datetime:
    """The minute within two weeks at which clocks are changed."""
    minutes, old = range(14 * 24 * 60), start.astimezone(zone).utcoffset()
    passed = bisect_left(
        minutes, True, key=lambda n: (start + n * MINUTE).astimezone(zone).utcoffset() != old
    )
    return start + passed * MINUTE


def test_hours_begin_and_end_with_the_clock_on_the_wall_whenever_it_is_changed() -> None:
    """Each half hour near each kind of change, by clocks that are looked at every minute."""
    for change, zone in _changes().values():
        minutes = [change + n * MINUTE for n in range(-9 * 60, 9 * 60)]
        clock = [(minute, minute.astimezone(zone).replace(tzinfo=None)) for minute in minutes]
        near = dict(clock)[change].replace(minute=0, second=0)
        for edge in (near + n * HOUR / 2 for n in range(-6, 7)):
            midnight = datetime.combine(edge, time())
            for opens, closes in ((edge - 2 * HOUR, edge), (edge, edge + HOUR / 2)):
                span = (max(opens - midnight, 0 * HOUR), min(closes - midnight, 24 * HOUR))
                if span[0] == span[1]:
                    continue
                opening, closing = midnight + span[0], midnight + span[1]
                begin = next(at for at, shown in clock if shown >= opening)
                if span[1] == 24 * HOUR:
                    end = next(at for at, shown in clock if shown >= closing)
                else:
                    end = next(at for at, shown in reversed(clock) if shown < closing) + MINUTE
                office = Office(zone=zone, week={edge.weekday(): [span]})
                expected = (begin, end) if begin < end else None
                assert office.opening(edge.date()) == expected, (zone, edge, span)


@pytest.mark.parametrize(
    ("today", "days"),
    [
        # A Monday.
        (date(2026, 3, 2), ["Tomorrow 3 Mar", "Monday 9 Mar", "In a month 2 Apr"]),
        # A Friday: tomorrow the agency is closed, and so is the Monday after, a holiday.
        (date(2026, 3, 13), ["Tuesday 17 Mar", "In a week 20 Mar", "In a month 13 Apr"]),
        # No February has 31 days, and the 28th is a Saturday.
        (date(2026, 1, 31), ["Monday 2 Feb", "In a week 9 Feb", "In a month 2 Mar"]),
        (
            date(2026, 12, 29),
            ["Tomorrow 30 Dec", "Monday 4 Jan", "In a week 5 Jan", "In a month 29 Jan"],
        ),
    ],
)
def test_days_to_come_back_are_days_on_which_the_agency_is_open(
    today: date, days: list[str]
) -> None:
    office = Office(closed=frozenset({date(2026, 3, 16)}))
    found = follow_up_days(office, today)
    assert [f"{name} {day.day} {day:%b}" for name, day in found] == days
    assert all(office.is_open_on(day) and day > today for _, day in found)
