"""The addresses that webhooks go to: what each is told, how it is signed, and whether it is on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import select

from consult.storage.db.database import Session, lock_table
from consult.storage.tables.notification_tables import EndpointRow
from consult.workflow.notification_types import WEBHOOK_KINDS, Kind

OffReason = Literal["by_hand", "failing", "gone"]

OLD_SECRET_LIFE = timedelta(hours=24)
"""How long a secret that was replaced signs as well, so that receivers can be changed in peace."""

FAILING_FOR = timedelta(days=5)
"""After so long without a success, an address is switched off."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that is told.

    Attributes:
        fixed: set by the environment.
        kinds: what it is told of.
        with_contact: name, address and phone go out to it, where they were given.
        off_reason: why it is not active, if so.
        failing_since: when the first try failed after which none went well.
        salt: what its secret follows from; ``secret_check`` tells whether it still does.
        old_salt: that of the secret before, while both are used.
    """

    id: int
    address: str
    fixed: bool
    kinds: tuple[Kind, ...]
    with_contact: bool
    active: bool
    off_reason: OffReason | None
    failing_since: datetime | None
    salt: str
    secret_check: str
    old_salt: str | None
    old_until: datetime | None
    made_by_id: int | None
    created_at: datetime


def every(session: Session) -> Sequence[Endpoint]:
    """All addresses, that of the environment first."""
    rows = session.scalars(select(EndpointRow).order_by(EndpointRow.fixed.desc(), EndpointRow.id))
    return [_endpoint(row) for row in rows]


def by_id(session: Session, endpoint_id: int) -> Endpoint | None:
    """The endpoint with this id, or None."""
    row = session.get(EndpointRow, endpoint_id)
    return _endpoint(row) if row else None


def listening(session: Session, kind: Kind) -> Sequence[Endpoint]:
    """The endpoints that are told of this kind of news."""
    return [each for each in every(session) if each.active and kind in each.kinds]


def add(
    session: Session,
    address: str,
    kinds: Sequence[Kind],
    *,
    with_contact: bool,
    salt: str,
    secret_check: str,
    by: int | None,
    fixed: bool = False,
) -> int:
    """Add an address; returns its id."""
    row = EndpointRow(
        address=address,
        fixed=fixed,
        kinds=list(kinds),
        with_contact=with_contact,
        active=True,
        salt=salt,
        secret_check=secret_check,
        made_by_id=by,
        created_at=session.now(),
    )
    session.add(row)
    session.flush()
    return row.id


def keep_fixed(session: Session, address: str | None) -> int | None:
    """Have exactly one endpoint for the address that the environment sets, or none that is active.

    Returns:
        Its id, if an address is set.
    """
    row = session.scalar(_FIXED)
    if row is None and address:
        # Two workers that both find none would both add it, and each message would go out twice.
        lock_table(session, EndpointRow.__tablename__)
        row = session.scalar(_FIXED)
    if address is None:
        if row and row.active:
            _switch(row, "by_hand")
        return None
    if row is None:
        return add(
            session,
            address,
            WEBHOOK_KINDS,
            with_contact=False,
            salt="",
            secret_check="",
            by=None,
            fixed=True,
        )
    if row.address != address or row.off_reason == "by_hand":
        row.address = address
        _switch(row, None)
    session.flush()
    return row.id


def change(
    session: Session, endpoint_id: int, address: str, kinds: Sequence[Kind], *, with_contact: bool
) -> None:
    """Give an endpoint another address, kinds, or leave to have contact details."""
    row = session.get_one(EndpointRow, endpoint_id)
    row.address = address
    row.kinds = list(kinds)
    row.with_contact = with_contact


def switch(session: Session, endpoint_id: int, off: OffReason | None) -> None:
    """Switch an endpoint off for a reason, or on (None) with its past forgiven."""
    _switch(session.get_one(EndpointRow, endpoint_id), off)
    session.flush()


def rotate(session: Session, endpoint_id: int, salt: str, secret_check: str) -> datetime:
    """Give an endpoint a new secret; the one before signs as well until the returned moment."""
    row = session.get_one(EndpointRow, endpoint_id)
    until = session.now() + OLD_SECRET_LIFE
    row.old_salt, row.old_until = row.salt, until
    row.salt, row.secret_check = salt, secret_check
    return until


def remove(session: Session, endpoint_id: int) -> None:
    """Delete an endpoint with its log; what was on its way to it is not sent."""
    session.delete(session.get_one(EndpointRow, endpoint_id))


def note_try(session: Session, endpoint_id: int, at: datetime, *, failed: bool) -> bool:
    """Note how a try went.

    Returns:
        Whether the address has now failed for so long that it was switched off.
    """
    row = session.get_one(EndpointRow, endpoint_id)
    if not failed:
        row.failing_since = None
        return False
    row.failing_since = row.failing_since or at
    if not row.active or session.now() - row.failing_since < FAILING_FOR:
        return False
    _switch(row, "failing")
    return True


_FIXED = select(EndpointRow).where(EndpointRow.fixed).order_by(EndpointRow.id).limit(1)


def _switch(row: EndpointRow, off: OffReason | None) -> None:
    row.active = off is None
    row.off_reason = off
    if off is None:
        row.failing_since = None


def _endpoint(row: EndpointRow) -> Endpoint:
    return Endpoint(
        id=row.id,
        address=row.address,
        fixed=row.fixed,
        kinds=tuple(cast(Kind, kind) for kind in row.kinds),
        with_contact=row.with_contact,
        active=row.active,
        off_reason=cast(OffReason | None, row.off_reason),
        failing_since=row.failing_since,
        salt=row.salt,
        secret_check=row.secret_check,
        old_salt=row.old_salt,
        old_until=row.old_until,
        made_by_id=row.made_by_id,
        created_at=row.created_at,
    )
