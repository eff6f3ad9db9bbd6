"""Retention: what goes, what stays, and that nothing is left hanging."""

import pytest
from sqlalchemy import func, select, update

from consult.storage import checks, documents, leads, retention
from consult.storage.base import Base
from consult.storage.database import Database
from consult.storage.models import JobRow, RateLimitRow
from consult.storage.retention import Purged
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, lead_of, submitted


def purge(database: Database) -> Purged:
    with database.writing() as session:
        return retention.purge(session, lead_days=730)


def row_counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


@pytest.fixture
def whole_lead(database: Database) -> str:
    """A lead with everything that can hang on it."""
    token = submitted(database)
    with database.writing() as session:
        leads.save_contact(session, token, CONTACT)
        lead = leads.by_result_token(session, token)
        assert lead is not None
        documents.put(session, lead.id, documents.REPORT, 2, b"%PDF")
    return token


def test_an_idle_draft_goes_and_a_lead_stays(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    with database.writing() as session:
        checks.start(session, "2026-11", "quick", {})
    clock.go_on(days=20)
    with database.writing() as session:
        young = checks.start(session, "2026-11", "quick", {})
    clock.go_on(days=10, seconds=1)
    assert purge(database) == Purged(drafts=1, leads=0, jobs=0)
    with database.reading() as session:
        assert checks.load(session, young) is not None
    assert lead_of(database, whole_lead).contact == CONTACT


def test_an_old_lead_goes_with_everything_that_hangs_on_it(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    assert set(row_counts(database)) == {
        *("checks", "submissions", "leads", "outcomes"),
        *("contacts", "documents", "jobs", "notices"),
    }
    clock.go_on(days=730)
    assert purge(database).leads == 0
    clock.go_on(seconds=1)
    assert purge(database).leads == 1
    assert set(row_counts(database)) == {"funnel_days"}, "how far it came, as numbers"


def test_finished_jobs_and_old_counters_go_open_and_dead_jobs_stay(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    with database.writing() as session:
        session.add(RateLimitRow(key="k", hits=1, expires_at=clock()))
        first = session.scalars(select(JobRow.id).order_by(JobRow.id)).first()
        finished = {"state": "done", "finished_at": clock()}
        session.execute(update(JobRow).where(JobRow.id == first).values(finished))
        still_open = len(session.scalars(select(JobRow.id).where(JobRow.id != first)).all())
        session.execute(
            update(JobRow).where(JobRow.id != first).values({**finished, "state": "dead"})
        )
    clock.go_on(days=7)
    assert purge(database).jobs == 0
    clock.go_on(seconds=1)
    assert purge(database).jobs == 1
    counts = row_counts(database)
    assert counts["jobs"] == still_open
    assert "rate_limits" not in counts
