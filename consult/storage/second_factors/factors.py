"""Second factors: authenticator apps, passkeys, recovery codes, and single-use tokens.

Whatever may be used once is used by one statement, so that of two concurrent requests with the
same code, in whatever processes, one gets nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, union, update

from consult.crypto import token_hash
from consult.storage.db.database import Session, add_if_new, affects_row
from consult.storage.tables.account_tables import (
    AuthenticatorRow,
    IdentityRow,
    PasskeyRow,
    RecoveryCodeRow,
    StaffUserRow,
    UsedTokenRow,
)

RECOVERY_CODES = 10
# Without 0, 1, I and O, which look alike on paper: 32 characters, so 25 of them are 125 random
# bits. Those cannot be guessed from the hashes either, so plain hashes are enough.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 5, 5
_HANDLE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Factors:
    """A user's second factors: since when an app, and how many passkeys and unused codes."""

    app_since: datetime | None
    passkeys: int
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether a second factor is asked for; recovery codes alone are none."""
        return self.app_since is not None or self.passkeys > 0


def factors_of(session: Session, user_id: int) -> Factors:
    passkeys = select(func.count()).where(PasskeyRow.user_id == user_id).scalar_subquery()
    codes = (
        select(func.count())
        .where(RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.used_at.is_(None))
        .scalar_subquery()
    )
    since = select(AuthenticatorRow.added_at).where(AuthenticatorRow.user_id == user_id)
    return Factors(*session.execute(select(since.scalar_subquery(), passkeys, codes)).one())


def users_with_factors(session: Session) -> frozenset[int]:
    found = union(select(AuthenticatorRow.user_id), select(PasskeyRow.user_id))
    return frozenset(session.scalars(found))


def remove_all_factors(session: Session, user_id: int) -> None:
    """Remove a user's factors, codes and linked identities: only the password is left."""
    for table in (AuthenticatorRow, PasskeyRow, RecoveryCodeRow, IdentityRow):
        session.execute(delete(table).where(table.user_id == user_id))


def set_authenticator(session: Session, user_id: int, encrypted_secret: bytes, step: int) -> None:
    """Store a user's app, replacing any other; `step` is that of the code that confirmed it."""
    remove_authenticator(session, user_id)
    row = AuthenticatorRow(user_id=user_id, encrypted_secret=encrypted_secret, last_step=step)
    row.added_at = session.now()
    session.add(row)
    session.flush()


def encrypted_secret(session: Session, user_id: int) -> bytes | None:
    return session.scalar(
        select(AuthenticatorRow.encrypted_secret).where(AuthenticatorRow.user_id == user_id)
    )


def use_step(session: Session, user_id: int, step: int) -> bool:
    """Use the code of a time step, and all before it; False when it was used already."""
    of_it = (AuthenticatorRow.user_id == user_id, AuthenticatorRow.last_step < step)
    return affects_row(session, update(AuthenticatorRow).where(*of_it).values(last_step=step))


def remove_authenticator(session: Session, user_id: int) -> None:
    session.execute(delete(AuthenticatorRow).where(AuthenticatorRow.user_id == user_id))


def passkeys_of(session: Session, user_id: int) -> Sequence[PasskeyRow]:
    return session.scalars(
        select(PasskeyRow).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.id)
    ).all()


def passkey_by_credential(session: Session, credential_id: bytes) -> PasskeyRow | None:
    return session.scalar(select(PasskeyRow).where(PasskeyRow.credential_id == credential_id))


def user_handle(session: Session, user_id: int) -> bytes:
    """Return the devices' ID of this user: that of their other passkeys, or a new one."""
    known = session.scalar(
        select(PasskeyRow.user_handle).where(PasskeyRow.user_id == user_id).limit(1)
    )
    return known or secrets.token_bytes(_HANDLE_BYTES)


def add_passkey(session: Session, passkey: PasskeyRow) -> bool:
    """Store a new passkey; False when its credential is known already."""
    if passkey_by_credential(session, passkey.credential_id):
        return False
    passkey.added_at = session.now()
    session.add(passkey)
    session.flush()
    return True


def use_passkey(session: Session, passkey_id: int, sign_count: int) -> bool:
    """Store a use that the device counts as its `sign_count`-th, 0 where it does not count.

    Returns False when the count did not go up: then the key was cloned.
    """
    as_expected = PasskeyRow.sign_count < sign_count if sign_count else PasskeyRow.sign_count == 0
    of_it = update(PasskeyRow).where(PasskeyRow.id == passkey_id, as_expected)
    return affects_row(session, of_it.values(sign_count=sign_count, used_at=session.now()))


def remove_passkey(session: Session, user_id: int, passkey_id: int) -> bool:
    of_it = (PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
    return affects_row(session, delete(PasskeyRow).where(*of_it))


def create_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Create ten new codes, replacing any before, and return them; only hashes are stored."""
    # Of a double click, the second waits: it would not see the codes of the first, and leave them.
    session.get_one(StaffUserRow, user_id, with_for_update={"key_share": True})
    remove_recovery_codes(session, user_id)
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCodeRow(code_hash=_code_hash(code), user_id=user_id) for code in codes)
    session.flush()
    return codes


def use_recovery_code(session: Session, user_id: int, code: str) -> bool:
    """Use one of a user's codes, typed in any case and grouping; False when it is not one."""
    of_it = update(RecoveryCodeRow).where(
        RecoveryCodeRow.user_id == user_id,
        RecoveryCodeRow.code_hash == _code_hash(code),
        RecoveryCodeRow.used_at.is_(None),
    )
    return affects_row(session, of_it.values(used_at=session.now()))


def remove_recovery_codes(session: Session, user_id: int) -> None:
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))


def use_once(session: Session, token: str, valid: timedelta) -> bool:
    """Use a single-use token, such as a challenge; False when it was used before.

    Only its hash is stored, for as long as it would work.
    """
    now = session.now()
    session.execute(delete(UsedTokenRow).where(UsedTokenRow.expires_at <= now))
    row = {"token_hash": token_hash(token), "expires_at": now + valid}
    return add_if_new(session, UsedTokenRow, row) is not None


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _code_hash(code: str) -> str:
    characters = "".join(character for character in code.upper() if character in _ALPHABET)
    return token_hash(characters)
