"""The audit log: added to only, sealed entry by entry."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from consult.storage.audit import audit_log
from consult.storage.db.database import Database
from consult.storage.tables.audit_tables import AuditRow
from tests.support.databases import Clock


def test_an_entry_tells_who_did_what_and_when(database: Database) -> None:
    with database.writing() as session:
        audit_log.record(session, "lead.exported", by=7, lead_id=3, rows=12)

    with database.reading() as session:
        entry = session.scalars(select(AuditRow)).one()
    assert (entry.action, entry.by_id, entry.lead_id) == ("lead.exported", 7, 3)
    assert (entry.facts, entry.at) == ({"rows": 12}, database.clock())


def test_each_entry_has_a_seal_of_its_own_even_when_all_say_the_same(database: Database) -> None:
    with database.writing() as session:
        for _ in range(3):
            audit_log.record(session, "lead.seen", by=7, lead_id=3)

    with database.reading() as session:
        assert len(set(session.scalars(select(AuditRow.seal)))) == 3


def test_the_entries_of_a_time_are_found_by_number(database: Database, clock: Clock) -> None:
    began = clock()
    with database.writing() as session:
        assert audit_log.number_at(session, began) == 1
    for passed in (0, 0, 5, 5, 5, 9):
        database.clock = lambda at=began + timedelta(minutes=passed): at  # type: ignore[misc]
        with database.writing() as session:
            audit_log.record(session, "lead.seen", by=7, lead_id=3)
    with database.reading() as session:
        found = [
            audit_log.number_at(session, began + timedelta(minutes=minute))
            for minute in (-1, 0, 1, 5, 6, 9, 10)
        ]
        assert found == [1, 1, 3, 3, 6, 6, 7]
        shown = audit_log.newest(session, limit=9, first=3, before=6)
    assert [entry.id for entry in shown] == [5, 4, 3]


@pytest.mark.parametrize("change", [update(AuditRow).values(action="nothing"), delete(AuditRow)])
def test_the_database_refuses_to_change_or_delete_an_entry(
    database: Database, change: object
) -> None:
    with database.writing() as session:
        audit_log.record(session, "lead.seen", by=7, lead_id=3)

    with pytest.raises(IntegrityError, match="added to only"), database.writing() as session:
        session.execute(change)  # type: ignore[call-overload]
