"""Second factors: the authenticator app of a person, recovery codes, and what works once.

Secrets of apps arrive encrypted. Whatever may be used once is used up by one statement, so that of
two who come with the same code, in whatever processes, one gets nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select, text, union, update

from consult.crypto import token_hash
from consult.storage.db.base import UtcDateTime
from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.second_factor_tables import (
    AuthenticatorRow,
    IdentityRow,
    PasskeyRow,
    RecoveryCodeRow,
    SpentRow,
)

RECOVERY_CODES = 10
# Without 0, 1, I and O, which look alike on paper: 32 signs, so 25 of them are 125 random bits.
# Nobody guesses those from the hashes either, so plain hashes will do.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 5, 5

_SPEND = text(
    "INSERT INTO staff_spent (mark, expires_at) VALUES (:mark, :expires_at) "
    "ON CONFLICT (mark) DO NOTHING RETURNING mark"
).bindparams(bindparam("expires_at", type_=UtcDateTime))


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has besides a password: since when an app, how many passkeys and codes."""

    app_since: datetime | None
    passkeys: int
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether there is a second factor to ask for; codes alone are none."""
        return self.app_since is not None or self.passkeys > 0


def factors_of(session: Session, user_id: int) -> Factors:
    """What a person has besides a password."""
    passkeys = select(func.count()).where(PasskeyRow.user_id == user_id).scalar_subquery()
    codes = (
        select(func.count())
        .where(RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.used_at.is_(None))
        .scalar_subquery()
    )
    since = (
        select(AuthenticatorRow.added_at)
        .where(AuthenticatorRow.user_id == user_id)
        .scalar_subquery()
    )
    found = session.execute(select(since, passkeys, codes)).one()
    return Factors(*found)


def who_has_any(session: Session) -> frozenset[int]:
    """The ids of all who have a second factor."""
    having = union(select(AuthenticatorRow.user_id), select(PasskeyRow.user_id))
    return frozenset(session.scalars(having))


def forget_factors(session: Session, user_id: int) -> None:
    """Take every factor and every link to a provider from a person: only a password is left."""
    for table in (AuthenticatorRow, PasskeyRow, RecoveryCodeRow, IdentityRow):
        session.execute(delete(table).where(table.user_id == user_id))


def set_authenticator(session: Session, user_id: int, sealed_secret: bytes, step: int) -> None:
    """Take an app instead of any before; `step` is that of the code it was shown to work by."""
    remove_authenticator(session, user_id)
    session.add(
        AuthenticatorRow(
            user_id=user_id, sealed_secret=sealed_secret, last_step=step, added_at=session.now()
        )
    )
    session.flush()


def sealed_secret(session: Session, user_id: int) -> bytes | None:
    """The encrypted secret of somebody's app."""
    return session.scalar(
        select(AuthenticatorRow.sealed_secret).where(AuthenticatorRow.user_id == user_id)
    )


def use_step(session: Session, user_id: int, step: int) -> bool:
    """Use up the code of a half minute, and all before it; False when it was used up already."""
    used = session.scalar(
        update(AuthenticatorRow)
        .where(AuthenticatorRow.user_id == user_id, AuthenticatorRow.last_step < step)
        .values(last_step=step)
        .returning(AuthenticatorRow.user_id)
    )
    return used is not None


def remove_authenticator(session: Session, user_id: int) -> None:
    """Forget somebody's app."""
    session.execute(delete(AuthenticatorRow).where(AuthenticatorRow.user_id == user_id))


def make_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Make ten new codes; the ones before stop working.

    Returns:
        The codes as a person writes them down. They are stored nowhere and cannot be had again.
    """
    # Of a double click, the second waits: it would not see the codes of the first, and leave them.
    session.get_one(StaffUserRow, user_id, with_for_update={"key_share": True})
    remove_recovery_codes(session, user_id)
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCodeRow(code_hash=_code_hash(code), user_id=user_id) for code in codes)
    session.flush()
    return codes


def use_recovery_code(session: Session, user_id: int, code: str) -> bool:
    """Use one of somebody's codes up, written in any way; False when it is not one, or was used."""
    used = session.scalar(
        update(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.user_id == user_id,
            RecoveryCodeRow.code_hash == _code_hash(code),
            RecoveryCodeRow.used_at.is_(None),
        )
        .values(used_at=session.now())
        .returning(RecoveryCodeRow.code_hash)
    )
    return used is not None


def remove_recovery_codes(session: Session, user_id: int) -> None:
    """Forget somebody's codes, used or not."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))


def spend(session: Session, mark: str, valid: timedelta) -> bool:
    """Use up something that works once, such as a challenge; False when somebody did so before.

    Args:
        session: a writing one.
        mark: what it is; stored as a hash.
        valid: how long it would work; after that nobody needs to remember it.
    """
    now = session.now()
    session.execute(delete(SpentRow).where(SpentRow.expires_at <= now))
    values = {"mark": token_hash(mark), "expires_at": now + valid}
    return session.scalar(_SPEND, values) is not None


def _new_code() -> str:
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _code_hash(code: str) -> str:
    signs = "".join(sign for sign in code.upper() if sign in _SIGNS)
    return token_hash(signs)
