"""Free times for a consult: laws over any week, zone, moment and calendar, and by hand."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.workflow.office_hours import Office, read_hours
from consult.workflow.slots import STEP, BookingRules, Interval, free_times
from tests.workflow.test_office_hours import weeks

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")

# Clocks that change by an hour or half of one, in the north and south, at midnight, or never.
ZONES = [
    *("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"),
    *("America/Santiago", "Asia/Beirut", "Pacific/Chatham", "Asia/Kathmandu", "UTC"),
]


@st.composite
def moments(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """A moment up to a few days before the clocks change, where they do."""
    return draw(st.sampled_from(days_of_changes(zone))) - MINUTE * draw(st.integers(0, 4 * 1440))


@cache
def days_of_changes(zone: ZoneInfo) -> list[datetime]:
    days = [datetime(2026, 1, 1, tzinfo=UTC) + DAY * n for n in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [at for at, (old, new) in zip(days, pairwise(offsets), strict=False) if old != new] or (
        days[:1]
    )


@st.composite
def intervals(draw: st.DrawFn, now: datetime) -> Interval:
    start = now + timedelta(minutes=draw(st.integers(-600, 12 * 24 * 60)))
    return start, start + timedelta(minutes=draw(st.integers(1, 600)))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[BookingRules, datetime, list[Interval], list[Interval]]:
    """Rules, now, and what is in the calendar: consults, and other things."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    now = draw(moments(zone))
    today = now.astimezone(zone).date()
    rules = BookingRules(
        Office(
            zone=zone,
            week=read_hours(draw(weeks())),
            closed=frozenset(draw(st.lists(st.integers(0, 8), max_size=2).map(
                lambda days: [today + DAY * n for n in days]
            ))),
        ),
        length=MINUTE * draw(st.sampled_from([10, 25, 30, 45, 60, 99])),
        soonest=timedelta(hours=draw(st.integers(0, 48))),
        days_ahead=draw(st.integers(1, 8)),
        max_a_day=draw(st.integers(1, 4)),
        buffer=MINUTE * draw(st.sampled_from([0, 15, 40])),
    )  # fmt: skip
    taken, busy = (draw(st.lists(intervals(now), max_size=6)) for _ in range(2))
    return rules, now, taken, busy


def is_open(office: Office, at: datetime) -> bool:
    """Whether the clock on the agency's wall shows a time at which it is open.

    Of the hour that comes twice, as clocks go back, it is open from when it first opens until it
    closes for the last time.
    """
    wall = at.astimezone(office.zone)
    midnight = wall.replace(hour=0, minute=0, fold=0)
    since = timedelta(hours=wall.hour, minutes=wall.minute)
    spans = office.week.get(wall.weekday(), ()) if wall.date() not in office.closed else ()
    if any(opens <= since < closes for opens, closes in spans) or not comes_twice(wall):
        return any(opens <= since < closes for opens, closes in spans)
    twice = [MINUTE * n for n in range(DAY // MINUTE) if comes_twice(midnight + MINUTE * n)]
    if wall.fold:
        return any(since < closes and opens <= twice[-1] for opens, closes in spans)
    return any(opens <= since and twice[0] < closes for opens, closes in spans)


def comes_twice(wall: datetime) -> bool:
    first, second = (wall.replace(fold=n).astimezone(UTC) for n in (0, 1))
    return first < second


@given(calendars())
def test_a_free_time_breaks_no_rule(
    case: tuple[BookingRules, datetime, list[Interval], list[Interval]],
) -> None:
    rules, now, consults, busy = case
    office, free = rules.office, free_times(*case)
    assert free == sorted(set(free))
    last_day = office.today(now) + DAY * rules.days_ahead
    for start in free:
        assert start.tzinfo is UTC
        end = start + rules.length
        assert all(is_open(office, start + MINUTE * n) for n in range(rules.length // MINUTE))
        assert start >= now + rules.soonest
        assert office.today(start) <= last_day
        for other, until in (*consults, *busy):
            assert end + rules.buffer <= other or start >= until + rules.buffer


@given(calendars())
def test_no_more_than_so_many_fit_into_a_day_whichever_are_taken(
    case: tuple[BookingRules, datetime, list[Interval], list[Interval]],
) -> None:
    rules, now, consults, busy = case
    booked = list(consults)
    while free := free_times(rules, now, booked, busy):
        # From both ends, so that every other one leaves a gap.
        start = free[0] if len(booked) % 2 else free[-1]
        booked.append((start, start + rules.length))
    before = Counter(rules.office.today(start) for start, _ in consults)
    for day, count in Counter(rules.office.today(start) for start, _ in booked).items():
        assert count <= max(rules.max_a_day, before[day])


@given(calendars())
def test_a_time_that_is_canceled_is_free_again(
    case: tuple[BookingRules, datetime, list[Interval], list[Interval]],
) -> None:
    rules, now, consults, busy = case
    for start in free_times(rules, now, consults, busy)[:3]:
        with_it = [*consults, (start, start + rules.length)]
        assert start not in free_times(rules, now, with_it, busy)
        assert set(free_times(rules, now, with_it, busy)) < set(free_times(*case))


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


NINE_TO_TWELVE = BookingRules(
    Office(zone=NEW_YORK, week=read_hours("mon-fri 09:00-12:00")), days_ahead=3
)
TUESDAY_AT_TEN = on(1, 10)


@pytest.mark.parametrize(
    ("consults", "busy", "first_day"),
    [
        ([], [], ["10:00", "10:30", "11:00", "11:30"]),
        # A quarter of an hour before and after it is kept free.
        ([(2, 10, 30)], [], ["11:30"]),
        ([], [(2, 10, 45)], ["10:00", "11:30"]),
        ([(2, 9, 0), (2, 11, 30)], [], ["10:00", "10:30"]),
        # The day is full with four.
        ([(2, 7, 0), (2, 7, 30), (2, 8, 0), (2, 18, 0)], [], []),
        ([], [(2, 7, 0), (2, 7, 30), (2, 8, 0), (2, 18, 0)], ["10:00", "10:30", "11:00", "11:30"]),
    ],
)
def test_free_times_by_hand(
    consults: list[tuple[int, int, int]], busy: list[tuple[int, int, int]], first_day: list[str]
) -> None:
    taken, other = (
        [(on(*at), on(*at) + timedelta(minutes=30)) for at in times] for times in (consults, busy)
    )
    free = free_times(NINE_TO_TWELVE, TUESDAY_AT_TEN, taken, other)
    local = [start.astimezone(NEW_YORK) for start in free]
    assert [f"{at:%H:%M}" for at in local if at.day == 2] == first_day
    assert len([at for at in local if at.day in (3, 4)]) == 12
    assert timedelta(minutes=30) == STEP


def test_times_begin_when_the_agency_opens_on_whatever_day_the_clocks_change() -> None:
    office = Office(zone=NEW_YORK, week=read_hours("sun 00:15-04:00"))
    rules = BookingRules(office, timedelta(hours=1), soonest=timedelta(), days_ahead=1)
    for day, hours in ((date(2026, 3, 8), 2.75), (date(2026, 11, 1), 4.75)):
        midnight = office.start_of(day).astimezone(UTC)
        free = free_times(rules, midnight, [])
        assert free == [midnight + MINUTE * (15 + 30 * n) for n in range(len(free))]
        # An hour less in spring, one more in autumn, and the last one has to end by four.
        assert len(free) == (hours - 1) * 2 // 1 + 1
