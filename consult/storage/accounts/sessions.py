"""Where staff are signed in. A session lives in the database, so that it can be ended there.

The browser holds a random token; the table holds its hash. A session is over when it was ended,
when it lay idle too long, when it is too old, or when its person was disabled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import contains_eager

from consult.crypto import new_token, token_hash
from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffSessionRow, StaffUserRow


@dataclass(frozen=True, slots=True)
class StaffUser:
    """A person who may sign in, unless disabled (`active` is False)."""

    id: int
    email: str
    name: str
    role: str
    password_hash: str
    uniquifier: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A browser that is signed in, without anything that would let another one in."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    proven_at: datetime
    means: str
    browser: str
    network_hash: str


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives without a click, and how long in any case."""

    idle: timedelta
    absolute: timedelta


def start_session(
    session: Session, user_id: int, browser: str, network_hash: str, means: str = "password"
) -> str:
    """Note that somebody signed in, by what means (such as `passkey`).

    Returns:
        The token by which this browser is known from now on.
    """
    token = new_token()
    now = session.now()
    session.add(
        StaffSessionRow(
            token_hash=token_hash(token),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            proven_at=now,
            means=means,
            browser=browser,
            network_hash=network_hash,
        )
    )
    return token


def find_session(
    session: Session, token: str, lifetime: Lifetime
) -> tuple[StaffUser, StaffSession] | None:
    """Who is signed in by a token, and since when; None when the session is over."""
    row = session.scalar(
        select(StaffSessionRow)
        .join(StaffSessionRow.user)
        .options(contains_eager(StaffSessionRow.user))
        .where(
            StaffSessionRow.token_hash == token_hash(token),
            StaffUserRow.active,
            *_alive(session, lifetime),
        )
    )
    return (staff_user(row.user), _staff_session(row)) if row else None


def live_sessions(session: Session, user_id: int, lifetime: Lifetime) -> list[StaffSession]:
    """Where a person is signed in, the most recently used first."""
    rows = session.scalars(
        select(StaffSessionRow)
        .where(StaffSessionRow.user_id == user_id, *_alive(session, lifetime))
        .order_by(StaffSessionRow.last_seen_at.desc(), StaffSessionRow.id.desc())
    )
    return [_staff_session(row) for row in rows]


def last_seen(session: Session, lifetime: Lifetime) -> Mapping[int, datetime]:
    """When each person who is signed in was last seen, by their id."""
    found = session.execute(
        select(StaffSessionRow.user_id, func.max(StaffSessionRow.last_seen_at))
        .where(*_alive(session, lifetime))
        .group_by(StaffSessionRow.user_id)
    )
    return dict(found.all())


def touch_session(session: Session, session_id: int) -> None:
    """Note that a session is in use."""
    session.execute(
        update(StaffSessionRow)
        .where(StaffSessionRow.id == session_id)
        .values(last_seen_at=session.now())
    )


def prove_session(session: Session, session_id: int) -> str:
    """Note that the person proved again who they are, and go on under a new token; return it."""
    session.execute(
        update(StaffSessionRow)
        .where(StaffSessionRow.id == session_id)
        .values(proven_at=session.now())
    )
    return renew_token(session, session_id)


def renew_token(session: Session, session_id: int) -> str:
    """Let a session go on under a new token, so that whoever knew the old one is out.

    Returns:
        The token by which this browser is known from now on.
    """
    token = new_token()
    session.execute(
        update(StaffSessionRow)
        .where(StaffSessionRow.id == session_id)
        .values(token_hash=token_hash(token))
    )
    return token


def end_session(session: Session, user_id: int, session_id: int) -> bool:
    """End one session of a person; False when this person has no such session to end."""
    ended = session.scalar(
        update(StaffSessionRow)
        .where(StaffSessionRow.id == session_id, *_open_of(user_id))
        .values(ended_at=session.now())
        .returning(StaffSessionRow.id)
    )
    return ended is not None


def end_all_sessions(session: Session, user_id: int, but: int | None = None) -> None:
    """Sign a person out everywhere, save in the session with the id `but`."""
    session.execute(
        update(StaffSessionRow)
        .where(*_open_of(user_id), StaffSessionRow.id != (but or 0))
        .values(ended_at=session.now())
    )


def staff_user(row: StaffUserRow) -> StaffUser:
    """The plain view of a row."""
    return StaffUser(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        uniquifier=row.uniquifier,
        active=row.active,
        created_at=row.created_at,
    )


def _staff_session(row: StaffSessionRow) -> StaffSession:
    return StaffSession(
        id=row.id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        proven_at=row.proven_at,
        means=row.means,
        browser=row.browser,
        network_hash=row.network_hash,
    )


def _alive(session: Session, lifetime: Lifetime) -> tuple[ColumnElement[bool], ...]:
    now = session.now()
    return (
        StaffSessionRow.ended_at.is_(None),
        StaffSessionRow.last_seen_at > now - lifetime.idle,
        StaffSessionRow.created_at > now - lifetime.absolute,
    )


def _open_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return (StaffSessionRow.user_id == user_id, StaffSessionRow.ended_at.is_(None))
