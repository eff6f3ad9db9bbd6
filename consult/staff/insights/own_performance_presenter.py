"""How the agency performs: how fast it replies, and its answers to its own questionnaire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from consult.questionnaire.editions import newest
from consult.questionnaire.model import BASE
from consult.staff.insights.chart_layout import Share
from consult.storage.db.database import Session
from consult.storage.insights.insights import read_records
from consult.workflow.office_hours import Office
from consult.workflow.own_performance import MINIMUM, Measure, measure

LONGEST_BY_WEEK = 26 * 7
"""Days; over more of them, replies are shown by month: a week is too narrow, and has too few."""

_RECORDS = {"tries": "silent leads", "dates_kept": "dates", "known_sources": "won"}


@dataclass(frozen=True, slots=True)
class Span:
    """The replies to the leads of a week or a month.

    `hours` is the median in business hours; None where no lead came in. `on_time` is of those that
    were answered or overdue.
    """

    name: str
    leads: int
    hours: float | None
    on_time: Share


@dataclass(frozen=True, slots=True)
class Replies:
    """How fast leads got a reply, by week or month and in total."""

    spans: Sequence[Span]
    by: str
    total: Span
    target: str

    @property
    def median(self) -> str:
        return in_hours(self.total.hours or 0)

    @property
    def title(self) -> str:
        share = self.total.on_time
        return "How fast we reply" if share.few else f"{share.percent}% got a reply on time"


def replies_of(replies: Sequence[Any], office: Office, now: datetime, days: int) -> Replies | None:
    """How fast leads were answered, by week or, over many days, by month; None without any.

    Leads that still wait count with the wait so far.
    """
    if not replies:
        return None
    by, form = ("week", "%-d %b %Y") if days <= LONGEST_BY_WEEK else ("month", "%b %Y")
    waits: dict[date, list[tuple[float, bool | None]]] = {}
    for reply in replies:
        day = reply.submitted_at.astimezone(office.zone).date()
        waits.setdefault(_start(day, by), []).append(_wait(reply, office, now))
    first, last = min(waits), max(waits)
    days_between = (first + timedelta(days=day) for day in range((last - first).days + 1))
    starts = dict.fromkeys(_start(day, by) for day in days_between)
    return Replies(
        spans=[_span(start.strftime(form), waits.get(start, ())) for start in starts],
        by=by,
        total=_span("", [wait for of_span in waits.values() for wait in of_span]),
        target=in_hours(office.reply_within / timedelta(hours=1)).replace("hour", "business hour"),
    )


def _start(day: date, by: str) -> date:
    return day - timedelta(days=day.weekday()) if by == "week" else day.replace(day=1)


def _wait(reply: Any, office: Office, now: datetime) -> tuple[float, bool | None]:
    """Business hours, and whether the reply was on time; None while it still can be."""
    end = reply.first_contact_at or min(now, reply.submitted_at + timedelta(days=30))
    waited = office.open_time(reply.submitted_at, end) / timedelta(hours=1)
    late = reply.due_at is not None and reply.due_at < (reply.first_contact_at or now)
    return waited, not late if reply.first_contact_at or late else None


def _span(name: str, waits: Sequence[tuple[float, bool | None]]) -> Span:
    decided = [on_time for _, on_time in waits if on_time is not None]
    hours = round(median(hours for hours, _ in waits), 1) if waits else None
    return Span(name, len(waits), hours, Share(sum(decided), len(decided)))


def in_hours(hours: float) -> str:
    """A time in words: minutes below two hours, except one hour."""
    if hours == 1:
        return "1 hour"
    return f"{round(hours * 60)} minutes" if hours < 2 else f"{hours:.1f} hours".replace(".0", "")


@dataclass(frozen=True, slots=True)
class OwnItem:
    """A question as the agency's records answer it; without an answer while there are too few.

    `rung` of `top` steps is drawn; `records` says how many there are, or how many it takes.
    """

    title: str
    answer: str
    rung: int
    top: int
    records: str
    fix: str


def own_performance(
    session: Session, office: Office, *, demo: bool | None = None
) -> tuple[list[OwnItem], bool]:
    """How the agency itself does, and whether that is about demo leads.

    Args:
        session: any.
        office: when the agency is open.
        demo: whether to look at demo leads; None looks at them only while there are no others.
    """
    found = read_records(session, demo=bool(demo))
    shows_demo = bool(demo)
    if demo is None and not found.recent:
        found = read_records(session, demo=True)
        shows_demo = bool(found.recent)
    return [_item(one) for one in measure(found, office, session.now())], shows_demo


def _item(measure: Measure) -> OwnItem:
    edition = newest()
    wording = edition.wording(edition.structure.roles.own_performance[measure.id], BASE)
    texts = list(wording.choices.values())
    top, records = len(texts) - 1, _RECORDS.get(measure.id, "leads")
    if measure.rung is None:
        needed = f"{measure.count} of {MINIMUM[measure.id]} {records} needed"
        return OwnItem(wording.title, "", 0, top, needed, "")
    fix = wording.fix if measure.rung < top else ""
    found = f"From {measure.count} {records}"
    return OwnItem(wording.title, texts[measure.rung], measure.rung, top, found, fix)
