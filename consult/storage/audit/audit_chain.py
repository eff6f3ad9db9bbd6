"""What keeps the audit log from being changed unseen: seals that hang together.

Entries are numbered from 1 without a gap. Each carries a seal: an HMAC, under a key made from the
secret key, of its own number and content and of the seal before it. Whoever changes, removes,
inserts or moves an entry without the key breaks the chain. Only entries cut off at the end leave
no break: whoever noted down a `Mark` elsewhere finds that too.
"""

import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from consult.storage.db.database import Session
from consult.storage.tables.audit_tables import AuditRow

Fact = str | int | bool | None

FIRST_SEAL = "0" * 64
"""What stands for the seal before the first entry."""

_CHUNK = 1000
_COLUMNS = (
    AuditRow.id,
    AuditRow.at,
    AuditRow.by_id,
    AuditRow.action,
    AuditRow.lead_id,
    AuditRow.facts,
    AuditRow.seal,
)


def seal_of(
    key: bytes,
    before: str,
    number: int,
    at: datetime,
    by: int | None,
    action: str,
    lead_id: int | None,
    facts: Mapping[str, Fact],
) -> str:
    """The seal of an entry with this number and content, after one with the seal `before`."""
    content = json.dumps([number, at.isoformat(), by, action, lead_id, facts], sort_keys=True)
    return hmac.new(key, (before + content).encode(), hashlib.sha256).hexdigest()


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
        self._seal = FIRST_SEAL
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
        entry = (row.id, row.at, row.by_id, row.action, row.lead_id, row.facts)
        while seal_of(self._keys[0], self._seal, *entry) != row.seal:
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
