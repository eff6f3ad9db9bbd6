"""Leads read for an export, in batches, while staff keep working."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from consult.storage.db.database import Database
from consult.storage.exports import lead_export
from consult.storage.exports.lead_export import matching_batches, selected_batches
from consult.storage.search.find_leads import next_ids
from consult.storage.search.lead_filter import SORTS, LeadFilter, Viewer
from consult.storage.tables.lead_tables import LeadRow
from tests.support.databases import read
from tests.support.lead_factories import new_lead
from tests.support.many_leads import make_many
from tests.support.submissions import CONTACT

ME = Viewer(id=1, zone=ZoneInfo("UTC"))


def test_batches_in_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two batches no transaction is open, so that a slow reader blocks no one."""
    monkeypatch.setattr(lead_export, "BATCH_SIZE", 7)
    make_many(database, 20)
    for sort in SORTS:
        wanted = LeadFilter(sort=sort)
        expected, _ = read(database, next_ids, wanted, ME, 1_000)
        seen = []
        for number, leads in enumerate(matching_batches(database, wanted, ME)):
            assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # is a queue
            with database.writing() as session:
                session.execute(update(LeadRow).values(version=number + 2))
            seen += [lead["id"] for lead in leads]
        assert len(expected) > 2 * 7
        assert seen == expected, sort


def test_leads_selected_by_id_come_in_that_order_without_unknown_ones(database: Database) -> None:
    make_many(database, 5)
    batches = list(selected_batches(database, [4, 99, 2]))
    assert [lead["id"] for leads in batches for lead in leads] == [4, 2]


def test_programs_get_leads_in_the_order_asked_for(database: Database) -> None:
    bare, known = new_lead(database), new_lead(database, contact=True)
    found = read(database, lead_export.read_many, [known, bare, 77], "https://check.example")
    assert [(lead["id"], lead["has_contact"]) for lead in found] == [(known, True), (bare, False)]
    assert found[0]["contact"]["email"] == CONTACT.email
    one = read(database, lead_export.read_one, known, "https://check.example")
    assert one
    assert one["scorecard"] == {"separation": {"confirmed": 41.7}}
    assert one["url"] == f"https://check.example/staff/leads/{known}"
    assert read(database, lead_export.read_one, 77, "") is None
