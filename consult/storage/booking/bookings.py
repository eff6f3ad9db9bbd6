"""Consults that owners book, and what a booking does to its lead.

A booking is made here, in our own calendar, or reported by a provider's. Either way it moves the
lead, as no member of staff does: from any open stage to ``consult_booked``, with its time, and the
reply clock stops. What a person decided later than the calendar's report stays: then the timeline
has a line about the booking, and nothing else changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from consult.crypto import token_hash
from consult.storage import deliveries, page_events
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.deliveries import BookingEmail
from consult.storage.leads.changes import lock_if_there, record_change, record_move, save_change
from consult.storage.leads.leads import standing, timeline
from consult.storage.notifications import notifications
from consult.storage.tables.booking_tables import (
    ACTIVE,
    BookingRow,
    BookingState,
    Calendar,
    MatchedBy,
)
from consult.storage.tables.delivery_tables import NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import NotificationType
from consult.workflow.office_hours import Office

_ACTIONS: Mapping[BookingState, str] = {
    "requested": "booking.requested",
    "booked": "booking.booked",
    "canceled": "booking.canceled",
    "no_show": "booking.no_show",
}
"""In the audit log, by the state that a booking has now."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """When a consult takes place. `zone` is the owner's time zone, `place` how to meet."""

    starts_at: datetime
    ends_at: datetime
    zone: str = "UTC"
    place: str = ""


def press(session: Session, lead_id: int, key: str) -> None:
    """Count that an owner goes on to a calendar, and remember the key that goes along."""
    lead = session.get(LeadRow, lead_id, with_for_update=True)
    if lead is not None:
        lead.booking_hash = token_hash(key)
        lead.pressed_at = lead.pressed_at or session.now()
        page_events.record_press(session, lead_id)


def was_pressed(session: Session, lead_id: int, key: str) -> bool:
    query = select(LeadRow.booking_hash).where(LeadRow.submission_id == lead_id)
    return session.scalar(query) == token_hash(key)


def by_key(session: Session, key: str) -> LeadRow | None:
    """The lead whose owner went to a calendar with this key."""
    return session.scalar(select(LeadRow).where(LeadRow.booking_hash == token_hash(key)))


def by_link(session: Session, token: str) -> BookingRow | None:
    return session.scalar(select(BookingRow).where(BookingRow.link_hash == token_hash(token)))


def by_uid(session: Session, calendar: Calendar, uid: str) -> BookingRow | None:
    query = select(BookingRow).where(BookingRow.calendar == calendar, BookingRow.uid == uid)
    return session.scalar(query.execution_options(populate_existing=True))


def of_lead(session: Session, lead_id: int) -> Sequence[BookingRow]:
    """All bookings of a lead, the newest first."""
    query = select(BookingRow).where(BookingRow.submission_id == lead_id)
    return session.scalars(query.order_by(BookingRow.id.desc())).all()


def active_booking(session: Session, lead_id: int) -> BookingRow | None:
    """The booking of the consult that a lead has to come, or has just now."""
    now = session.now()
    found = (one for one in of_lead(session, lead_id) if one.state in ACTIVE and one.ends_at > now)
    return next(found, None)


def book(
    session: Session,
    lead_id: int,
    appointment: Appointment,
    *,
    calendar: Calendar,
    uid: str,
    matched_by: MatchedBy,
    state: BookingState = "booked",
    at: datetime | None = None,
) -> BookingRow | None:
    """Record a booking of a lead, and move the lead; None if the lead was deleted.

    `at` is when it was booked, for a calendar that reports it later. Where the calendar reported
    the booking before, as one that it requested, that one is changed.
    """
    lead = lock_if_there(session, lead_id)
    if lead is None:
        return None
    at = at or session.now()
    booking = by_uid(session, calendar, uid)
    if booking is None:
        booking = BookingRow(submission_id=lead_id, calendar=calendar, uid=uid, sequence=0)
        booking.matched_by, booking.created_at = matched_by, at
        session.add(booking)
    elif at < booking.changed_at:
        return booking
    elif calendar == "own":
        booking.sequence += 1
    _put(booking, appointment, state, at, takes_slot=not (lead.suspect or lead.demo))
    session.flush()
    _move_to_booked(session, lead, booking, at, moved=False)
    return booking


def move(
    session: Session,
    booking_id: int,
    appointment: Appointment,
    at: datetime,
    state: BookingState | None = None,
) -> bool:
    """Move a consult that is to take place; False if it is not, or was changed later."""
    lead, booking = _lock_booking(session, booking_id, at)
    if lead is None or booking is None:
        return False
    booking.sequence += 1
    takes_slot = not (lead.suspect or lead.demo)
    _put(booking, appointment, state or booking.state, at, takes_slot=takes_slot)
    session.flush()
    _move_to_booked(session, lead, booking, at, moved=True)
    return True


def cancel(session: Session, booking_id: int, at: datetime, office: Office) -> bool:
    """Cancel a consult that is to take place; False if it is not, or changed later.

    Its lead is at ``reached`` again, to be followed up today.
    """
    lead, booking = _lock_booking(session, booking_id, at)
    if lead is None or booking is None:
        return False
    booking.state, booking.slot_at, booking.changed_at = "canceled", None, at
    booking.sequence += 1
    _call_off(session, lead, booking, office)
    _save(session, lead, "consult_canceled", booking)
    return True


def drop(session: Session, booking_id: int, same: BookingRow, office: Office) -> None:
    """Delete a booking that turned out to be the `same` as another, which counts."""
    lead, booking = _lock_booking(session, booking_id)
    if lead is None or booking is None:
        return
    session.delete(booking)
    session.flush()
    if lead.stage == "consult_booked":
        lead.consult_at = same.starts_at
        if same.state == "no_show":
            lead.follow_up_on = office.today(session.now())
    _save(session, lead, None, same)


def mark_no_show(session: Session, booking_id: int, at: datetime, office: Office) -> bool:
    """Record that the owner did not come; the lead is to be followed up as after ``cancel``."""
    lead, booking = _lock_booking(session, booking_id, at)
    if lead is None or booking is None:
        return False
    booking.state, booking.slot_at, booking.changed_at = "no_show", None, at
    _call_off(session, lead, booking, office)
    _save(session, lead, None, booking)
    return True


def announce(session: Session, lead: LeadRow, booking: BookingRow) -> None:
    """Do what a booking does to its lead, of one that was held back as probably spam."""
    _move_to_booked(session, lead, booking, booking.created_at, moved=False)


def withdraw(session: Session, booking: BookingRow) -> None:
    """Cancel a consult whose lead staff have moved on."""
    booking.state, booking.slot_at, booking.changed_at = "canceled", None, session.now()
    booking.sequence += 1
    _save_booking(session, booking, "consult_canceled")


def shift(session: Session, booking: BookingRow, start: datetime) -> None:
    """Move a consult to the time that staff entered, which may be one that is taken."""
    length = booking.ends_at - booking.starts_at
    to = Appointment(start, start + length, booking.zone, booking.place)
    taken = select(BookingRow.id).where(BookingRow.slot_at == start, BookingRow.id != booking.id)
    is_taken = session.scalar(taken) is not None
    # Staff set the time, so it needs no confirmation.
    _put(booking, to, "booked", session.now(), takes_slot=not is_taken)
    booking.sequence += 1
    _save_booking(session, booking, "consult_moved")


def _save_booking(session: Session, booking: BookingRow, kind: NotificationType) -> None:
    """End a change that leaves the lead as it is."""
    session.flush()
    notify_all(session, booking, kind)
    audit_log.record(session, _ACTIONS[booking.state], by=None, lead_id=booking.submission_id)


def _call_off(session: Session, lead: LeadRow, booking: BookingRow, office: Office) -> None:
    """Have a lead followed up whose consult will not take place, unless it has another one."""
    session.flush()
    is_next = lead.stage == "consult_booked" and not active_booking(session, lead.submission_id)
    if not is_next or _was_decided_later(session, lead, booking.changed_at):
        _record(session, lead, booking, booking.state)
    else:
        facts = {"because": booking.state, "calendar": booking.calendar}
        record_move(session, lead, "reached", None, **facts)
        lead.consult_at, lead.follow_up_on = None, office.today(session.now())


def _lock_booking(
    session: Session, booking_id: int, at: datetime | None = None
) -> tuple[LeadRow | None, BookingRow | None]:
    """Lock the lead of a booking, and read the booking as it is then.

    Neither, if `at` is given, and the consult is not to take place or was changed later.
    """
    booking = session.get(BookingRow, booking_id)
    lead = lock_if_there(session, booking.submission_id) if booking else None
    if booking is None or lead is None:
        return None, None
    session.refresh(booking)
    if at and (booking.state not in ACTIVE or at < booking.changed_at):
        return None, None
    return lead, booking


def _put(
    booking: BookingRow, to: Appointment, state: BookingState, at: datetime, *, takes_slot: bool
) -> None:
    booking.starts_at, booking.ends_at = to.starts_at, to.ends_at
    booking.zone, booking.place = to.zone, to.place
    booking.state, booking.changed_at = state, at
    in_own = takes_slot and booking.calendar == "own" and state in ACTIVE
    booking.slot_at = to.starts_at if in_own else None


def _move_to_booked(
    session: Session, lead: LeadRow, booking: BookingRow, at: datetime, *, moved: bool
) -> None:
    stays = lead.is_closed or lead.suspect or _was_decided_later(session, lead, at)
    if stays or lead.stage == "consult_booked":
        _record(session, lead, booking, "moved" if moved else "booked")
    else:
        record_move(session, lead, "consult_booked", None, **_facts(booking))
    if not stays:
        lead.consult_at, lead.follow_up_on = booking.starts_at, None
        if lead.first_contact_at is None and booking.state == "booked":
            lead.due_at = None  # who has booked a consult waits for no reply
    _save(session, lead, "consult_moved" if moved else "consult_booked", booking)


def _was_decided_later(session: Session, lead: LeadRow, at: datetime) -> bool:
    """Whether a person moved the lead after the calendar's report."""
    moves = (one for one in standing(timeline(session, lead.submission_id)) if one.kind == "moved")
    return any(one.by_id is not None and one.at > at for one in moves)


def _record(session: Session, lead: LeadRow, booking: BookingRow, what: str) -> None:
    """Add a line about a booking to the timeline; it changes nothing else."""
    record_change(session, lead, "booking", None, what=what, **_facts(booking))


def _facts(booking: BookingRow) -> dict[str, str]:
    """What the timeline keeps of a booking; `matched_by` where staff should check it."""
    by_address = "email" if booking.matched_by == "email" else ""
    at = booking.starts_at.isoformat(timespec="seconds")
    return {"consult_at": at, "calendar": booking.calendar, "matched_by": by_address}


def _save(
    session: Session, lead: LeadRow, kind: NotificationType | None, booking: BookingRow
) -> None:
    """End a change: the lead has a new version, and who has it and its owner hear of it."""
    save_change(session, lead, _ACTIONS[booking.state], None)
    if kind:
        notify_all(session, booking, kind)


def notify_all(session: Session, booking: BookingRow, kind: NotificationType) -> None:
    """Notify staff of a change, and email the owner. A provider's calendar emails owners itself.

    A member of staff who made the change hears too, for their own calendar. Of a lead that is
    probably spam nobody hears, until it is released.
    """
    lead = session.get_one(LeadRow, booking.submission_id)
    if lead.suspect:
        return
    occasion = f"{booking.id}.{booking.sequence}"
    notifications.notify(session, lead, kind, occasion=occasion)
    if booking.calendar == "own":
        deliveries.email_booking(session, booking, _email_about(kind, booking))


def _email_about(kind: NotificationType, booking: BookingRow) -> BookingEmail:
    if kind == "consult_canceled":
        return "canceled"
    if booking.state == "requested":
        return "requested"
    if kind == "consult_moved":
        return "moved"
    return "confirmed" if booking.sequence else "booked"


def of_notification(session: Session, notification: NotificationRow) -> BookingRow | None:
    """The booking that staff are notified of; None if the notification is about something else."""
    if not notification.kind.startswith("consult_") or "." not in notification.occasion:
        return None
    return session.get(BookingRow, int(notification.occasion.partition(".")[0]))
