"""How fast leads heard from the agency, week by week or month by month."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from consult.staff.insights.shares import FEW, Share
from consult.workflow.office_hours import Office

LONGEST_BY_WEEK = 26 * 7
"""Days; over more of them, replies are shown by month: a week is too narrow, and has too few."""

_Wait = tuple[float, bool | None]
"""Hours of business, and whether the answer came in time; None while it still may."""


@dataclass(frozen=True, slots=True)
class Span:
    """The replies to the leads of a week or a month: the middle one in hours of business.

    `hours` is None where no lead came in. `in_time` is of those that were answered or overdue.
    """

    name: str
    leads: int
    hours: float | None
    in_time: Share

    @property
    def few(self) -> bool:
        return self.leads < FEW


@dataclass(frozen=True, slots=True)
class Replies:
    """How fast leads heard from the agency: week by week or month by month, and all together."""

    spans: Sequence[Span]
    by: str
    all: Span
    promised: str

    @property
    def in_words(self) -> str:
        """Within which time half of the leads heard from the agency."""
        return in_hours(self.all.hours or 0)


def replies_of(replies: Sequence[Any], office: Office, now: datetime, days: int) -> Replies | None:
    """How fast leads were answered, by week or, over many days, by month; None without any.

    Who still waits counts with the wait so far.
    """
    if not replies:
        return None
    by_week = days <= LONGEST_BY_WEEK
    begins, form = (_week, "%-d %b %Y") if by_week else (_month, "%b %Y")
    waits: dict[date, list[_Wait]] = {}
    for reply in replies:
        day = reply.submitted_at.astimezone(office.zone).date()
        waits.setdefault(begins(day), []).append(_wait(reply, office, now))
    return Replies(
        spans=[
            _span(start.strftime(form), waits.get(start, ()))
            for start in _without_gaps(waits, begins)
        ],
        by="week" if by_week else "month",
        all=_span("", [wait for of_span in waits.values() for wait in of_span]),
        promised=in_hours(office.reply_within / timedelta(hours=1)),
    )


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _without_gaps(starts: Iterable[date], begins: Callable[[date], date]) -> list[date]:
    """Each week or month from the first to the last, also those without leads."""
    first, last = min(starts), max(starts)
    days = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return list(dict.fromkeys(begins(day) for day in days))


def _wait(reply: Any, office: Office, now: datetime) -> _Wait:
    end = reply.first_contact_at or min(now, reply.submitted_at + timedelta(days=30))
    waited = office.open_time(reply.submitted_at, end) / timedelta(hours=1)
    late = reply.due_at is not None and reply.due_at < (reply.first_contact_at or now)
    return waited, not late if reply.first_contact_at or late else None


def _span(name: str, waits: Sequence[_Wait]) -> Span:
    told = [in_time for _, in_time in waits if in_time is not None]
    return Span(
        name=name,
        leads=len(waits),
        hours=round(median(hours for hours, _ in waits), 1) if waits else None,
        in_time=Share(sum(told), len(told)),
    )


def replies_title(replies: Replies | None) -> str:
    """The point of the reply times: how many came in time."""
    if replies is None or replies.all.in_time.few:
        return "How fast we reply"
    return f"Of 100 leads, {replies.all.in_time.percent} heard from us in time"


def in_hours(hours: float) -> str:
    """A time in words: minutes below two hours, save one hour."""
    if hours == 1:
        return "1 hour"
    return f"{round(hours * 60)} minutes" if hours < 2 else f"{hours:.1f} hours".replace(".0", "")
