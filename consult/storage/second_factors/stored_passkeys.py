"""Passkeys as they are kept: the public half of each, and how often its device says it was used."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from consult.storage.db.database import Session
from consult.storage.tables.second_factor_tables import PasskeyRow

_HANDLE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of a person, by the name they gave it."""

    id: int
    user_id: int
    credential_id: bytes
    public_key: bytes
    user_handle: bytes
    name: str
    added_at: datetime
    used_at: datetime | None


def passkeys_of(session: Session, user_id: int) -> list[Passkey]:
    """The passkeys of a person, the oldest first."""
    rows = session.scalars(
        select(PasskeyRow).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.id)
    )
    return [_passkey(row) for row in rows]


def by_credential(session: Session, credential_id: bytes) -> Passkey | None:
    """The passkey that a device calls by this id."""
    row = session.scalar(select(PasskeyRow).where(PasskeyRow.credential_id == credential_id))
    return _passkey(row) if row else None


def handle_for(session: Session, user_id: int) -> bytes:
    """What devices call this person by: as on their other passkeys, or else something new."""
    known = session.scalar(
        select(PasskeyRow.user_handle).where(PasskeyRow.user_id == user_id).limit(1)
    )
    return known or secrets.token_bytes(_HANDLE_BYTES)


def add_passkey(
    session: Session,
    user_id: int,
    *,
    credential_id: bytes,
    public_key: bytes,
    user_handle: bytes,
    sign_count: int,
    name: str,
) -> bool:
    """Keep a new passkey; False when somebody has it already."""
    if by_credential(session, credential_id):
        return False
    session.add(
        PasskeyRow(
            user_id=user_id,
            credential_id=credential_id,
            public_key=public_key,
            user_handle=user_handle,
            sign_count=sign_count,
            name=name,
            added_at=session.now(),
        )
    )
    session.flush()
    return True


def use_passkey(session: Session, passkey_id: int, sign_count: int) -> bool:
    """Note a use that the device counts as its `sign_count`-th.

    Returns:
        False when the count did not go up: then there are two of a key that should exist once.
        Devices that do not count always say 0.
    """
    counts = sign_count > 0
    as_it_should = PasskeyRow.sign_count < sign_count if counts else PasskeyRow.sign_count == 0
    used = session.scalar(
        update(PasskeyRow)
        .where(PasskeyRow.id == passkey_id, as_it_should)
        .values(sign_count=sign_count, used_at=session.now())
        .returning(PasskeyRow.id)
    )
    return used is not None


def remove_passkey(session: Session, user_id: int, passkey_id: int) -> bool:
    """Forget a passkey of a person; False when this person has no such passkey."""
    removed = session.scalar(
        delete(PasskeyRow)
        .where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
        .returning(PasskeyRow.id)
    )
    return removed is not None


def _passkey(row: PasskeyRow) -> Passkey:
    return Passkey(
        id=row.id,
        user_id=row.user_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        user_handle=row.user_handle,
        name=row.name,
        added_at=row.added_at,
        used_at=row.used_at,
    )
