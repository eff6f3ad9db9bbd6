"""What the pages about people get: accounts and open invitations, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from consult.staff.agency_time import agency_time
from consult.staff.presenters import DisplayTime, VisitView, display_time, visit_view
from consult.storage.accounts import accounts, sessions
from consult.storage.accounts.sessions import Lifetime, StaffUser
from consult.storage.db.database import Session
from consult.storage.second_factors import factors

ROLE_WORDS = {"staff": "Staff", "admin": "Admin"}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """An account in the list; `seen` is None for somebody who is signed in nowhere."""

    id: int
    name: str
    email: str
    role: str
    active: bool
    second_factor: bool
    seen: DisplayTime | None
    is_me: bool


@dataclass(frozen=True, slots=True)
class PersonView:
    """An account on its own page."""

    row: PersonRow
    role_id: str
    since: DisplayTime
    visits: Sequence[VisitView]


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """A link that nobody has used yet; `is_reset` when its address has an account in use."""

    id: int
    email: str
    role: str
    is_reset: bool
    made: DisplayTime
    ends: DisplayTime


def people(session: Session, me: int, lifetime: Lifetime) -> list[PersonRow]:
    """Everybody with an account, those who may sign in first."""
    users = accounts.all_users(session)
    with_factor = factors.who_has_any(session)
    seen = sessions.last_seen(session, lifetime)
    now = agency_time(session.now())
    rows = [
        PersonRow(
            id=user.id,
            name=user.name,
            email=user.email,
            role=ROLE_WORDS[user.role],
            active=user.active,
            second_factor=user.id in with_factor,
            seen=display_time(seen[user.id], now) if user.id in seen else None,
            is_me=user.id == me,
        )
        for user in users
    ]
    return sorted(rows, key=lambda row: (not row.active, row.name.casefold()))


def person(session: Session, user: StaffUser, me: int, lifetime: Lifetime) -> PersonView:
    """One account."""
    (row,) = [row for row in people(session, me, lifetime) if row.id == user.id]
    now = agency_time(session.now())
    visits = sessions.live_sessions(session, user.id, lifetime)
    return PersonView(
        row=row,
        role_id=user.role,
        since=display_time(user.created_at, now),
        visits=[visit_view(visit, None, "", now) for visit in visits],
    )


def invitations(session: Session) -> list[InvitationRow]:
    """The links that still work."""
    now = agency_time(session.now())
    in_use = {user.email for user in accounts.all_users(session) if user.active}
    return [
        InvitationRow(
            id=invitation.id,
            email=invitation.email or "",
            role=ROLE_WORDS[invitation.role],
            is_reset=invitation.email in in_use,
            made=display_time(invitation.created_at, now),
            ends=display_time(invitation.expires_at, now),
        )
        for invitation in accounts.open_invitations(session)
    ]
