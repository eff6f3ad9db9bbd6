"""The records of the agency's latest leads, by which it measures its own performance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select

from consult.storage.db.database import Session
from consult.storage.leads.leads import standing
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.workflow.own_performance import LAST_WON, TIME_TO_ANSWER, Contact, Record, Records

# Enough to see what is usual, and few enough to read on every page that shows it.
_MAX_LEADS = 100
_MAX_SCANNED = 500
_OF_LEAD: Sequence[Any] = (
    *(LeadRow.submission_id, LeadRow.submitted_at, LeadRow.stage, LeadRow.source),
    *(LeadRow.first_contact_at, LeadRow.due_at, LeadRow.consult_at, LeadRow.follow_up_on),
    *(LeadRow.clock_started_at, LeadRow.clock_hours),
)
_KINDS = ("contact", "moved", "follow_up")


def read_records(session: Session, *, demo: bool = False) -> Records:
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
