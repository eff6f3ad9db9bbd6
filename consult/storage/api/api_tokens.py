"""API tokens: made, found, revoked; and what changes with an Idempotency-Key were answered with.

A token is `rc_` and 256 bits. Only its hash is stored, so a copy of the database calls nothing. It
acts in the name of the admin who made it, and stops when that account is disabled.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, get_args

from sqlalchemy import delete, select
from sqlalchemy.orm import contains_eager, joinedload

from consult.crypto import token_hash
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.db.database import Session
from consult.storage.notifications import notifications
from consult.storage.tables.account_tables import ApiAnswerRow, ApiTokenRow, StaffUserRow

Scope = Literal["read", "contact", "write"]
"""Every token has `read`; `contact` adds contact info to what is read; `write` moves leads."""
SCOPES: tuple[Scope, ...] = get_args(Scope)

PREFIX = "rc_"

USE_STEP = timedelta(hours=1)
"""When a token was last used is stored at most once in this time, so that reading stays cheap."""

ANSWER_LIFE = timedelta(hours=24)
"""How long a change with the same Idempotency-Key gets the same answer."""

_HINT = len(PREFIX) + 4

# Built once: every request runs it.
_WITH_USER = select(ApiTokenRow).join(ApiTokenRow.user).options(contains_eager(ApiTokenRow.user))


def make(
    session: Session, token: str, name: str, scopes: Sequence[Scope], *, life: timedelta, by: int
) -> ApiTokenRow:
    """Store a token that `by` made, and alert them.

    One that is stored already stays as it is, even if it was revoked.
    """
    hashed = token_hash(token)
    stored = session.scalar(select(ApiTokenRow).where(ApiTokenRow.token_hash == hashed))
    if stored:
        return stored
    now = session.now()
    row = ApiTokenRow(user_id=by, name=name, token_hash=hashed, hint=token[:_HINT])
    row.scopes = [scope for scope in SCOPES if scope == "read" or scope in scopes]
    row.created_at, row.expires_at = now, now + life
    session.add(row)
    session.flush()
    facts: dict[str, Fact] = {"name": name, "scopes": " ".join(row.scopes), "days": life.days}
    notifications.record_account_change(
        session, "token.made", user_id=by, by=by, token=row.id, **facts
    )
    return row


def all_tokens(session: Session) -> Sequence[ApiTokenRow]:
    """All tokens with their users, the newest first: also those that expired, unless revoked."""
    query = select(ApiTokenRow).options(joinedload(ApiTokenRow.user))
    kept = query.where(ApiTokenRow.revoked_at.is_(None))
    return session.scalars(kept.order_by(ApiTokenRow.id.desc())).all()


def revoke(session: Session, token_id: int, *, by: int) -> bool:
    """End a token at once, for good; False if there is none with this id, or it was revoked."""
    row = session.get(ApiTokenRow, token_id, with_for_update=True)
    if row is None or row.revoked_at:
        return False
    row.revoked_at = session.now()
    audit_log.record(session, "token.revoked", by=by, token=token_id, name=row.name)
    return True


def find(session: Session, token: str) -> ApiTokenRow | None:
    """The token with its user; None if it's unknown, expired or revoked, or its user disabled."""
    return session.scalar(
        _WITH_USER.where(
            ApiTokenRow.token_hash == token_hash(token),
            ApiTokenRow.expires_at > session.now(),
            ApiTokenRow.revoked_at.is_(None),
            StaffUserRow.active,
        )
    )


def touch(session: Session, token_id: int) -> None:
    """Store that a token was used now."""
    session.get_one(ApiTokenRow, token_id).last_used_at = session.now()


class OtherRequestError(ValueError):
    """The same Idempotency-Key was used for another change."""


def earlier_answer(
    session: Session, token_id: int, key: str, request: bytes
) -> Mapping[str, Any] | None:
    """What a change was answered with in the last 24 hours; None if it's new.

    Lock the lead first. A repetition that comes at the same moment waits here, and finds the
    answer. Raises OtherRequestError when the `request` was another.
    """
    session.execute(select(ApiTokenRow.id).where(ApiTokenRow.id == token_id).with_for_update())
    row = session.get(ApiAnswerRow, (token_id, _hash(key.encode())))
    if row is None or session.now() - row.created_at >= ANSWER_LIFE:
        return None
    if row.request_hash != _hash(request):
        raise OtherRequestError
    return row.answer


def store_answer(
    session: Session,
    token_id: int,
    key: str,
    request: bytes,
    lead_id: int,
    answer: Mapping[str, Any],
) -> None:
    """Keep the answer to a change of a lead for its repetitions; it holds no personal data."""
    key_hash = _hash(key.encode())
    mine = (ApiAnswerRow.token_id == token_id, ApiAnswerRow.key_hash == key_hash)
    session.execute(delete(ApiAnswerRow).where(*mine))  # one that is older than a day
    row = ApiAnswerRow(token_id=token_id, key_hash=key_hash, request_hash=_hash(request))
    row.submission_id, row.answer, row.created_at = lead_id, dict(answer), session.now()
    session.add(row)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
