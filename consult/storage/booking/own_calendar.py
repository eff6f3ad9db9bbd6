"""Our own calendar: owners book free times in it, and move or cancel what they booked.

Of all who want a time at once, one gets it: each locks its lead and then the table, and looks again
whether the time is free. A booking is only requested, and staff confirm its time, while a calendar
with busy times can't be read, or while its lead is probably spam. The latter takes no time from
others, or robots could take them all.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import select

from consult.crypto import booking_token, token_hash
from consult.storage.booking import bookings, busy_feeds
from consult.storage.booking.bookings import Appointment, active_booking, of_lead
from consult.storage.db.database import Session, lock_table
from consult.storage.leads.changes import (
    NotAllowedError,
    is_recent,
    lock_if_there,
    lock_lead,
    record_change,
    save_change,
    sync_booking,
)
from consult.storage.tables.booking_tables import ACTIVE, BookingRow, BookingState
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.office_hours import Office
from consult.workflow.slots import BookingRules, Interval, free_times

TIME_TO_CHOOSE = timedelta(minutes=30)
"""How long the first time on a page can still be chosen. Without it, an owner who opened the page
a minute before the half hour would lose that time a minute later."""

_TWO_DAYS = timedelta(days=2)
"""What is over for longer is not of today, wherever the agency is."""


class TakenError(Exception):
    """The time is not free, or is no longer."""


class BookedError(Exception):
    """The lead has another consult to come: there is one at a time."""


def free(
    session: Session, rules: BookingRules, but_of: int | None = None
) -> tuple[list[datetime], bool]:
    """The times that can be booked; and whether they can be relied on.

    They can't if a calendar with busy times could not be read. `but_of` is a lead that would move
    its consult.
    """
    now = session.now()
    busy, is_fresh = busy_feeds.busy_times(session, now)
    return free_times(rules, now, _consults(session, rules, but_of), busy), is_fresh


def _consults(session: Session, rules: BookingRules, but_of: int | None) -> list[Interval]:
    """The consults of all leads but one: booked anywhere, or entered by staff."""
    since = session.now() - _TWO_DAYS
    counts = (~LeadRow.demo, ~LeadRow.suspect, LeadRow.submission_id != (but_of or 0))
    booked = session.execute(
        select(BookingRow.submission_id, BookingRow.starts_at, BookingRow.ends_at)
        .join(LeadRow, LeadRow.submission_id == BookingRow.submission_id)
        .where(BookingRow.state.in_(ACTIVE), BookingRow.starts_at > since, *counts)
    )
    entered = session.execute(
        select(LeadRow.submission_id, LeadRow.consult_at).where(
            LeadRow.stage == "consult_booked", LeadRow.consult_at > since, *counts
        )
    )
    found = {(lead_id, start): (start, start + rules.length) for lead_id, start in entered if start}
    return list(
        (found | {(lead_id, start): (start, end) for lead_id, start, end in booked}).values()
    )


def book(
    session: Session,
    lead_id: int,
    start: datetime,
    rules: BookingRules,
    *,
    zone: str,
    place: str,
    secret_key: str,
) -> BookingRow | None:
    """Book a time for a lead; None if the lead was deleted.

    The same time again is the same booking. Raises TakenError, and BookedError.
    """
    lead = lock_if_there(session, lead_id)
    if lead is None:
        return None
    lock_table(session, BookingRow.__tablename__)
    if booked := active_booking(session, lead_id):
        if booked.starts_at != start:
            raise BookedError
        return booked
    state = _state(session, lead, start, rules)
    booking = bookings.book(
        session,
        lead_id,
        Appointment(start, start + rules.length, zone, place),
        calendar="own",
        uid=token_hex(16),
        matched_by="own",
        state=state,
    )
    if booking:
        booking.link_hash = token_hash(booking_token(secret_key, booking.id))
        session.flush()
    return booking


def move(
    session: Session, booking: BookingRow, start: datetime, rules: BookingRules, *, zone: str
) -> bool:
    """Move a consult to a free time, as its owner wants; False if it is not to take place.

    One that staff had to confirm still is to be confirmed. Raises TakenError.
    """
    lead = lock_if_there(session, booking.submission_id)
    lock_table(session, BookingRow.__tablename__)
    booked = active_booking(session, booking.submission_id)
    if lead is None or booked is None or booked.id != booking.id:
        return False
    if booked.starts_at != start:
        state = _state(session, lead, start, rules)
        to = Appointment(start, start + rules.length, zone, booked.place)
        state = "requested" if booked.state == "requested" else state
        bookings.move(session, booked.id, to, session.now(), state)
    return True


def cancel(session: Session, booking: BookingRow, office: Office) -> bool:
    """Cancel a consult, as its owner wants; False if it is not to take place."""
    booked = active_booking(session, booking.submission_id)
    if booked is None or booked.id != booking.id:
        return False
    return bookings.cancel(session, booking.id, session.now(), office)


def _state(session: Session, lead: LeadRow, start: datetime, rules: BookingRules) -> BookingState:
    soonest = max(rules.soonest - TIME_TO_CHOOSE, timedelta())
    times, is_fresh = free(session, replace(rules, soonest=soonest), lead.submission_id)
    if start not in times:
        raise TakenError
    return "booked" if is_fresh and not lead.suspect else "requested"


def confirm(session: Session, lead_id: int, *, by: int, version: int | None = None) -> LeadRow:
    """Staff confirm a time that was requested; for the errors, see ``leads.actions``."""
    lead = lock_lead(session, lead_id, by=by, version=version)
    lock_table(session, BookingRow.__tablename__)
    booking = active_booking(session, lead_id)
    if booking is None or booking.calendar != "own" or booking.state != "requested":
        raise NotAllowedError("There’s no time to confirm.")
    if _overlaps(session, booking):
        raise NotAllowedError("Another consult is at that time. Move one of them first.")
    booking.state, booking.changed_at = "booked", session.now()
    booking.sequence += 1
    lead.first_contact_at = lead.first_contact_at or session.now()
    at = booking.starts_at.isoformat(timespec="seconds")
    record_change(session, lead, "booking", by, what="confirmed", consult_at=at, calendar="own")
    save_change(session, lead, "booking.confirmed", by)
    bookings.notify_all(session, booking, "consult_booked")
    lead.replaced = None  # what was sent can't be undone
    session.flush()
    return lead


def _overlaps(session: Session, booking: BookingRow) -> bool:
    others = (BookingRow.id != booking.id, BookingRow.state.in_(ACTIVE), ~LeadRow.suspect)
    same_time = BookingRow.starts_at < booking.ends_at, BookingRow.ends_at > booking.starts_at
    query = select(BookingRow.id).join(LeadRow, LeadRow.submission_id == BookingRow.submission_id)
    return session.scalar(query.where(*others, *same_time).limit(1)) is not None


def sync(session: Session, lead_id: int, *, released: bool) -> None:
    """Have the consult that an owner booked follow what became of the lead (``sync_booking``).

    It is moved or canceled as staff decided, once they can't undo that. If the lead was `released`,
    as it is no spam, what its booking does to a lead is done now.
    """
    lead = lock_if_there(session, lead_id)
    lock_table(session, BookingRow.__tablename__)
    booking = next((one for one in of_lead(session, lead_id) if one.state in ACTIVE), None)
    if lead is None or booking is None or booking.calendar != "own":
        return
    now = session.now()
    is_moved = lead.stage == "consult_booked" and lead.consult_at not in (None, booking.starts_at)
    if booking.ends_at <= now and not is_moved:
        return
    if released:
        bookings.announce(session, lead, booking)
    elif is_recent(lead, now):
        sync_booking(session, lead_id)
    elif lead.stage in ("reached", "lost", "not_a_fit"):
        bookings.withdraw(session, booking)
    elif is_moved and lead.consult_at:
        bookings.shift(session, booking, lead.consult_at)
