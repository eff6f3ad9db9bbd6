"""The timeline of a lead: what was done about it, by whom and when. Added to, never changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from consult.storage.db.database import Session
from consult.storage.tables.lead_tables import LeadEventRow


def record_event(
    session: Session,
    lead_id: int,
    kind: str,
    *,
    by: int | None = None,
    version: int | None = None,
    **data: Any,
) -> None:
    """Add an event to the timeline of a lead.

    Args:
        session: a writing one.
        lead_id: a lead that exists.
        kind: what happened, in a word or two.
        by: the id of the user; None for the owner and the application itself.
        version: the version of the lead that this made; None if it made none.
        data: what else to know, as JSON. It is deleted with the lead.
    """
    session.add(
        LeadEventRow(
            submission_id=lead_id, at=session.now(), by_id=by, kind=kind, data=data, version=version
        )
    )
    session.flush()


def timeline(session: Session, lead_id: int, since: int = 0) -> list[LeadEventRow]:
    """The events of a lead, oldest first; with `since`, those that made a later version of it."""
    query = select(LeadEventRow).where(LeadEventRow.submission_id == lead_id)
    if since:
        query = query.where(LeadEventRow.version > since)
    return list(session.scalars(query.order_by(LeadEventRow.id)))


def was_reached(events: Iterable[LeadEventRow]) -> bool:
    """Whether the agency has talked to the owner of a lead."""
    return any(event.kind == "moved" and event.data["to"] == "reached" for event in events)


def reachable_at(events: Iterable[LeadEventRow], submitted_at: datetime) -> datetime:
    """When the reply clock started: when the owner left a contact."""
    return next((event.at for event in events if event.kind == "contact_left"), submitted_at)
