"""What the agency does with its leads, in numbers: replies, who works on them, consults.

Like all insights, they are of the responses that a filter selects, but for the records of the
latest leads, by which the agency measures its own performance.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select

from consult.storage.db.database import Session
from consult.storage.insights.insights import ResponseFilter, leads_of, selected
from consult.storage.leads.leads import standing
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import (
    CallAssessmentRow,
    LeadEventRow,
    LeadRow,
    is_open,
    is_overdue,
)
from consult.storage.tables.submission_tables import ResponseStatsRow
from consult.workflow.own_performance import LAST_WON, TIME_TO_ANSWER, Contact, Record, Records

MAX_REPLIES = 4_000
"""More replies make the page slower and its medians no more accurate: then a sample is read."""


@dataclass(frozen=True, slots=True)
class ConsultStep:
    """How many got to a step on the way to a consult, and how many of them from the step before.

    `before` is how many got to the step before. `seconds` is the median time since then, None
    without any.
    """

    count: int
    followed: int
    before: int
    seconds: int | None


def consult_steps(session: Session, of: ResponseFilter, submitted: int) -> dict[str, ConsultStep]:
    """From the result to a client by way of the calendar and a consult; `submitted` are results.

    Who booked before going to the calendar, or without, did not follow from that step: staff
    booked it, or another calendar did. A consult that was canceled was booked.
    """
    row = ResponseStatsRow
    times = (row.pressed_after, row.booked_after, row.held_after, row.won_after)
    query = select(row.pressed, row.booked, row.held, and_(row.held, row.won), *times)
    rows = session.execute(query.where(*selected(of, row), or_(row.pressed, row.booked))).all()
    found, before = {}, submitted
    for at, step in enumerate(("pressed", "booked", "held", "won")):
        reached = [one for one in rows if one[at]]
        times_of = ((0 if at == 0 else one[at + 3], one[at + 4]) for one in reached)
        took = [
            max(0, end - start)
            for start, end in times_of
            if start is not None and end is not None and (step != "booked" or start <= end)
        ]
        found[step] = ConsultStep(
            len(reached), len(took), before, round(median(took)) if took else None
        )
        before = len(reached)
    return found


def replies(session: Session, of: ResponseFilter, leads: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The times of leads that left a contact; of a sample where there are many `leads`.

    One that was closed without a call or message neither waits nor was answered. Nor does one that
    booked a consult before anyone replied: then no reply is due.
    """
    step = max(1, leads // MAX_REPLIES)
    query = select(
        *(LeadRow.submitted_at, LeadRow.clock_started_at, LeadRow.clock_hours),
        *(LeadRow.first_contact_at, LeadRow.due_at),
    )
    counts = (
        *(ResponseStatsRow.contact, LeadRow.due_at.is_not(None)),
        LeadRow.first_contact_at.is_not(None) | is_open(LeadRow),
    )
    sample = ResponseStatsRow.submission_id % step == 0
    return session.execute(query.where(*leads_of(of, LeadRow), *counts, sample)).all()


def by_person(session: Session, of: ResponseFilter) -> Sequence[Row[*tuple[Any, ...]]]:
    """What each person did with the leads that they have now, as counts; no name: no one has them.

    `answered` were contacted or are overdue; of these, `in_time` were contacted when promised.
    `self_booked` had booked a consult before that, and count as neither picked up nor answered.
    """
    lead, contacted = LeadRow, LeadRow.first_contact_at
    self_booked = ResponseStatsRow.booked & lead.due_at.is_(None)
    counts = {
        "picked_up": (lead.stage != "new") & ~self_booked,
        "self_booked": self_booked,
        "answered": lead.due_at.is_not(None)
        & (contacted.is_not(None) | is_overdue(lead, session.now())),
        "in_time": contacted <= lead.due_at,
        "reached": ResponseStatsRow.reached,
        "won": lead.stage == "won",
    }
    leads = func.count().label("leads")
    query = (
        select(
            StaffUserRow.name,
            leads,
            *(func.sum(case((it, 1), else_=0)).label(name) for name, it in counts.items()),
        )
        .select_from(lead)
        .outerjoin(StaffUserRow, StaffUserRow.id == lead.assignee_id)
        .where(*leads_of(of, lead), ResponseStatsRow.contact)
        .group_by(lead.assignee_id, StaffUserRow.name)
    )
    return session.execute(query.order_by(leads.desc(), StaffUserRow.name.nulls_last())).all()


def declined(session: Session, of: ResponseFilter) -> dict[str, int]:
    reason = LeadEventRow.data["reason"].as_string()
    since = datetime.combine(of.since, time(), UTC)
    declined = (LeadEventRow.kind == "declined", LeadEventRow.at >= since)
    query = select(reason, func.count()).where(*leads_of(of, LeadEventRow), *declined)
    return dict(session.execute(query.group_by(reason)).all())


def assessments(session: Session, of: ResponseFilter) -> dict[str, dict[str, int]]:
    """How often each dimension was found as it was said, better or worse."""
    row = CallAssessmentRow
    by = (row.dimension, row.assessment)
    rows = session.execute(select(*by, func.count()).where(*leads_of(of, row)).group_by(*by))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for dimension, assessment, count in rows:
        found[dimension][assessment] = count
    return found


# --- The latest leads ----------------------------------------------------------------------------

# Enough to see what is usual, and few enough to read on every page that shows it.
_MAX_LEADS = 100
_MAX_SCANNED = 500
_OF_LEAD: Sequence[Any] = (
    *(LeadRow.submission_id, LeadRow.submitted_at, LeadRow.stage, LeadRow.source),
    *(LeadRow.first_contact_at, LeadRow.due_at, LeadRow.consult_at, LeadRow.follow_up_on),
    *(LeadRow.clock_started_at, LeadRow.clock_hours),
)
_KINDS = ("contact", "moved", "follow_up")


def read_records(session: Session, *, demo: bool) -> Records:
    """What ``own_performance`` measures the agency by: the records of its latest leads."""
    now = session.now()
    kind = LeadRow.demo.is_(demo)
    # Of those who booked a consult before anyone replied, no reply was due, but an outcome is.
    was_due = LeadRow.due_at.is_not(None)
    booked = and_(LeadRow.clock_started_at.is_not(None), LeadRow.anonymised_at.is_(None))
    recent = _newest(session, [], (kind, was_due))
    older = _newest(
        session, [LeadRow.submitted_at < now - TIME_TO_ANSWER], (kind, or_(was_due, booked))
    )
    leads = {**recent, **older}
    events = _events(session, leads)
    records = {id: _record(row, events[id], now) for id, row in leads.items()}
    won = _newest(session, [LeadRow.stage == "won"], (kind,), LAST_WON)
    return Records(
        recent=[records[id] for id in recent],
        older=[records[id] for id in older],
        won_sources=[row.source for row in won.values()],
    )


def _newest(
    session: Session,
    indexed: Sequence[ColumnElement[bool]],
    where: Sequence[ColumnElement[bool]],
    limit: int = _MAX_LEADS,
) -> dict[int, Row[Any]]:
    """The newest leads by id: a few hundred along an index, of which `where` selects."""
    order = (LeadRow.submitted_at.desc(), LeadRow.submission_id.desc())
    scanned = select(LeadRow.submission_id).where(*indexed).order_by(*order)
    few = scanned.limit(_MAX_SCANNED).subquery()
    query = select(*_OF_LEAD).join(few, LeadRow.submission_id == few.c.submission_id)
    rows = session.execute(query.where(*where).order_by(*order).limit(limit))
    return {row.submission_id: row for row in rows}


def _events(session: Session, ids: Iterable[int]) -> Mapping[int, Sequence[Row[Any]]]:
    event = LeadEventRow
    columns = (event.submission_id, event.kind, event.at, event.data, event.version)
    query = select(*columns).where(
        event.submission_id.in_(sorted(ids)),
        # As an expression: SQLite would rather read all events of these kinds by their index.
        (event.kind + "").in_((*_KINDS, "undone")),
    )
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(query.order_by(event.id)):
        found[row.submission_id].append(row)
    return found


def _record(row: Row[Any], events: Sequence[Row[Any]], now: datetime) -> Record:
    events = standing(events)
    data = {kind: [event.data for event in events if event.kind == kind] for kind in _KINDS}
    consult_ahead = row.consult_at is not None and row.consult_at > now
    return Record(
        reachable_at=row.clock_started_at or row.submitted_at,
        stage=row.stage,
        reason=data["moved"][-1].get("reason", "") if data["moved"] else "",
        first_contact_at=row.first_contact_at,
        due_at=row.due_at,
        hours=row.clock_hours,
        contacts=[_contacted(event) for event in events if event.kind == "contact"],
        dates=[date.fromisoformat(follow_up["on"]) for follow_up in data["follow_up"]],
        planned=consult_ahead or (row.follow_up_on is not None and row.follow_up_on >= now.date()),
    )


def _contacted(event: Row[Any]) -> Contact:
    kept = event.data.get("follow_up_on")
    return Contact(event.at, event.data["reached"], date.fromisoformat(kept) if kept else None)
