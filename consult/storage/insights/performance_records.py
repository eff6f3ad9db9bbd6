"""What the records say about the agency's own performance.

``consult.workflow.own_performance`` judges it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from consult.storage.db.database import Session
from consult.storage.leads.timeline import reachable_at
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.workflow.own_performance import LAST_WON, TIME_TO_ANSWER, Contacted, Practice, Record

# Enough to tell what is usual, and few enough to look at on every page that shows it.
_LOOKED_AT = 100
_WALKED = 500
_OF_LEAD: Sequence[Any] = (
    *(LeadRow.submission_id, LeadRow.submitted_at, LeadRow.stage, LeadRow.source),
    *(LeadRow.first_contact_at, LeadRow.consult_at, LeadRow.follow_up_on),
)
_KINDS = ("contact_left", "contact", "moved", "follow_up")


def practice(session: Session, *, demo: bool = False) -> Practice:
    """The records of late, among the last few hundred leads; made-up ones are apart from real."""
    now = session.now()
    kind = LeadRow.demo.is_(demo)
    reachable = (kind, LeadRow.due_at.is_not(None))
    old = LeadRow.submitted_at < now - TIME_TO_ANSWER
    recent = _read(session, _newest().where(*reachable))
    settled = _read(session, _newest(old).where(*reachable))
    events = _events(session, {*recent, *settled})
    records = {
        id: _record(row, events.get(id, []), now) for id, row in {**recent, **settled}.items()
    }
    won = _newest(LeadRow.stage == "won").where(kind).limit(LAST_WON)
    return Practice(
        recent=[records[id] for id in recent],
        settled=[records[id] for id in settled],
        won_sources=[row.source for row in _read(session, won).values()],
    )


def _newest(*where: ColumnElement[bool]) -> Select[Any]:
    """The newest leads along an index, to be narrowed down: few, however many there are.

    What the index does not tell is for the caller to ask: a limit here counts what is looked at.
    """
    order = (LeadRow.submitted_at.desc(), LeadRow.submission_id.desc())
    walked = select(LeadRow.submission_id).where(*where).order_by(*order)
    few = walked.limit(_WALKED).subquery()
    here = LeadRow.submission_id == few.c.submission_id
    return select(*_OF_LEAD).join(few, here).order_by(*order).limit(_LOOKED_AT)


def _read(session: Session, leads: Select[Any]) -> dict[int, Row[Any]]:
    return {row.submission_id: row for row in session.execute(leads)}


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
    reasons = [event.data.get("reason", "") for event in events if event.kind == "moved"]
    consult_ahead = row.consult_at is not None and row.consult_at > now
    return Record(
        reachable_at=reachable_at(events, row.submitted_at),
        stage=row.stage,
        reason=reasons[-1] if reasons else "",
        first_contact_at=row.first_contact_at,
        contacts=[_contacted(event) for event in events if event.kind == "contact"],
        dates=[
            date.fromisoformat(event.data["on"]) for event in events if event.kind == "follow_up"
        ],
        planned=consult_ahead or (row.follow_up_on is not None and row.follow_up_on >= now.date()),
    )


def _contacted(event: LeadEventRow) -> Contacted:
    kept = event.data.get("follow_up_on")
    return Contacted(event.at, event.data["reached"], date.fromisoformat(kept) if kept else None)
