"""Free times for a consult: the agency is open for one then, and has nothing else.

Pure. Times are exact, in UTC, whatever the clocks do in the agency's time zone.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from consult.workflow.office_hours import Office

STEP = timedelta(minutes=30)
"""A consult may begin every half hour from when the agency opens, however long consults are.

People plan by half hours. Steps of the length would leave odd times, and gaps that fit nothing once
the length was changed.
"""

Interval = tuple[datetime, datetime]
"""From and until, in UTC."""


@dataclass(frozen=True, slots=True)
class BookingRules:
    """Which times are offered. `office` has the hours for consults, and holidays.

    A consult begins `soonest` from now or later, on a day up to `days_ahead` from today, and has
    the `buffer` free before and after it. A day has `max_a_day` consults at most.
    """

    office: Office
    length: timedelta = timedelta(minutes=30)
    soonest: timedelta = timedelta(hours=24)
    days_ahead: int = 14
    max_a_day: int = 4
    buffer: timedelta = timedelta(minutes=15)


def free_times(
    rules: BookingRules,
    now: datetime,
    consults: Collection[Interval],
    busy: Iterable[Interval] = (),
) -> list[datetime]:
    """When a consult can begin, in order.

    `consults` are those that take place; `busy` is what else is in the agency's calendars, which
    does not count for the most consults a day.
    """
    office, today = rules.office, rules.office.today(now)
    a_day = Counter(office.today(start) for start, _ in consults)
    buffer = rules.buffer
    blocked = merged((start - buffer, end + buffer) for start, end in (*consults, *busy))
    free: set[datetime] = set()
    for ahead in range(rules.days_ahead + 1):
        for opens, closes in office.spans(today + timedelta(days=ahead)):
            for step in range((closes - opens - rules.length) // STEP + 1):
                start = opens + step * STEP
                if (
                    start >= now + rules.soonest
                    and a_day[office.today(start)] < rules.max_a_day
                    and _is_free(start, start + rules.length, blocked)
                ):
                    free.add(start)
    return sorted(free)


def merged(times: Iterable[Interval]) -> list[Interval]:
    """The same times in order, those that touch as one."""
    found: list[Interval] = []
    for start, end in sorted(times):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _is_free(start: datetime, end: datetime, blocked: list[Interval]) -> bool:
    """Whether a time overlaps none of the intervals, which are in order and apart."""
    before = bisect_left(blocked, (end,)) - 1
    return before < 0 or blocked[before][1] <= start
