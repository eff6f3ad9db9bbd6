"""The audit log: who did what, to which lead, when. Append-only: triggers refuse any change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from consult.storage.db.database import Session, is_writing
from consult.storage.tables.account_tables import AuditRow

Fact = str | int | bool | None

NO_USER = 0
"""As `by` of a filter: the command line, the application itself, and failed sign-ins."""

_BATCH_SIZE = 1000


def record(
    session: Session, action: str, *, by: int | None, lead_id: int | None = None, **facts: Fact
) -> None:
    """Add an entry, in the transaction of the action itself and as its last step.

    `action` is such as ``lead.exported``; `by` is the ID of the staff user, None for the command
    line and the application itself. `facts` hold no answers, no contact details, nothing an owner
    typed. Raises RuntimeError in a reading session, where the entry would be lost.
    """
    record_each(session, action, [(lead_id, facts)], by=by)


def record_each(
    session: Session,
    action: str,
    entries: Iterable[tuple[int | None, Mapping[str, Fact]]],
    *,
    by: int | None,
) -> None:
    """Add one entry with the same action for each of many leads: their IDs, and facts on each."""
    if not is_writing(session):
        raise RuntimeError(f"{action} can only be recorded in a writing session")
    if not session.audited:
        return
    now = session.now()
    session.add_all(
        AuditRow(at=now, by_id=by, action=action, lead_id=lead_id, facts=dict(facts))
        for lead_id, facts in entries
    )


def newest(
    session: Session,
    *,
    limit: int,
    before: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    by: int | None = None,
    action: str = "",
    lead_id: int | None = None,
) -> Sequence[AuditRow]:
    """Return the newest entries, latest first.

    `before` is an ID that all are below; `since` (inclusive) and `until` (exclusive), `by` (a
    user's ID, or `NO_USER`), `action` and `lead_id` filter them.
    """
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRow.id < before)
    if since is not None:
        query = query.where(AuditRow.at >= since)
    if until is not None:
        query = query.where(AuditRow.at < until)
    if by is not None:
        query = query.where(AuditRow.by_id.is_(None) if by == NO_USER else AuditRow.by_id == by)
    if action:
        query = query.where(AuditRow.action == action)
    if lead_id is not None:
        query = query.where(AuditRow.lead_id == lead_id)
    return session.scalars(query).all()


def entries(
    session: Session, *, after_id: int = 0, since: datetime | None = None
) -> Iterator[AuditRow]:
    """Yield all entries, or those above an ID or from a time on, oldest first."""
    query = select(AuditRow).order_by(AuditRow.id).limit(_BATCH_SIZE)
    if since is not None:
        query = query.where(AuditRow.at >= since)
    while batch := session.scalars(query.where(AuditRow.id > after_id)).all():
        yield from batch
        after_id = batch[-1].id


LAST_RECORDED = (
    select(AuditRow.at)
    .where(
        AuditRow.lead_id == bindparam("lead_id"),
        AuditRow.by_id == bindparam("by"),
        AuditRow.action == bindparam("action"),
    )
    .order_by(AuditRow.id.desc())
    .limit(1)
)
"""When an `action` of a user, `by`, on the lead `lead_id` was last recorded."""


def known_actions(session: Session) -> Sequence[str]:
    return session.scalars(select(AuditRow.action).distinct().order_by(AuditRow.action)).all()
