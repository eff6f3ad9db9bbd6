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
from tests.support.lead_factories import new_lead, set_lead
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


def test_the_api_gets_leads_in_the_order_asked_for_and_some_it_does_not(database: Database) -> None:
    bare, known, spam, demo = (new_lead(database, contact=number > 0) for number in range(4))
    set_lead(database, spam, suspect=True)
    set_lead(database, demo, demo=True)
    found = read(database, lead_export.short_rows, [spam, known, demo, bare, 77])
    assert [(row.id, row.email) for row in found] == [(known, CONTACT.email), (bare, None)]
    details = read(database, lead_export.row_with_scorecard, known)
    assert details
    assert details.scorecard == {"separation": {"confirmed": 41.7}}
    assert [read(database, lead_export.row_with_scorecard, id) for id in (spam, demo, 77)] == [
        None
    ] * 3
