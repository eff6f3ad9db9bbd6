"""The audit log: who did what, to which lead, when. Added to and looked at, never changed."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select, text

from consult.storage.audit.audit_chain import FIRST_SEAL, Fact, seal_of
from consult.storage.db.database import Session, is_writing, write_in_turn
from consult.storage.tables.audit_tables import AuditRow

NOBODY = 0
"""As `by` of a filter: the command line, the application itself, and whoever did not get in."""

_UNSEALED = "unsealed_audit_entries"
_Unsealed = tuple[str, int | None, int | None, Mapping[str, Fact]]

# From each action to the next, by the index: a few steps, however long the log is.
_ACTIONS = text(
    """
    WITH RECURSIVE found(action) AS (
        SELECT min(action) FROM audit_log
        UNION ALL
        SELECT (SELECT min(action) FROM audit_log WHERE action > found.action)
        FROM found WHERE found.action IS NOT NULL
    )
    SELECT action FROM found WHERE action IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `by_id` is None where no member of staff did it."""

    id: int
    at: datetime
    by_id: int | None
    action: str
    lead_id: int | None
    facts: Mapping[str, Any]


def record(
    session: Session, action: str, *, by: int | None, lead_id: int | None = None, **facts: Fact
) -> None:
    """Write down an action, in the transaction that does it, and as the last thing that it does.

    Args:
        session: a writing one; with another, RuntimeError: the entry would be lost.
        action: what was done, such as ``lead.exported``.
        by: the id of the member of staff; None for the command line and the application itself.
        lead_id: the lead it was done to.
        facts: what else to know. No answers, no contact details, nothing an owner typed.
    """
    _add(session, action, by, [(lead_id, facts)])


def record_each(
    session: Session, action: str, *, by: int | None, leads: Mapping[int, Mapping[str, Fact]]
) -> None:
    """Write down the same action for each of many leads: their ids, and the facts of each."""
    _add(session, action, by, list(leads.items()))


def _add(
    session: Session,
    action: str,
    by: int | None,
    entries: Sequence[tuple[int | None, Mapping[str, Fact]]],
) -> None:
    if not is_writing(session):
        raise RuntimeError(f"{action} can only be recorded in a writing session")
    unsealed: list[_Unsealed] = session.info.setdefault(_UNSEALED, [])
    unsealed += [(action, by, lead_id, facts) for lead_id, facts in entries]


@event.listens_for(Session, "before_commit")
def _seal_what_was_recorded(session: Session) -> None:
    """Add the entries of a transaction to the log.

    One transaction after the other: two that seal the same entry before theirs would break the
    chain. Whoever has the turn keeps it until the end, so it is taken when there is nothing else
    left to wait for: taken in the midst, it had people and workers wait for one another in rings.
    """
    unsealed: list[_Unsealed] = session.info.pop(_UNSEALED, [])
    if not unsealed:
        return
    session.flush()
    write_in_turn(session, AuditRow.__tablename__)
    last = session.execute(
        select(AuditRow.id, AuditRow.seal).order_by(AuditRow.id.desc()).limit(1)
    ).one_or_none()
    number, seal = (last.id, last.seal) if last else (0, FIRST_SEAL)
    now = session.now()
    for action, by, lead_id, facts in unsealed:
        number += 1
        seal = seal_of(session.audit_key, seal, number, now, by, action, lead_id, facts)
        session.add(
            AuditRow(
                id=number,
                at=now,
                by_id=by,
                action=action,
                lead_id=lead_id,
                facts=dict(facts),
                seal=seal,
            )
        )


def newest(
    session: Session,
    *,
    limit: int,
    first: int = 1,
    before: int | None = None,
    by: int | None = None,
    action: str = "",
    lead_id: int | None = None,
) -> list[Entry]:
    """The newest entries, latest first.

    `first` and `before` say from which number on and below which; `by` (a person's id, or
    `NOBODY`), `action` and `lead_id` narrow them down.
    """
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if first > 1:
        query = query.where(AuditRow.id >= first)
    if before is not None:
        query = query.where(AuditRow.id < before)
    if by is not None:
        query = query.where(AuditRow.by_id.is_(None) if by == NOBODY else AuditRow.by_id == by)
    if action:
        query = query.where(AuditRow.action == action)
    if lead_id is not None:
        query = query.where(AuditRow.lead_id == lead_id)
    return [
        Entry(row.id, row.at, row.by_id, row.action, row.lead_id, row.facts)
        for row in session.scalars(query)
    ]


def number_at(session: Session, moment: datetime) -> int:
    """The number of the first entry at or after a moment; the next number when there is none.

    Entries are numbered as they come, so it is found by halving, however long the log is.
    """

    def at(number: int) -> datetime:
        query = select(AuditRow.at).where(AuditRow.id >= number).order_by(AuditRow.id).limit(1)
        return session.scalars(query).one()

    last = session.scalar(select(func.max(AuditRow.id))) or 0
    return 1 + bisect_left(range(1, last + 1), moment, key=at)


def was_noted(session: Session, action: str, *, by: int, lead_id: int, within: timedelta) -> bool:
    """Whether somebody did this to a lead a short while ago, and the log says so."""
    last = session.scalar(
        select(AuditRow.at)
        .where(AuditRow.lead_id == lead_id, AuditRow.by_id == by, AuditRow.action == action)
        .order_by(AuditRow.id.desc())
        .limit(1)
    )
    return last is not None and session.now() - last < within


def known_actions(session: Session) -> list[str]:
    """Every action that is in the log, in order of the alphabet."""
    return list(session.scalars(_ACTIONS))


def count(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(AuditRow)) or 0
