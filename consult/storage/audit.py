"""The audit log: who did what, to which lead, when. Added to and checked, never changed.

Each entry carries a seal: an HMAC, under a key made from the secret key, of its own content and of
the seal before it. Whoever changes, removes or inserts an entry without the key breaks the chain.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, text

from consult.storage.audit_tables import AuditRow
from consult.storage.database import Session

_FIRST = "0" * 64
Fact = str | int | bool | None


def record(
    session: Session, action: str, *, by: int | None, lead_id: int | None = None, **facts: Fact
) -> None:
    """Write down an action, in the transaction that does it.

    Args:
        session: a writing one.
        action: what was done, such as ``lead.exported``.
        by: the id of the member of staff; None for the command line and the application itself.
        lead_id: the lead it was done to.
        facts: what else to know. No answers, no contact details, nothing an owner typed.
    """
    if session.get_bind().dialect.name == "postgresql":
        # One entry after the other: two that seal the same one before them would break the chain.
        session.execute(text("LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE"))
    before = session.scalar(select(AuditRow.seal).order_by(AuditRow.id.desc()).limit(1))
    now = session.now()
    entry = _content(now, by, action, lead_id, facts)
    session.add(
        AuditRow(
            at=now,
            by_id=by,
            action=action,
            lead_id=lead_id,
            facts=facts,
            seal=_seal(session.audit_key, before or _FIRST, entry),
        )
    )
    session.flush()


def _content(
    at: datetime, by: int | None, action: str, lead_id: int | None, facts: Mapping[str, Fact]
) -> bytes:
    return json.dumps([at.isoformat(), by, action, lead_id, facts], sort_keys=True).encode()


def _seal(key: bytes, before: str, entry: bytes) -> str:
    return hmac.new(key, before.encode() + entry, hashlib.sha256).hexdigest()
