"""Retention: what goes, what stays, and that nothing is left hanging."""

import pytest
from sqlalchemy import func, select, update

from consult.storage import deliveries, documents
from consult.storage.audit import audit_log
from consult.storage.db.base import Base
from consult.storage.db.database import Database
from consult.storage.documents import pdf_states
from consult.storage.drafts import drafts
from consult.storage.jobs import enqueue
from consult.storage.leads import leads, submission
from consult.storage.privacy import retention
from consult.storage.privacy.retention import Purged
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import RateLimitRow
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, contact_of, lead_of, submitted


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
        submission.save_contact(session, token, CONTACT)
        lead = leads.by_result_token(session, token)
        assert lead is not None
        documents.put(session, lead.id, documents.REPORT, 2, b"%PDF")
    return token


def test_an_idle_draft_goes_and_a_lead_stays(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    with database.writing() as session:
        drafts.start(session, "2026-12", "quick", {})
    clock.go_on(days=20)
    with database.writing() as session:
        young = drafts.start(session, "2026-12", "quick", {})
    clock.go_on(days=10, seconds=1)
    assert purge(database) == Purged(drafts=1, leads=0, jobs=0)
    with database.reading() as session:
        assert drafts.load(session, young) is not None
    assert contact_of(lead_of(database, whole_lead)) == CONTACT


def test_an_old_lead_goes_with_everything_that_hangs_on_it(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    assert set(row_counts(database)) == {
        *("drafts", "lead_words", "lead_events", "submissions", "leads", "response_stats"),
        *("contacts", "documents", "jobs", "notifications"),
    }
    clock.go_on(days=730)
    assert purge(database).leads == 0
    clock.go_on(seconds=1)
    assert purge(database).leads == 1
    # How far it came, as numbers; and that it went.
    assert set(row_counts(database)) == {"response_stats", "audit_log"}


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
            update(JobRow).where(JobRow.id != first).values({**finished, "state": "failed"})
        )
    clock.go_on(days=7)
    assert purge(database).jobs == 0
    clock.go_on(seconds=1)
    assert purge(database).jobs == 1
    counts = row_counts(database)
    assert counts["jobs"] == still_open
    assert "rate_limits" not in counts


def test_a_dead_job_of_no_lead_goes_with_the_logs(database: Database, clock: Clock) -> None:
    with database.writing() as session:
        enqueue(session, "email_staff", {"mail_id": 1}, dedupe_key="email_staff:1")
        session.execute(update(JobRow).values(state="failed", finished_at=clock()))
    clock.go_on(days=30)
    assert purge(database).jobs == 0
    clock.go_on(seconds=1)
    assert purge(database).jobs == 1


def test_a_lead_may_be_made_anonymous_instead(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    lead_id = lead_of(database, whole_lead).id
    clock.go_on(days=730, seconds=1)
    for made in (1, 0):
        with database.writing() as session:
            purged = retention.purge(session, lead_days=730, method="anonymise")
        assert purged.leads == made
    with database.reading() as session:
        lead = leads.by_id(session, lead_id)
        assert lead is not None
        assert lead.contact is None
        assert leads.by_result_token(session, whole_lead) is None


def test_what_a_mail_said_goes_before_its_lead(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    lead_id = lead_of(database, whole_lead).id
    with database.writing() as session:
        deliveries.enqueue_report_email(session, lead_id, CONTACT.email, "https://check.example/x")
        mail_id = deliveries.report_emails(session, lead_id)[0].id
        deliveries.record_sent(session, mail_id, "server", subject="Hi", body="Hello Ada")
    for days, body in ((180, "Hello Ada"), (1, "")):
        clock.go_on(days=days)
        with database.writing() as session:
            assert retention.delete_mail_texts(session, mail_days=180) == (body == "")
            assert [letter.body for letter in deliveries.report_emails(session, lead_id)] == [body]


def test_what_is_deleted_is_recorded_lead_by_lead(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    first, second = lead_of(database, whole_lead).id, lead_of(database, submitted(database)).id
    with database.writing() as session:
        drafts.start(session, "2026-12", "quick", {})
    clock.go_on(days=731)
    with database.writing() as session:
        retention.purge(session, lead_days=730)
    with database.reading() as session:
        entries = session.scalars(
            select(AuditRow).where(AuditRow.at == clock()).order_by(AuditRow.id)
        ).all()
    told = [(entry.action, entry.lead_id, entry.by_id) for entry in entries]
    assert told == [
        ("lead.deleted", first, None),
        ("lead.deleted", second, None),
        ("retention.drafts_deleted", None, None),
    ]
    assert (entries[0].facts["reason"], entries[0].facts["rows_contacts"]) == ("retention", 1)
    assert "rows_contacts" not in entries[1].facts
    assert entries[2].facts == {"drafts": 1}


def test_a_pdf_goes_before_its_lead_and_can_be_asked_for_again(
    database: Database, clock: Clock, whole_lead: str
) -> None:
    lead_id = lead_of(database, whole_lead).id
    with database.writing() as session:
        session.execute(update(JobRow).values(state="done", finished_at=clock()))
    for days, gone in ((3, 0), (1, 1), (0, 0)):
        clock.go_on(days=days)
        with database.writing() as session:
            assert retention.delete_pdfs(session, pdf_days=3) == gone
    with database.writing() as session:
        assert pdf_states(session, [lead_id]) == {lead_id: "on_demand"}
        assert (
            audit_log.newest(session, limit=9, action="retention.pdfs_deleted")[0].lead_id
            == lead_id
        )
        leads.ask_for_documents(session, lead_id)
        assert pdf_states(session, [lead_id]) == {lead_id: "pending"}
    assert contact_of(lead_of(database, whole_lead)) == CONTACT
