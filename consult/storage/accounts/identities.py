"""Who staff are at an OpenID Connect provider: its address and its own, unchanging name for them.

An email address links nobody: at the provider it may be given to somebody else tomorrow.
"""

from sqlalchemy import delete, or_, select

from consult.storage.accounts.sessions import StaffUser, staff_user
from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.second_factor_tables import IdentityRow


def user_by_identity(session: Session, issuer: str, subject: str) -> StaffUser | None:
    """The person whom a provider calls by this name."""
    row = session.scalar(
        select(StaffUserRow)
        .join(IdentityRow, IdentityRow.user_id == StaffUserRow.id)
        .where(IdentityRow.issuer == issuer, IdentityRow.subject == subject)
    )
    return staff_user(row) if row else None


def is_linked(session: Session, user_id: int, issuer: str) -> bool:
    """Whether a person may sign in through this provider."""
    found = session.scalar(
        select(IdentityRow.id).where(IdentityRow.user_id == user_id, IdentityRow.issuer == issuer)
    )
    return found is not None


def link(session: Session, user_id: int, issuer: str, subject: str) -> bool:
    """Link a person with their name at a provider; False when either of the two is taken."""
    taken = session.scalar(
        select(IdentityRow.id).where(
            IdentityRow.issuer == issuer,
            or_(IdentityRow.subject == subject, IdentityRow.user_id == user_id),
        )
    )
    if taken is not None:
        return False
    session.add(
        IdentityRow(user_id=user_id, issuer=issuer, subject=subject, linked_at=session.now())
    )
    session.flush()
    return True


def unlink(session: Session, user_id: int, issuer: str) -> None:
    """Let a person no longer sign in through this provider."""
    session.execute(
        delete(IdentityRow).where(IdentityRow.user_id == user_id, IdentityRow.issuer == issuer)
    )
