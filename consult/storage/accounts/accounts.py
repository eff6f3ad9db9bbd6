"""Staff accounts, the one-time links that make them, and linked provider identities.

A link makes an account for its address, or gives an existing one a new name and password. Its
token is stored as a hash only, works once, and is void as soon as a newer one is made.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update

from consult.crypto import new_token, token_hash
from consult.storage import deliveries
from consult.storage.accounts.sessions import end_all_sessions
from consult.storage.audit import audit_log
from consult.storage.db.database import Session, affects_row, lock_table
from consult.storage.leads.assignment import lock_assignments, reassign_leads
from consult.storage.notifications import notifications
from consult.storage.second_factors.factors import remove_all_factors
from consult.storage.tables.account_tables import (
    ApiTokenRow,
    IdentityRow,
    StaffInvitationRow,
    StaffUserRow,
)


class LastAdminError(Exception):
    """Without this account there would be no active admin."""


def user_by_email(session: Session, email: str) -> StaffUserRow | None:
    """Find a user by address, given in lower case as it is stored."""
    return session.scalar(select(StaffUserRow).where(StaffUserRow.email == email))


def user_by_id(session: Session, user_id: int) -> StaffUserRow | None:
    return session.get(StaffUserRow, user_id)


def all_users(session: Session) -> Sequence[StaffUserRow]:
    return session.scalars(select(StaffUserRow).order_by(StaffUserRow.email)).all()


def any_user(session: Session) -> bool:
    """Whether there is an active account; the users of demo leads have none."""
    return session.scalar(select(StaffUserRow.id).where(StaffUserRow.active).limit(1)) is not None


def change_password(session: Session, user_id: int, password_hash: str) -> StaffUserRow:
    """Store a new password, and sign the user out everywhere."""
    user = session.get_one(StaffUserRow, user_id)
    user.password_hash = password_hash
    end_all_sessions(session, user_id)
    notifications.record_account_change(
        session, "account.password_changed", user_id=user_id, by=user_id
    )
    return user


def update_password_hash(session: Session, user_id: int, password_hash: str) -> None:
    """Store the same password under newer hash parameters; the user stays signed in."""
    session.get_one(StaffUserRow, user_id).password_hash = password_hash


def disable(
    session: Session, user_id: int, *, new_leads_to: str = "", by: int | None = None
) -> None:
    """Disable an account: end its sessions, links and tokens, remove its factors, reassign leads.

    `new_leads_to` is the address of the default assignee, `by` the ID of the admin, None for the
    command line. Raises LastAdminError for the last admin; the command line may disable them.
    """
    lock_assignments(session, exclusive=True)
    user = session.get_one(StaffUserRow, user_id)
    if by is not None:
        _require_another_admin(session, user)
    user.active = False
    remove_all_factors(session, user_id)
    end_all_sessions(session, user_id)
    _void_invitations(session, user.email)
    tokens = update(ApiTokenRow).where(ApiTokenRow.user_id == user_id)
    session.execute(tokens.where(ApiTokenRow.revoked_at.is_(None)).values(revoked_at=session.now()))
    reassign_leads(session, new_leads_to=new_leads_to, by=by)
    audit_log.record(session, "account.disabled", by=by, account=user_id)


def change_role(session: Session, user_id: int, role: str, *, by: int | None) -> None:
    """Change a user's role. They must sign in again, and links for the old role are void.

    Raises LastAdminError where there would be no active admin.
    """
    lock_assignments(session, exclusive=True)
    user = session.get_one(StaffUserRow, user_id)
    if user.role == role:
        return
    _require_another_admin(session, user)
    user.role = role
    end_all_sessions(session, user_id)
    _void_invitations(session, user.email)
    notifications.record_account_change(
        session, "account.role_changed", user_id=user_id, by=by, account=user_id, role=role
    )


def change_availability(
    session: Session,
    user_id: int,
    *,
    by: int,
    away_until: datetime | None = None,
    takes_turns: bool | None = None,
) -> None:
    """Say until when a user gets no new leads, None if they are here, and if they take turns.

    `away_until` is the first moment of the day on which they are back.
    """
    user = session.get_one(StaffUserRow, user_id)
    user.away_until = away_until
    if takes_turns is not None:
        user.takes_turns = takes_turns
    session.flush()
    audit_log.record(
        session, "account.availability_changed", by=by, account=user_id, away=away_until is not None
    )


def pending_invitations(session: Session) -> Sequence[StaffInvitationRow]:
    return session.scalars(
        select(StaffInvitationRow)
        .where(StaffInvitationRow.email.is_not(None), *_usable(session))
        .order_by(StaffInvitationRow.id.desc())
    ).all()


def revoke_invitation(session: Session, invitation_id: int, *, by: int) -> bool:
    """Void a link; False when there is no such link that works."""
    of_it = (StaffInvitationRow.id == invitation_id, *_usable(session))
    void = update(StaffInvitationRow).where(*of_it).values(expires_at=session.now())
    if not affects_row(session, void):
        return False
    audit_log.record(session, "account.invitation_revoked", by=by, invitation=invitation_id)
    return True


def invite(
    session: Session, email: str | None, role: str, valid: timedelta, *, by: int | None = None
) -> str:
    """Make a one-time link, and return its token, which is not stored.

    Earlier links for the same address are void. `email` is None for the very first account, `by`
    for the command line.
    """
    lock_table(session, StaffInvitationRow.__tablename__)  # two at once would both be valid
    _void_invitations(session, email)
    token, now = new_token(), session.now()
    invitation = StaffInvitationRow(
        token_hash=token_hash(token), email=email, role=role, created_at=now, expires_at=now + valid
    )
    session.add(invitation)
    session.flush()
    audit_log.record(session, "account.invited", by=by, invitation=invitation.id, role=role)
    return token


def first_invited_since(session: Session, since: datetime) -> bool:
    """Whether the link for the very first account was made so recently, and is valid."""
    lock_table(session, StaffInvitationRow.__tablename__)
    recent = (StaffInvitationRow.email.is_(None), StaffInvitationRow.created_at > since)
    return (
        session.scalar(select(StaffInvitationRow.id).where(*recent, *_usable(session))) is not None
    )


def invitation_by_token(session: Session, token: str) -> StaffInvitationRow | None:
    """Return the invitation of a token; None when it is unknown, used, void or expired."""
    found = session.scalar(
        select(StaffInvitationRow).where(
            StaffInvitationRow.token_hash == token_hash(token), *_usable(session)
        )
    )
    return None if found is None or (found.email is None and any_user(session)) else found


def accept_invitation(
    session: Session,
    token: str,
    *,
    email: str,
    name: str,
    password_hash: str,
    new_leads_to: str = "",
) -> StaffUserRow | None:
    """Use an invitation: make its account, or renew the one with its address.

    `email` counts only where the invitation names none. Leads without an assignee are assigned;
    `new_leads_to` is the address of the default one. Returns None where `invitation_by_token` finds
    nothing, and for the second of two concurrent requests.
    """
    lock_assignments(session, exclusive=True)
    invitation = invitation_by_token(session, token)
    if invitation is None:
        return None
    of_it = (StaffInvitationRow.id == invitation.id, *_usable(session))
    use = update(StaffInvitationRow).where(*of_it).values(used_at=session.now())
    if not affects_row(session, use):
        return None
    user = user_by_email(session, invitation.email or email)
    is_new = user is None
    if user is None:
        user = StaffUserRow(email=invitation.email or email, created_at=session.now())
        session.add(user)
    else:
        end_all_sessions(session, user.id)
    user.name, user.role = name, invitation.role
    user.password_hash = password_hash
    user.active = True
    session.flush()
    reassign_leads(session, new_leads_to=new_leads_to)
    audit_log.record(
        session, "account.joined", by=user.id, invitation=invitation.id, role=user.role
    )
    if not is_new:
        deliveries.enqueue_staff_email(session, user.id, "password_reset")
    return user


def user_by_identity(session: Session, issuer: str, subject: str) -> StaffUserRow | None:
    """Find a user by their identity at a provider.

    An email address links nobody: the provider may give it to someone else tomorrow.
    """
    return session.scalar(
        select(StaffUserRow)
        .join(IdentityRow, IdentityRow.user_id == StaffUserRow.id)
        .where(IdentityRow.issuer == issuer, IdentityRow.subject == subject)
    )


def is_linked(session: Session, user_id: int, issuer: str) -> bool:
    found = session.scalar(
        select(IdentityRow.id).where(IdentityRow.user_id == user_id, IdentityRow.issuer == issuer)
    )
    return found is not None


def link_identity(session: Session, user_id: int, issuer: str, subject: str) -> bool:
    """Link a user with an identity at a provider; False when either is linked already."""
    taken = session.scalar(
        select(IdentityRow.id).where(
            IdentityRow.issuer == issuer,
            or_(IdentityRow.subject == subject, IdentityRow.user_id == user_id),
        )
    )
    if taken is not None:
        return False
    session.add(IdentityRow(user_id=user_id, issuer=issuer, subject=subject))
    session.flush()
    return True


def unlink_identity(session: Session, user_id: int, issuer: str) -> None:
    session.execute(
        delete(IdentityRow).where(IdentityRow.user_id == user_id, IdentityRow.issuer == issuer)
    )


def _require_another_admin(session: Session, user: StaffUserRow) -> None:
    others = select(StaffUserRow.id).where(
        StaffUserRow.role == "admin", StaffUserRow.active, StaffUserRow.id != user.id
    )
    if user.is_admin and user.active and session.scalar(others.limit(1)) is None:
        raise LastAdminError


def _usable(session: Session) -> tuple[ColumnElement[bool], ...]:
    return (StaffInvitationRow.used_at.is_(None), StaffInvitationRow.expires_at > session.now())


def _void_invitations(session: Session, email: str | None) -> None:
    session.execute(
        update(StaffInvitationRow)
        .where(
            # Not "=": the very first invitation has no address.
            StaffInvitationRow.email.is_not_distinct_from(email),
            *_usable(session),
        )
        .values(expires_at=session.now())
    )
