"""The timeline of a lead: what was done about it, by whom and when. Added to, never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from consult.storage.db.database import Session
from consult.storage.tables.lead_tables import LeadEventRow


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline. ``by`` is None for the owner and for the application itself.

    ``version`` is the version of the lead that the event made; None when it changed none.
    """

    id: int
    at: datetime
    by: int | None
    kind: str
    data: Mapping[str, Any]
    version: int | None


def note_event(
    session: Session,
    lead_id: int,
    kind: str,
    *,
    by: int | None = None,
    version: int | None = None,
    **data: Any,
) -> None:
    """Add a line to the timeline of a lead.

    Args:
        session: a writing one.
        lead_id: a lead that is there.
        kind: what happened, in a word or two.
        by: the id of the member of staff; None for the owner and the application itself.
        version: the version of the lead that this made; only the verbs of the desk have one.
        data: what else to know, as JSON. It goes when the lead is deleted.
    """
    session.add(
        LeadEventRow(
            submission_id=lead_id, at=session.now(), by_id=by, kind=kind, data=data, version=version
        )
    )
    session.flush()


def was_reached(events: Iterable[Event]) -> bool:
    """Whether somebody at the agency has talked to the owner of a lead, by its timeline."""
    return any(event.kind == "moved" and event.data["to"] == "reached" for event in events)


def reachable_at(events: Iterable[Event], submitted_at: datetime) -> datetime:
    """When the clock of the first reply began: when the owner said who they are."""
    left = (event.at for event in events if event.kind == "contact_left")
    return next(left, submitted_at)


def timeline(session: Session, lead_id: int, since: int = 0) -> list[Event]:
    """The events of a lead, oldest first; with `since`, those that made a later version of it."""
    query = (
        select(LeadEventRow).where(LeadEventRow.submission_id == lead_id).order_by(LeadEventRow.id)
    )
    if since:
        query = query.where(LeadEventRow.version > since)
    return [
        Event(row.id, row.at, row.by_id, row.kind, row.data, row.version)
        for row in session.scalars(query)
    ]
