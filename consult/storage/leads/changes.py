"""How staff change a lead: locked, recorded under a new version, and undone for a moment.

Each verb in ``actions``, ``handovers`` and ``notes`` begins with ``lock_lead`` and ends with
``save_change``, which stores what it replaced in `LeadRow.replaced`. Until the lead changes again,
``undo`` puts that back for the user who made the change, as a new event. Notifications about a
change are held back for as long (``notify``), so nothing that was undone is ever sent.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, select, update

from consult.storage import page_events
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.jobs import SYNC_BOOKING, enqueue
from consult.storage.leads.assignment import is_active, lock_assignments, may_have_leads
from consult.storage.leads.leads import record_event, standing, timeline
from consult.storage.notifications import notifications
from consult.storage.tables.booking_tables import ACTIVE, BookingRow, BookingState
from consult.storage.tables.delivery_tables import NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import NotificationType
from consult.workflow.stages import NO_SHOW, Stage

UNDO_WITHIN = timedelta(minutes=1)

_TIMES = (
    *("stage_since", "offered_at", "first_contact_at", "clock_started_at", "due_at", "consult_at"),
)
_DATES = ("follow_up_on",)
_PLAIN = ("stage", "assignee_id", "offered_to_id", "clock_hours", "won_amount", "won_currency")
_RESTORED = (*_TIMES, *_DATES, *_PLAIN)
_EVENTS: Mapping[Stage, NotificationType] = {
    "consult_booked": "consult_booked",
    "won": "won",
    "lost": "lost",
}
"""The stages that are events of their own."""


class UnknownLeadError(LookupError):
    """There is no such lead, or it was deleted."""


class NotAllowedError(ValueError):
    """The lead's state rules this out; the text is for staff."""


class ConflictError(Exception):
    """The lead was changed after the given version; its timeline says how."""


def lock_leads(session: Session, lead_ids: Collection[int]) -> list[LeadRow]:
    """Lock leads until the transaction ends, in order of their ids; deleted ones are left out.

    Without that order, two transactions over the same leads would deadlock.
    """
    lock_assignments(session)
    return list(session.scalars(_LOCKED, {"lead_ids": lead_ids}))


_LOCKED = (
    select(LeadRow)
    .where(LeadRow.submission_id.in_(bindparam("lead_ids", expanding=True)))
    .order_by(LeadRow.submission_id)
    .with_for_update()
    .execution_options(populate_existing=True)
)
"""Built once: that takes longer than to run it."""


def lock_if_there(session: Session, lead_id: int) -> LeadRow | None:
    """Lock a lead until the transaction ends; None if it was deleted."""
    return next(iter(lock_leads(session, [lead_id])), None)


def lock_lead(
    session: Session, lead_id: int, *, by: int, version: int | None, spam_too: bool = False
) -> LeadRow:
    """Lock a lead until the transaction ends, for `by`, whose account must be active.

    Lists leave out what is probably spam. So that no one works on a lead that others can't see, it
    has to be cleared first, except where it's `spam_too`.
    """
    lead = lock_if_there(session, lead_id)
    if lead is None:
        raise UnknownLeadError(lead_id)
    if version is not None and lead.version != version:
        raise ConflictError(f"lead {lead_id} is at version {lead.version}")
    if not is_active(session, by):
        raise NotAllowedError("This account is no longer active.")
    if lead.suspect and not spam_too:
        raise NotAllowedError("This lead is probably spam. If it isn’t, choose “Not spam” first.")
    lead.before = _state(lead)
    return lead


def save_change(
    session: Session, lead: LeadRow, action: str, by: int | None, **facts: str | int | bool | None
) -> LeadRow:
    """End a verb: the lead has a new version, and the audit log an entry.

    `by` is None where an owner or a calendar did it; that can't be undone.
    """
    lead.version += 1
    lead.replaced = _replaced(session, lead, by, always=action == "lead.contacted")
    session.flush()
    audit_log.record(session, action, by=by, lead_id=lead.submission_id, **facts)
    return lead


def record_change(
    session: Session, lead: LeadRow, kind: str, by: int | None, **data: object
) -> None:
    """Add an event to the timeline about the change that ``save_change`` will end.

    Facts that are empty or None are left out.
    """
    known = {name: value for name, value in data.items() if value not in ("", None)}
    record_event(session, lead.submission_id, kind, by=by, version=lead.version + 1, **known)


def record_move(
    session: Session, lead: LeadRow, stage: Stage, by: int | None, **data: object
) -> None:
    """Move a lead: the one place where its stage changes, so that every move is an event."""
    before, lead.stage, lead.stage_since = lead.stage, stage, session.now()
    record_change(session, lead, "moved", by, to=stage, **{"from": before}, **data)
    page_events.record_stage(session, lead.submission_id, stage)
    notify(session, lead, "stage_changed", None, by)
    # A booking by an owner is an event also where it moves no lead (``bookings``).
    if stage in _EVENTS and by is not None:
        notify(session, lead, _EVENTS[stage], None, by)


def mark_booking(session: Session, lead: LeadRow, state: BookingState) -> None:
    """Say of the booked consult of a lead's time that its owner came to it, or did not."""
    its_booking = (
        BookingRow.submission_id == lead.submission_id,
        BookingRow.starts_at == lead.consult_at,
        BookingRow.state != "canceled",
    )
    session.execute(update(BookingRow).where(*its_booking).values(state=state))


def require_open(lead: LeadRow) -> None:
    if lead.is_closed:
        raise NotAllowedError("This lead is closed. Reopen it first.")


def notify(
    session: Session, lead: LeadRow, kind: NotificationType, user_id: int | None, by: int | None
) -> None:
    """Notify a user of a change, or all who want to know, once it can no longer be undone."""
    notifications.notify(
        session,
        lead,
        kind,
        recipient_id=user_id,
        actor_id=by,
        occasion=occasion_of(lead.version + 1),
        at=None if by is None else session.now() + UNDO_WITHIN,
    )


def sync_booking(session: Session, lead_id: int, *, released: bool = False) -> None:
    """Have the consult that an owner booked here follow a change, once that can't be undone.

    So nobody is emailed about what was undone. A lead that was `released` can follow at once. See
    ``booking.own_calendar``.
    """
    is_active = BookingRow.state.in_(ACTIVE)
    booked = exists().where(BookingRow.submission_id == lead_id, is_active)
    if session.scalar(select(booked.where(BookingRow.calendar == "own"))):
        at = session.now() + (timedelta() if released else UNDO_WITHIN + timedelta(seconds=1))
        payload = {"released": released}
        enqueue(session, SYNC_BOOKING, payload, submission_id=lead_id, run_at=at)


def can_undo(lead: LeadRow, by: int, now: datetime) -> bool:
    """Whether `by` made the last change of the lead, and a moment ago."""
    change = lead.replaced
    return change is not None and change["by"] == by and is_recent(lead, now)


def is_recent(lead: LeadRow, now: datetime) -> bool:
    """Whether the last change of the lead can still be undone, by whoever made it."""
    change = lead.replaced
    return (
        change is not None
        and change["version"] == lead.version
        and now - datetime.fromisoformat(change["at"]) <= UNDO_WITHIN
    )


def undo(session: Session, lead_id: int, *, by: int, version: int | None = None) -> LeadRow:
    """Put back what the last change replaced, if `by` made it within ``UNDO_WITHIN``.

    `version` is the one that the change made. For the errors, see ``actions``.
    """
    lead = lock_lead(session, lead_id, by=by, version=version, spam_too=True)
    if not can_undo(lead, by, session.now()):
        raise NotAllowedError("It’s too late to undo this. Change it on the lead’s page.")
    earlier = {name: _read(name, value) for name, value in (lead.replaced or {})["values"].items()}
    users = [earlier[name] for name in ("assignee_id", "offered_to_id") if earlier.get(name)]
    if not may_have_leads(session, users):
        raise NotAllowedError("The person who had this lead no longer has an active account.")
    undone = lead.version
    for name, value in earlier.items():
        setattr(lead, name, value)
    session.execute(
        delete(NotificationRow).where(
            NotificationRow.submission_id == lead_id,
            NotificationRow.occasion == occasion_of(undone),
        )
    )
    events = timeline(session, lead_id)
    last = next(event for event in reversed(events) if event.version == undone)
    if last.data.get("because") == NO_SHOW:
        mark_booking(session, lead, "booked")
    facts = {name: value for name, value in last.data.items() if name != "comment"}
    record_change(session, lead, "undone", by, **facts | {"of": undone, "what": last.kind})
    stages = [one.data["to"] for one in standing(timeline(session, lead_id)) if one.kind == "moved"]
    page_events.record_stages(session, lead_id, stages)
    lead.before = None  # what was undone can't be undone
    return save_change(session, lead, "lead.undone", by, what=last.kind)


def _state(lead: LeadRow) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in _RESTORED}


def _replaced(
    session: Session, lead: LeadRow, by: int | None, *, always: bool
) -> dict[str, Any] | None:
    """What an undo puts back. One more call replaces nothing, and can `always` be undone."""
    if by is None or lead.before is None:
        return None
    now = _state(lead)
    values = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in lead.before.items()
        if value != now[name]
    }
    if not values and not always:
        return None
    return {"by": by, "at": session.now().isoformat(), "version": lead.version, "values": values}


def _read(name: str, stored: Any) -> Any:
    if stored is None or name in _PLAIN:
        return stored
    return (datetime if name in _TIMES else date).fromisoformat(stored)


def occasion_of(version: int) -> str:
    """What notifications of the change that made a version of a lead have in common."""
    return f"v{version}"
