"""The audit log: who did what, to which lead, when. Added to and checked, never changed.

Entries are numbered from 1 without a gap. Each carries a seal: an HMAC, under a key made from the
secret key, of its own number and content and of the seal before it. Whoever changes, removes,
inserts or moves an entry without the key breaks the chain. Only entries cut off at the end leave
no break: whoever noted down a `Mark` elsewhere finds that too.
"""

import hashlib
import hmac
import json
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, event, func, select, text

from consult.storage.audit_tables import AuditRow
from consult.storage.database import Session, is_writing

_FIRST = "0" * 64
_CHUNK = 1000
_UNSEALED = "unsealed_audit_entries"
Fact = str | int | bool | None
_Unsealed = tuple[str, int | None, int | None, Mapping[str, Fact]]

NOBODY = 0
"""As `by` of a filter: the command line, the application itself, and whoever did not get in."""

_COLUMNS = (
    AuditRow.id,
    AuditRow.at,
    AuditRow.by_id,
    AuditRow.action,
    AuditRow.lead_id,
    AuditRow.facts,
    AuditRow.seal,
)
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


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry's number and seal: a place in the log that can be noted down elsewhere."""

    number: int
    seal: str

    def __str__(self) -> str:
        return f"{self.number}:{self.seal}"

    @classmethod
    def read(cls, noted: str) -> "Mark":
        """The mark that was noted as `number:seal`; raises ValueError."""
        if not re.fullmatch(r"[1-9]\d{0,17}:[0-9a-f]{64}", noted):
            raise ValueError(f"{noted!r} is not a mark such as 12:{'ab' * 4}…")
        number, seal = noted.split(":")
        return cls(int(number), seal)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of the log found.

    Attributes:
        entries: how many fit, from the first one on.
        last: the last of them; None where there is none.
        broken: the number of the first entry that does not fit; None where all do.
        why: what is wrong with it, or with the log's end; empty where nothing is.
    """

    entries: int
    last: Mark | None
    broken: int | None = None
    why: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.why


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
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE"))
    last = session.execute(
        select(AuditRow.id, AuditRow.seal).order_by(AuditRow.id.desc()).limit(1)
    ).one_or_none()
    number, seal = (last.id, last.seal) if last else (0, _FIRST)
    now = session.now()
    for action, by, lead_id, facts in unsealed:
        number += 1
        content = _content(number, now, by, action, lead_id, facts)
        seal = _seal(session.audit_key, seal, content)
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
    query = select(*_COLUMNS).order_by(AuditRow.id.desc()).limit(limit)
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
        for row in session.execute(query)
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


def verify(
    session: Session,
    *,
    former_keys: Sequence[bytes] = (),
    expected: Mark | None = None,
    progress: Callable[[int], object] = lambda _entries: None,
) -> Checked:
    """Look at every entry, oldest first, until one does not fit.

    Args:
        session: a reading one.
        former_keys: what the log was sealed under before its key changed, oldest first.
        expected: a place noted down earlier, which has to be there still.
        progress: is told now and then how many more entries were looked at.
    """
    chain = _Chain([*former_keys, session.audit_key], expected)
    while rows := _chunk(session, after=chain.number):
        for row in rows:
            if why := chain.refuses(row):
                return Checked(chain.number, chain.last, row.id, why)
        progress(len(rows))
    return Checked(chain.number, chain.last, why=chain.unfinished())


class _Chain:
    """The part of the log that fits so far."""

    def __init__(self, keys: Sequence[bytes], expected: Mark | None) -> None:
        self.number = 0
        self._seal = _FIRST
        self._keys = deque(keys)
        self._expected = expected

    @property
    def last(self) -> Mark | None:
        """The last entry that fits."""
        return Mark(self.number, self._seal) if self.number else None

    def refuses(self, row: "Row[Any] | _Unreadable") -> str:
        """Why an entry does not follow on the last one; "" where it does, and is the last now."""
        if row.id != self.number + 1:
            return f"the entries from {self.number + 1} to {row.id - 1} are missing"
        if isinstance(row, _Unreadable):
            return "it was changed to something that cannot be read"
        if not self._fits(row):
            other_key = ", or another secret key was used then" if self.number == 0 else ""
            return f"it was changed, or is not the one that was written here{other_key}"
        self.number, self._seal = row.id, row.seal
        noted = self._expected
        if noted and noted.number == self.number and noted.seal != self._seal:
            return "it is not the one that you noted: the log was written anew"
        return ""

    def unfinished(self) -> str:
        """Why the log cannot end here; "" where it can."""
        if self._expected is None or self._expected.number <= self.number:
            return ""
        return f"it ends before entry {self._expected.number}, which you noted: the end is missing"

    def _fits(self, row: "Row[Any]") -> bool:
        content = _content(row.id, row.at, row.by_id, row.action, row.lead_id, row.facts)
        while _seal(self._keys[0], self._seal, content) != row.seal:
            if len(self._keys) == 1:
                return False
            self._keys.popleft()  # from here on the next one was in use, and no former one
        return True


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """An entry that the database itself cannot make sense of."""

    id: int


def _chunk(session: Session, after: int) -> Sequence["Row[Any] | _Unreadable"]:
    query = select(*_COLUMNS).where(AuditRow.id > after).order_by(AuditRow.id)
    try:
        return session.execute(query.limit(_CHUNK)).all()
    except (ValueError, TypeError):
        return list(_one_by_one(session, query))


def _one_by_one(session: Session, query: "Select[Any]") -> Iterator["Row[Any] | _Unreadable"]:
    """Entries up to and with the first one that cannot be read."""
    ids = session.scalars(query.with_only_columns(AuditRow.id).limit(_CHUNK)).all()
    for number in ids:
        try:
            yield session.execute(query.where(AuditRow.id == number)).one()
        except (ValueError, TypeError):
            yield _Unreadable(number)
            return


def _content(
    number: int,
    at: datetime,
    by: int | None,
    action: str,
    lead_id: int | None,
    facts: Mapping[str, Fact],
) -> bytes:
    return json.dumps([number, at.isoformat(), by, action, lead_id, facts], sort_keys=True).encode()


def _seal(key: bytes, before: str, content: bytes) -> str:
    return hmac.new(key, before.encode() + content, hashlib.sha256).hexdigest()
