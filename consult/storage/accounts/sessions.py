"""Sessions of staff users. They are stored in the database, so that they can be ended there.

The browser holds a random token; the table its hash. A session is over when it was ended, was idle
too long, is too old, or when its user was disabled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import contains_eager

from consult.crypto import new_token, token_hash
from consult.storage.db.database import Session, affects_row
from consult.storage.tables.account_tables import StaffSessionRow, StaffUserRow


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives without a request, and how long in any case."""

    idle: timedelta
    absolute: timedelta


_ALIVE = (
    StaffSessionRow.ended_at.is_(None),
    StaffSessionRow.last_seen_at > bindparam("seen_after"),
    StaffSessionRow.created_at > bindparam("created_after"),
)
# Built once: every request runs it, and building it takes longer than running it.
_BY_TOKEN = (
    select(StaffSessionRow)
    .join(StaffSessionRow.user)
    .options(contains_eager(StaffSessionRow.user))
    .where(StaffSessionRow.token_hash == bindparam("token_hash"), StaffUserRow.active, *_ALIVE)
)


def start_session(
    session: Session, user_id: int, browser: str, network_hash: str, method: str = "password"
) -> str:
    """Start a session, authenticated by a method such as `passkey`; return its token."""
    token, now = new_token(), session.now()
    row = StaffSessionRow(token_hash=token_hash(token), user_id=user_id, method=method)
    row.created_at = row.last_seen_at = row.authenticated_at = now
    row.browser, row.network_hash = browser, network_hash
    session.add(row)
    return token


def user_of_past(session: Session, token: str) -> int | None:
    """The id of the user whose session this was, however it ended; None for a disabled one."""
    query = select(StaffSessionRow.user_id).join(StaffSessionRow.user)
    return session.scalar(
        query.where(StaffSessionRow.token_hash == token_hash(token), StaffUserRow.active)
    )


def find_session(session: Session, token: str, lifetime: Lifetime) -> StaffSessionRow | None:
    """Return the live session with this token, with its `user` loaded."""
    return session.scalar(
        _BY_TOKEN, {"token_hash": token_hash(token), **_oldest(session, lifetime)}
    )


def live_sessions(session: Session, user_id: int, lifetime: Lifetime) -> Sequence[StaffSessionRow]:
    query = (
        select(StaffSessionRow)
        .where(StaffSessionRow.user_id == user_id, *_ALIVE)
        .order_by(StaffSessionRow.last_seen_at.desc(), StaffSessionRow.id.desc())
    )
    return session.scalars(query, _oldest(session, lifetime)).all()


def last_seen(session: Session, lifetime: Lifetime) -> Mapping[int, datetime]:
    found = session.execute(
        select(StaffSessionRow.user_id, func.max(StaffSessionRow.last_seen_at))
        .where(*_ALIVE)
        .group_by(StaffSessionRow.user_id),
        _oldest(session, lifetime),
    )
    return dict(found.all())


def touch_session(session: Session, session_id: int) -> None:
    session.get_one(StaffSessionRow, session_id).last_seen_at = session.now()


def reauthenticate(session: Session, session_id: int) -> str:
    """Store that the user authenticated again, and return the session's new token."""
    session.get_one(StaffSessionRow, session_id).authenticated_at = session.now()
    return renew_token(session, session_id)


def renew_token(session: Session, session_id: int) -> str:
    """Give a session a new token, which shuts out anyone who knows the old one; return it."""
    token = new_token()
    session.get_one(StaffSessionRow, session_id).token_hash = token_hash(token)
    return token


def end_session(session: Session, user_id: int, session_id: int) -> bool:
    """End one session of a user; False when this user has no such open session."""
    of_it = update(StaffSessionRow).where(StaffSessionRow.id == session_id, *_open_of(user_id))
    return affects_row(session, of_it.values(ended_at=session.now()))


def end_all_sessions(session: Session, user_id: int, but: int | None = None) -> None:
    """Sign a user out everywhere, except in the session with the ID `but`."""
    session.execute(
        update(StaffSessionRow)
        .where(*_open_of(user_id), StaffSessionRow.id != (but or 0))
        .values(ended_at=session.now())
    )


def _oldest(session: Session, lifetime: Lifetime) -> Mapping[str, datetime]:
    """The values that `_ALIVE` compares with."""
    now = session.now()
    return {"seen_after": now - lifetime.idle, "created_after": now - lifetime.absolute}


def _open_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return (StaffSessionRow.user_id == user_id, StaffSessionRow.ended_at.is_(None))


# The first match counts: most browsers also claim to be the ones further down.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """Describe a User-Agent header in a few words, as in "Firefox on Windows"."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    return f"{browser or 'Another browser'} on {system}" if system else browser or "Another browser"
