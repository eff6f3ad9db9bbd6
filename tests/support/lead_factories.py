"""Accounts and leads for tests of what staff do with a lead, without pages or passwords."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from consult.storage.accounts import accounts
from consult.storage.db.database import Database, Session
from consult.storage.leads import submission
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from tests.support.submissions import CONTACT, lead_of, submitted

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
    with database.writing() as session:
        accounts.disable(session, user_id, new_leads_to=new_leads_to)


def new_lead(database: Database, *, contact: bool = False) -> int:
    """A lead that just came in; with a contact, the clock of its first reply runs."""
    token = submitted(database)
    if contact:
        with database.writing() as session:
            submission.save_contact(session, token, CONTACT)
    return lead_of(database, token).id


def see(database: Database, lead_id: int) -> LeadRow:
    """How a lead stands, that is known to be there."""
    with database.reading() as session:
        return standing(session, lead_id)


def standing(session: Session, lead_id: int) -> LeadRow:
    found = session.get(LeadRow, lead_id)
    assert found is not None
    return found


def columns(lead: LeadRow) -> dict[str, Any]:
    """All that is stored of a lead, to be compared with what another session reads."""
    return {column.key: getattr(lead, column.key) for column in LeadRow.__mapper__.column_attrs}
