"""The clock of a first reply: it runs while the agency is open, in the agency's own time zone."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAYS_9_TO_5 = "mon-fri 09:00-17:00"

_ENTRY = re.compile(r"(\w{3})(?:-(\w{3}))? ([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)

# From and until, as time since midnight.
Span = tuple[timedelta, timedelta]
Week = Mapping[int, Sequence[Span]]


def read_hours(text: str) -> Week:
    """The opening times of a week, by weekday (0 is Monday), from ``mon-fri 09:00-17:00``.

    Several entries are separated by commas, as in ``mon-thu 09:00-12:00, mon-thu 13:00-17:00``; a
    day may end at 24:00. Raises ValueError, with one line for the operator, for anything else.
    """
    week: dict[int, list[Span]] = {}
    for entry in text.lower().split(","):
        days, span = _read_entry(entry.strip())
        for day in days:
            week.setdefault(day, []).append(span)
    for spans in week.values():
        spans.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
            raise ValueError("two opening times of a day overlap")
    return week


def write_hours(week: Week) -> str:
    """The text that ``read_hours`` reads a week from, with equal days in a row as a range."""
    entries: list[str] = []
    day = 0
    while day < len(DAYS):
        spans, last = week.get(day, ()), day
        while last + 1 < len(DAYS) and list(week.get(last + 1, ())) == list(spans):
            last += 1
        days = DAYS[day] if day == last else f"{DAYS[day]}-{DAYS[last]}"
        entries += [f"{days} {write_time(opens)}-{write_time(closes)}" for opens, closes in spans]
        day = last + 1
    return ", ".join(entries)


def write_time(since_midnight: timedelta) -> str:
    """A time of day as in 09:00; the end of a day is 24:00."""
    hours, minutes = divmod(since_midnight // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"


def read_time(text: str) -> timedelta | None:
    """A time of day, since midnight, from a text such as 9:00 or 09:00; None for anything else."""
    found = _TIME.fullmatch(text)
    return timedelta(hours=int(found[1]), minutes=int(found[2])) if found else None


def _read_entry(entry: str) -> tuple[range, Span]:
    found = _ENTRY.fullmatch(entry)
    if not found or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise ValueError('must look like "mon-fri 09:00-17:00, sat 10:00-14:00"')
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    opens, closes = (
        timedelta(hours=int(found[group]), minutes=int(found[group + 1])) for group in (3, 5)
    )
    if first > last or opens >= closes or closes > _DAY:
        raise ValueError(f'"{entry}" ends before it begins')
    return range(first, last + 1), (opens, closes)


@dataclass(frozen=True)
class Office:
    """When the agency is open, its promised reply time, and who is assigned new leads.

    For `week`, see ``read_hours``. `reply_within` is opening time. New leads go to the account with
    the address `new_leads_to`, to everyone in turn, or by source: `sources` has the addresses of
    the accounts by source, in small letters, and the others take turns.
    """

    zone: tzinfo = UTC
    week: Week = field(default_factory=lambda: read_hours(WEEKDAYS_9_TO_5))
    closed: frozenset[date] = frozenset()
    reply_within: timedelta = timedelta(hours=1)
    new_leads_to: str = ""
    new_leads_by: Literal["person", "turns", "source"] = "person"
    sources: Mapping[str, str] = field(default_factory=dict)

    def hours_from(self, day: date) -> str:
        """The time zone, hours and holidays from a day on, as a text that `under` reads."""
        closed = " ".join(one.isoformat() for one in sorted(self.closed) if one >= day)
        return f"{self.zone}; {write_hours(self.week)}; {closed}"

    def under(self, hours: str | None) -> "Office":
        """This office with the hours of a text from `hours_from`, under which it promised a reply.

        Without a text, with its present hours.
        """
        return replace(self, **_hours_of(hours)) if hours else self

    def first_open_day(self, day: date) -> date:
        """The first day on which the agency is open, from a day on."""
        while not self.is_open_on(day):
            day += _DAY
        return day

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def due_at(self, start: datetime) -> datetime:
        """By when the first reply to a lead that came at `start` is due, in UTC."""
        left = self.reply_within
        for opens, closes in self._open_from(start):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        raise AssertionError("a week has an opening time")

    def open_time(
        self, start: datetime, end: datetime, most: timedelta = timedelta.max
    ) -> timedelta:
        """How long the agency was open between two times; nothing when `end` is not later.

        Where it only matters whether that is more than `most`, it need not be looked at further:
        years are many days.
        """
        passed = timedelta()
        for opens, closes in self._open_from(start):
            if opens >= end or passed > most:
                break
            passed += min(closes, end) - opens
        return passed

    def days_between(self, start: datetime, end: datetime, most: int = 1_000_000) -> int:
        """How many opening days later `end` is, counted from the first day on which it was open.

        It is looked at up to `most`.
        """
        first = next(self._open_from(start))[0]
        day, last, days = self.today(first), self.today(end), 0
        while day < last and days < most:
            day += _DAY
            days += self.is_open_on(day)
        return days

    def is_open_on(self, day: date) -> bool:
        return day not in self.closed and bool(self.week.get(day.weekday()))

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def opening(self, day: date) -> tuple[datetime, datetime] | None:
        """When the agency opens on a day and when it last closes, in UTC; None on a closed day."""
        spans = list(self.spans(day))
        return (spans[0][0], spans[-1][1]) if spans else None

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The times when the agency is open from `start` on, in order and apart, in UTC."""
        done = start.astimezone(UTC)
        # A day at the agency may have begun when it is still the day before here.
        day = self.today(start) - _DAY
        while True:
            for opens, closes in self.spans(day):
                if closes > done:
                    yield max(opens, done), closes
                    done = closes
            day += _DAY

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The times when the agency is open on a day, in UTC."""
        if day in self.closed:
            return
        midnight = datetime.combine(day, time())
        for opens, closes in self.week.get(day.weekday(), ()):
            # Where clocks go back, an hour comes twice: open from its first time to its second.
            # A day ends once. What they skip when they go forward is no time at all.
            begin = self._in_utc(midnight + opens)
            end = self._in_utc(midnight + closes, is_end=closes < _DAY)
            if begin < end:
                yield begin, end

    def _in_utc(self, wall: datetime, *, is_end: bool = False) -> datetime:
        """When clocks first show a time or skip it; with `is_end`, when they last got there."""
        first, second = (wall.replace(tzinfo=self.zone, fold=n).astimezone(UTC) for n in (0, 1))
        if first <= second:
            # Where the time is the one that clocks go back to, they show a later one before it.
            repeats = (second - _SECOND).astimezone(self.zone).replace(tzinfo=None) < wall
            return second if is_end and repeats else first
        # A skipped time, as counted before and after the change, which is between the two.
        skipped, old = (
            int((first - second).total_seconds()),
            second.astimezone(self.zone).utcoffset(),
        )
        return second + _SECOND * bisect_left(
            range(skipped),
            True,
            key=lambda n: (second + n * _SECOND).astimezone(self.zone).utcoffset() != old,
        )


NINE_TO_FIVE = Office()
"""Every weekday from 9 to 5 UTC, with an hour to reply."""


def follow_up_days(office: Office, today: date) -> list[tuple[str, date]]:
    """The days to come back to a lead that one press offers, with their names, soonest first.

    The agency is open on each: a day on which it is closed stands for the next one.
    """
    first_of_next = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
    last_of_next = (first_of_next + timedelta(days=31)).replace(day=1) - _DAY
    found: dict[date, str] = {}
    for name, wanted in (
        ("Tomorrow", today + _DAY),
        ("Monday", today + timedelta(days=7 - today.weekday())),
        ("In a week", today + timedelta(days=7)),
        ("In a month", min(first_of_next + timedelta(days=today.day - 1), last_of_next)),
    ):
        day = office.first_open_day(wanted)
        is_named = day == wanted or name.startswith("In")
        found.setdefault(day, name if is_named else f"{day:%A}")
    return [(name, day) for day, name in sorted(found.items())]


@lru_cache(maxsize=256)
def _hours_of(text: str) -> dict[str, Any]:
    zone, week, closed = text.split("; ")
    days = frozenset(map(date.fromisoformat, closed.split()))
    return {"zone": ZoneInfo(zone), "week": read_hours(week), "closed": days}
