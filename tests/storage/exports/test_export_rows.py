"""Leads read for an export, a bundle at a time, while staff go on working."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from consult.storage.db.database import Database
from consult.storage.exports import export_rows
from consult.storage.exports.export_rows import found_in_turn
from consult.storage.search.find_leads import ids_at_once
from consult.storage.search.lead_filter import LeadSearch, Sort, Viewer
from consult.storage.tables.lead_tables import LeadRow
from tests.support.many_leads import make_many

ME = Viewer(id=1, zone=ZoneInfo("UTC"))


LONG_AGO, FAR_AHEAD = (datetime(year, 1, 1, tzinfo=UTC) for year in (2000, 2100))


@pytest.mark.parametrize(
    ("sort", "moving", "first", "last"),
    [("due", "due_at", LONG_AGO, FAR_AHEAD), ("-handoff", "handoff", 100.0, 0.0)],
)
def test_each_lead_is_exported_once_though_what_it_is_sorted_by_changes(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    sort: Sort,
    moving: str,
    first: object,
    last: object,
) -> None:
    monkeypatch.setattr(export_rows, "AT_ONCE", 2)
    make_many(database, 60)
    search = LeadSearch(sort=sort)
    with database.reading() as session:
        expected = sorted(ids_at_once(session, search, ME))
    bundles = found_in_turn(database, search, ME)
    seen = [lead.id for lead in next(bundles)]
    # Those seen go to the end, and the others to the beginning, as if they had been there before.
    with database.writing() as session:
        for ids, value in ((seen, last), (set(expected) - set(seen), first)):
            moved = update(LeadRow).where(LeadRow.submission_id.in_(ids))
            session.execute(moved.values({moving: value}))
    seen += [lead.id for leads in bundles for lead in leads]
    assert len(expected) > 4
    assert sorted(seen) == expected
