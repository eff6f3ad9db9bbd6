"""The audit log: append-only."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from consult.storage.audit import audit_log
from consult.storage.db.database import Database
from consult.storage.tables.account_tables import AuditRow
from tests.support.databases import Clock, rows


def record(database: Database, action: str = "lead.seen", **facts: int) -> None:
    with database.writing() as session:
        audit_log.record(session, action, by=7, lead_id=3, **facts)


def test_an_entry_says_who_did_what_and_when(database: Database) -> None:
    record(database, "lead.exported", rows=12)
    (entry,) = rows(database, AuditRow)
    assert (entry.action, entry.by_id, entry.lead_id) == ("lead.exported", 7, 3)
    assert (entry.facts, entry.at) == ({"rows": 12}, database.clock())


def test_an_entry_in_a_reading_session_is_refused(database: Database) -> None:
    with database.reading() as session, pytest.raises(RuntimeError, match="writing session"):
        audit_log.record(session, "lead.seen", by=1)


def test_entry_batches(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "_BATCH_SIZE", 2)
    began = clock()
    for minutes in (0, 0, 5, 5, 9):
        database.clock = lambda at=began + timedelta(minutes=minutes): at  # type: ignore[misc]
        record(database)
    since = began + timedelta(minutes=5)
    with database.reading() as session:
        assert [entry.id for entry in audit_log.entries(session)] == [1, 2, 3, 4, 5]
        assert [entry.id for entry in audit_log.entries(session, after_id=4)] == [5]
        assert [entry.id for entry in audit_log.entries(session, since=since)] == [3, 4, 5]
        shown = audit_log.newest(session, limit=9, since=since, until=began + timedelta(minutes=9))
    assert [entry.id for entry in shown] == [4, 3]


@pytest.mark.parametrize("change", [update(AuditRow).values(action="nothing"), delete(AuditRow)])
def test_entries_can_be_neither_changed_nor_deleted(database: Database, change: object) -> None:
    record(database)
    with pytest.raises(IntegrityError, match="append-only"), database.writing() as session:
        session.execute(change)  # type: ignore[call-overload]
