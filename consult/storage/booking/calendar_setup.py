"""What staff do about providers' calendars: set them up, and find the leads of their bookings."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select, update

from consult.storage.audit import audit_log
from consult.storage.booking.calendar_events import KEPT, Outcome, match_related, outcomes, work
from consult.storage.db.database import Session, affects_row, insert_into
from consult.storage.leads.changes import lock_lead
from consult.storage.tables.booking_tables import CalendarEventRow, CalendarRow
from consult.workflow.calendar_reports import CANCEL_AFTER
from consult.workflow.calendars import Provider
from consult.workflow.office_hours import Office

_MOST_UNMATCHED = 500


# --- Calendars that report -----------------------------------------------------------------------


def all_calendars(session: Session) -> Sequence[CalendarRow]:
    return session.scalars(select(CalendarRow).order_by(CalendarRow.provider)).all()


def by_path(session: Session, path: str) -> CalendarRow | None:
    return session.scalar(select(CalendarRow).where(CalendarRow.path == path))


def set_up(
    session: Session, provider: Provider, path: str, encrypted_secret: bytes, *, by: int
) -> None:
    """Let a provider's calendar report to `path`, or give one that does a new secret."""
    row = session.get(CalendarRow, provider)
    action = "calendar.secret_replaced" if row else "calendar.added"
    added = insert_into(session, CalendarRow).values(
        provider=provider,
        path=path,
        encrypted_secret=encrypted_secret,
        created_at=session.now(),
    )
    session.execute(
        added.on_conflict_do_update(
            index_elements=["provider"],
            set_={"encrypted_secret": encrypted_secret, "refused_at": None},
        )
    )
    session.expire_all()
    audit_log.record(session, action, by=by, provider=provider)


def remove(session: Session, provider: Provider, *, by: int) -> None:
    """Have a provider's calendar report no longer. What it reported stays."""
    if affects_row(session, delete(CalendarRow).where(CalendarRow.provider == provider)):
        audit_log.record(session, "calendar.removed", by=by, provider=provider)


def record_received(session: Session, provider: Provider) -> None:
    of_it = update(CalendarRow).where(CalendarRow.provider == provider)
    session.execute(of_it.values(received_at=session.now()))


def record_refused(session: Session, provider: Provider, because: str) -> None:
    of_it = update(CalendarRow).where(CalendarRow.provider == provider)
    session.execute(of_it.values(refused_at=session.now(), refused_because=because))


# --- Bookings without a lead ---------------------------------------------------------------------


def unmatched(session: Session) -> list[Outcome]:
    """The bookings that are to take place and of which no lead is known, the newest first."""
    query = (
        select(CalendarEventRow)
        .where(CalendarEventRow.state == "unmatched")
        .order_by(CalendarEventRow.received_at.desc())
        .limit(_MOST_UNMATCHED)
    )
    by_person: dict[tuple[Provider, str], list[CalendarEventRow]] = {}
    for event in session.scalars(query):
        by_person.setdefault((event.provider, event.email.lower()), []).append(event)
    now = session.now()
    found = [
        one
        for events in by_person.values()
        for one in outcomes(events, now + CANCEL_AFTER)
        if one.is_active and one.to and one.to.ends_at > now
    ]
    return sorted(found, key=lambda one: one.placed_at, reverse=True)


def unmatched_event(session: Session, event_id: int) -> Outcome | None:
    """The booking that a report is about, if no lead is known of it."""
    found = (one for one in unmatched(session) if event_id in {event.id for event in one.events})
    return next(found, None)


def choose_lead(session: Session, event_id: int, lead_id: int, office: Office, *, by: int) -> bool:
    """Match a booking with a lead, as staff know it; False if it is matched or dismissed by now.

    For the errors, see ``actions``.
    """
    lock_lead(session, lead_id, by=by, version=None)
    booking = unmatched_event(session, event_id)
    if booking is None:
        return False
    for event in booking.events:
        match_related(session, event, lead_id, "staff")
    work(session, event_id, office)
    audit_log.record(session, "calendar.matched", by=by, lead_id=lead_id)
    return True


def dismiss(session: Session, event_id: int, *, by: int) -> bool:
    """Drop a booking that is none of a lead's, with who booked it; False if it is not there."""
    booking = unmatched_event(session, event_id)
    if booking is None:
        return False
    for event in booking.events:
        event.state, event.name, event.email = "dismissed", "", ""
    session.flush()
    audit_log.record(session, "calendar.dismissed", by=by, provider=booking.events[0].provider)
    return True


# --- Privacy -------------------------------------------------------------------------------------


def of_addresses(session: Session, addresses: Collection[str]) -> Sequence[CalendarEventRow]:
    """The reports that no lead is known of, by these addresses in lower case."""
    query = select(CalendarEventRow).where(func.lower(CalendarEventRow.email).in_(addresses))
    return session.scalars(query.order_by(CalendarEventRow.id)).all()


def delete_addresses(session: Session, addresses: Collection[str]) -> None:
    session.execute(
        delete(CalendarEventRow).where(func.lower(CalendarEventRow.email).in_(addresses))
    )


def delete_old(session: Session) -> None:
    before = session.now() - KEPT
    session.execute(delete(CalendarEventRow).where(CalendarEventRow.received_at < before))
