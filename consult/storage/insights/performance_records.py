"""The records by which ``consult.workflow.own_performance`` measures the agency."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from consult.storage.db.database import Session
from consult.storage.leads.leads import reachable_at
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.workflow.own_performance import LAST_WON, TIME_TO_ANSWER, Contact, Record, Records

# Enough to see what is usual, and few enough to read on every page that shows it.
_MAX_LEADS = 100
_MAX_SCANNED = 500
_OF_LEAD: Sequence[Any] = (
    *(LeadRow.submission_id, LeadRow.submitted_at, LeadRow.stage, LeadRow.source),
    *(LeadRow.first_contact_at, LeadRow.due_at, LeadRow.consult_at, LeadRow.follow_up_on),
)
_KINDS = ("contact_left", "contact", "moved", "follow_up")


def read_records(session: Session, *, demo: bool = False) -> Records:
    """The latest records among the last few hundred leads, real ones or demo ones."""
    now = session.now()
    kind = LeadRow.demo.is_(demo)
    reachable = (kind, LeadRow.due_at.is_not(None))
    old = LeadRow.submitted_at < now - TIME_TO_ANSWER
    recent = _newest(session, [], reachable)
    older = _newest(session, [old], reachable)
    leads = {**recent, **older}
    events = _events(session, leads)
    records = {id: _record(row, events.get(id, []), now) for id, row in leads.items()}
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


def _events(session: Session, ids: Iterable[int]) -> Mapping[int, Sequence[LeadEventRow]]:
    query = select(LeadEventRow).where(
        LeadEventRow.submission_id.in_(sorted(ids)),
        # As an expression: SQLite would rather read all events of these kinds by their index.
        (LeadEventRow.kind + "").in_(_KINDS),
    )
    found: dict[int, list[LeadEventRow]] = {}
    for event in session.scalars(query.order_by(LeadEventRow.id)):
        found.setdefault(event.submission_id, []).append(event)
    return found


def _record(row: Row[Any], events: Sequence[LeadEventRow], now: datetime) -> Record:
    data = {kind: [event.data for event in events if event.kind == kind] for kind in _KINDS}
    consult_ahead = row.consult_at is not None and row.consult_at > now
    return Record(
        reachable_at=reachable_at(events, row.submitted_at),
        stage=row.stage,
        reason=data["moved"][-1].get("reason", "") if data["moved"] else "",
        first_contact_at=row.first_contact_at,
        due_at=row.due_at,
        contacts=[_contacted(event) for event in events if event.kind == "contact"],
        dates=[date.fromisoformat(follow_up["on"]) for follow_up in data["follow_up"]],
        planned=consult_ahead or (row.follow_up_on is not None and row.follow_up_on >= now.date()),
    )


def _contacted(event: LeadEventRow) -> Contact:
    kept = event.data.get("follow_up_on")
    return Contact(event.at, event.data["reached"], date.fromisoformat(kept) if kept else None)
