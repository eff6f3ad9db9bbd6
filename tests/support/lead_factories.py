"""Accounts and leads for tests of what staff do with a lead, without pages or passwords."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from consult.storage.accounts import accounts
from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment
from consult.storage.db.database import Database
from consult.storage.leads import submission
from consult.storage.notifications import notifications
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.booking_tables import BookingRow, BookingState, Calendar
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import NotificationType, Scope
from tests.support.databases import write
from tests.support.submissions import CONTACT, id_of, submit_new

_A_WEEK = timedelta(days=7)


def make_account(database: Database, name: str, *, role: str = "staff") -> int:
    """Open an account, or open a closed one again; its id."""
    with database.writing() as session:
        row = session.scalar(select(StaffUserRow).where(StaffUserRow.name == name))
        email = row.email if row else f"{name.lower()}-{uuid4().hex[:8]}@example.com"
        token = accounts.invite(session, email, role, valid=_A_WEEK)
        user = accounts.accept_invitation(session, token, email=email, name=name, password_hash="x")
    assert user is not None
    return user.id


def close_account(database: Database, user_id: int, new_leads_to: str = "") -> None:
    write(database, accounts.disable, user_id, new_leads_to=new_leads_to)


def colleague(database: Database, name: str, *, admin: bool = False, **scopes: Scope) -> int:
    """Someone with an account, `name@agency.example`, and their notification settings; their id."""
    with database.writing() as session:
        row = StaffUserRow(
            email=f"{name}@agency.example",
            name=name.title(),
            role="admin" if admin else "staff",
            password_hash="no one signs in with this",
            active=True,
            created_at=session.now(),
        )
        session.add(row)
        session.flush()
        wanted: dict[NotificationType, Scope] = scopes  # type: ignore[assignment]
        if wanted:
            notifications.set_preferences(session, row.id, wanted)
        return row.id


def new_lead(database: Database, *, contact: bool = False) -> int:
    """A lead that was just submitted; with a contact, its reply clock runs."""
    with database.writing() as session:
        token = submit_new(session)
        if contact:
            submission.save_contact(session, token, CONTACT)
        return id_of(session, token)


def book(
    database: Database,
    lead_id: int,
    starts_at: datetime,
    *,
    calendar: Calendar = "cal",
    zone: str = "America/New_York",
    place: str = "",
    uid: str = "",
    state: BookingState = "booked",
    at: datetime | None = None,
) -> BookingRow:
    """Book a consult of half an hour for a lead, whose owner is in this zone, now or `at`."""
    to = Appointment(starts_at, starts_at + timedelta(minutes=30), zone, place)
    uid, matched_by = uid or f"of {lead_id}", "own" if calendar == "own" else "key"
    how: dict[str, Any] = {"calendar": calendar, "uid": uid, "matched_by": matched_by}
    made = write(database, bookings.book, lead_id, to, state=state, at=at, **how)
    assert made is not None
    return made


def set_lead(database: Database, lead_id: int, **values: object) -> None:
    """Put a lead into a state, past all rules."""
    with database.writing() as session:
        session.execute(update(LeadRow).where(LeadRow.submission_id == lead_id).values(**values))


def see(database: Database, lead_id: int) -> LeadRow:
    """The state of a lead that is known to exist."""
    with database.reading() as session:
        return session.get_one(LeadRow, lead_id)


def columns(lead: LeadRow) -> dict[str, Any]:
    """All that is stored of a lead, to be compared with what another session reads."""
    return {column.key: getattr(lead, column.key) for column in LeadRow.__mapper__.column_attrs}
