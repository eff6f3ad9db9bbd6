"""Staff accounts and the one-time links that make them.

A link makes an account for its address, or gives an existing one a new name and password. Its
token is stored as a hash only, works once, and stops working when a newer one is made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import ColumnElement, select, update

from consult.crypto import new_token, token_hash
from consult.storage.accounts.sessions import StaffUser, end_all_sessions, staff_user
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.leads.assignment import lock_assignments, reassign_leads
from consult.storage.notifications import security_alerts
from consult.storage.second_factors.factors import forget_factors
from consult.storage.tables.account_tables import StaffInvitationRow, StaffUserRow


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that still works: for whom (None: whoever comes first), as what, until when."""

    email: str | None
    role: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenInvitation(Invitation):
    """A link that nobody has used yet, as admins see it."""

    id: int
    created_at: datetime


class LastAdminError(Exception):
    """Without this account nobody could manage the others any more."""


def user_by_email(session: Session, email: str) -> StaffUser | None:
    """Find a person by address, given in small letters as it is stored."""
    return _one_user(session, StaffUserRow.email == email)


def user_by_uniquifier(session: Session, uniquifier: str) -> StaffUser | None:
    """Find a person by the name that sign-in cookies use."""
    return _one_user(session, StaffUserRow.uniquifier == uniquifier)


def user_by_id(session: Session, user_id: int) -> StaffUser | None:
    """Find a person by id."""
    return _one_user(session, StaffUserRow.id == user_id)


def all_users(session: Session) -> list[StaffUser]:
    """Everybody who has an account or had one, in order of their addresses."""
    return [staff_user(row) for row in session.scalars(select(StaffUserRow).order_by("email"))]


def any_user(session: Session) -> bool:
    """Whether anybody has an account in use; the made-up colleagues of demo leads have none."""
    return session.scalar(select(StaffUserRow.id).where(StaffUserRow.active).limit(1)) is not None


def change_password(session: Session, user_id: int, password_hash: str) -> StaffUser:
    """Store a new password, and sign the person out everywhere."""
    row = session.get_one(StaffUserRow, user_id)
    row.password_hash = password_hash
    row.uniquifier = uuid4().hex
    end_all_sessions(session, user_id)
    security_alerts.record(session, "account.password_changed", whose=user_id, by=user_id)
    return staff_user(row)


def renew_password_hash(session: Session, user_id: int, password_hash: str) -> None:
    """Store the same password under a newer hash; the person stays signed in."""
    session.get_one(StaffUserRow, user_id).password_hash = password_hash


def disable(
    session: Session, user_id: int, *, new_leads_to: str = "", by: int | None = None
) -> None:
    """Close an account: signed out everywhere, links void, factors gone, leads given away.

    Args:
        session: a writing one.
        user_id: whose account it is.
        new_leads_to: who gets the leads; see ``roster.default_assignee``.
        by: the id of the admin who closes it; None for the command line.

    Raises:
        LastAdminError: an admin closes the last account of an admin. The command line may.
    """
    lock_assignments(session, exclusive=True)
    row = session.get_one(StaffUserRow, user_id)
    if by is not None:
        _want_another_admin(session, row)
    row.active = False
    forget_factors(session, user_id)
    end_all_sessions(session, user_id)
    _void_invitations(session, row.email)
    audit_log.record(session, "account.disabled", by=by, account=user_id)
    reassign_leads(session, new_leads_to=new_leads_to, by=by)


def change_role(session: Session, user_id: int, role: str, *, by: int | None) -> None:
    """Give somebody another role. They sign in again, and links made for the old role are void.

    Raises:
        LastAdminError: nobody who is active would be an admin any more.
    """
    lock_assignments(session, exclusive=True)
    row = session.get_one(StaffUserRow, user_id)
    if row.role == role:
        return
    _want_another_admin(session, row)
    security_alerts.record(
        session, "account.role_changed", whose=user_id, by=by, account=user_id, role=role
    )
    row.role = role
    end_all_sessions(session, user_id)
    _void_invitations(session, row.email)


def open_invitations(session: Session) -> list[OpenInvitation]:
    """The links to sign up, or to come back, that still work, the newest first."""
    rows = session.scalars(
        select(StaffInvitationRow)
        .where(
            StaffInvitationRow.email.is_not(None),
            StaffInvitationRow.used_at.is_(None),
            StaffInvitationRow.expires_at > session.now(),
        )
        .order_by(StaffInvitationRow.id.desc())
    )
    return [
        OpenInvitation(row.email, row.role, row.expires_at, row.id, row.created_at) for row in rows
    ]


def withdraw_invitation(session: Session, invitation_id: int, *, by: int) -> bool:
    """Let a link stop working; False when there is no such link that works."""
    withdrawn = session.scalar(
        update(StaffInvitationRow)
        .where(
            StaffInvitationRow.id == invitation_id,
            StaffInvitationRow.used_at.is_(None),
            StaffInvitationRow.expires_at > session.now(),
        )
        .values(expires_at=session.now())
        .returning(StaffInvitationRow.id)
    )
    if withdrawn is not None:
        audit_log.record(session, "account.invitation_withdrawn", by=by, invitation=invitation_id)
    return withdrawn is not None


def invite(
    session: Session, email: str | None, role: str, valid: timedelta, *, by: int | None = None
) -> str:
    """Make a one-time link; earlier ones for the same address stop working.

    Args:
        session: a writing one.
        email: whose; None for the very first person.
        role: what they will be.
        valid: for how long.
        by: the id of the admin who makes it; None for the command line.

    Returns:
        The link's token, which is stored nowhere and cannot be had again.
    """
    _void_invitations(session, email)
    token = new_token()
    now = session.now()
    row = StaffInvitationRow(
        token_hash=token_hash(token), email=email, role=role, created_at=now, expires_at=now + valid
    )
    session.add(row)
    session.flush()
    audit_log.record(session, "account.invited", by=by, invitation=row.id, role=role)
    return token


def open_invitation(session: Session, token: str) -> Invitation | None:
    """The invitation behind a token; None when it is unknown, used, void or too old."""
    row = session.scalar(select(StaffInvitationRow).where(*_usable(session, token)))
    if row is None or (row.email is None and any_user(session)):
        return None
    return Invitation(row.email, row.role, row.expires_at)


def accept_invitation(
    session: Session,
    token: str,
    *,
    email: str,
    name: str,
    password_hash: str,
    new_leads_to: str = "",
) -> StaffUser | None:
    """Use an invitation up: make its account, or renew the one that has its address.

    Leads that waited for somebody to hold them are held from now on.

    Args:
        session: a writing one.
        token: of two who come with the same one, the second gets nothing.
        email: counts only where the invitation names none.
        name: how colleagues know this person.
        password_hash: of the password they chose.
        new_leads_to: who gets the leads that waited; see ``roster.default_assignee``.

    Returns:
        The person, or None where `open_invitation` finds nothing.
    """
    lock_assignments(session, exclusive=True)
    invitation = open_invitation(session, token)
    used = session.scalar(
        update(StaffInvitationRow)
        .where(*_usable(session, token))
        .values(used_at=session.now())
        .returning(StaffInvitationRow.id)
    )
    if invitation is None or used is None:
        return None
    address = invitation.email or email
    row = session.scalar(select(StaffUserRow).where(StaffUserRow.email == address))
    is_new = row is None
    if row is None:
        row = StaffUserRow(email=address, created_at=session.now())
        session.add(row)
    else:
        end_all_sessions(session, row.id)
    row.name = name
    row.role = invitation.role
    row.password_hash = password_hash
    row.uniquifier = uuid4().hex
    row.active = True
    session.flush()
    audit_log.record(session, "account.joined", by=row.id, invitation=used, role=row.role)
    if not is_new:
        security_alerts.tell(session, row.id, "password_reset")
    reassign_leads(session, new_leads_to=new_leads_to)
    return staff_user(row)


def _want_another_admin(session: Session, row: StaffUserRow) -> None:
    """Raise LastAdminError unless the house has an admin without this person."""
    others = select(StaffUserRow.id).where(
        StaffUserRow.role == "admin", StaffUserRow.active, StaffUserRow.id != row.id
    )
    if row.role == "admin" and row.active and session.scalar(others.limit(1)) is None:
        raise LastAdminError


def _one_user(session: Session, condition: ColumnElement[bool]) -> StaffUser | None:
    row = session.scalar(select(StaffUserRow).where(condition))
    return staff_user(row) if row else None


def _usable(session: Session, token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        StaffInvitationRow.token_hash == token_hash(token),
        StaffInvitationRow.used_at.is_(None),
        StaffInvitationRow.expires_at > session.now(),
    )


def _void_invitations(session: Session, email: str | None) -> None:
    session.execute(
        update(StaffInvitationRow)
        .where(
            # Not "=": the invitation of the very first person has no address.
            StaffInvitationRow.email.is_not_distinct_from(email),
            StaffInvitationRow.used_at.is_(None),
            StaffInvitationRow.expires_at > session.now(),
        )
        .values(expires_at=session.now())
    )
