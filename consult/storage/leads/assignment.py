"""Who may hold leads, and who catches the new ones."""

from sqlalchemy import bindparam, case, select, text

from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow

# Any number of ours, as long as nothing else uses it.
_LOCK = 0x52454C4159


def keep_roster(session: Session, *, to_change_it: bool = False) -> None:
    """Let nobody open or close an account while this transaction gives somebody a lead.

    Whoever opens or closes accounts asks `to_change_it`, and waits until all leads are given. Call
    it before any lead is locked. On SQLite, writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        shared = "" if to_change_it else "_shared"
        session.execute(text(f"SELECT pg_advisory_xact_lock{shared}({_LOCK})"))


def catcher(session: Session, new_leads_to: str = "") -> int | None:
    """Who holds a lead that nobody has taken yet; None while there is no account in use.

    It is the account with the address `new_leads_to`; without one in use, the longest-standing
    admin, and without an admin the longest-standing account.
    """
    return session.scalar(_CATCHER, {"new_leads_to": new_leads_to})


def is_active(session: Session, user_id: int) -> bool:
    """Whether this is an account in use."""
    query = select(StaffUserRow.id).where(StaffUserRow.id == user_id, StaffUserRow.active)
    return session.scalar(query) is not None


_CATCHER = (
    select(StaffUserRow.id)
    .where(StaffUserRow.active)
    .order_by(
        case(
            (StaffUserRow.email == bindparam("new_leads_to"), 0),
            (StaffUserRow.role == "admin", 1),
            else_=2,
        ),
        StaffUserRow.created_at,
        StaffUserRow.id,
    )
    .limit(1)
)
