"""Retention: what is deleted, what stays, and that nothing is left behind."""

import pytest
from sqlalchemy import func, select, update

from consult.crypto import token_hash
from consult.storage import deliveries, documents
from consult.storage.audit import audit_log
from consult.storage.db.base import Base
from consult.storage.db.database import Database
from consult.storage.documents import report_state
from consult.storage.drafts import drafts
from consult.storage.jobs import enqueue
from consult.storage.leads import leads, submission
from consult.storage.privacy import erasure, retention
from consult.storage.privacy.erasure import Method
from consult.storage.privacy.retention import Expired
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DraftRow, RateLimitRow
from tests.support.databases import Clock, read, rows, write
from tests.support.submissions import CONTACT, all_leads, contact_of, lead_of, submitted


def erase_expired(database: Database, method: Method = "delete") -> int:
    with database.writing() as session:
        old = retention.expired_leads(session, lead_days=730, method=method)
        return len(erasure.erase(session, old, method, by=None, reason="retention"))


def row_counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


@pytest.fixture
def whole_lead(database: Database) -> str:
    """A lead with a contact and a PDF; the token of its result."""
    token = submitted(database)
    write(database, submission.save_contact, token, CONTACT)
    lead_id = lead_of(database, token).id
    write(database, documents.put, lead_id, documents.REPORT, 2, b"%PDF")
    return token


def test_an_idle_draft_is_deleted(database: Database, clock: Clock, whole_lead: str) -> None:
    old = write(database, drafts.start, "2026-12", "quick", {})
    clock.go_on(days=20)
    young = write(database, drafts.start, "2026-12", "quick", {})
    clock.go_on(days=10, seconds=1)
    write(database, retention.purge)
    stored = {row.token_hash for row in rows(database, DraftRow)}
    assert token_hash(young) in stored
    assert token_hash(old) not in stored
    assert contact_of(lead_of(database, whole_lead)) == CONTACT


def test_an_old_lead_is_deleted_entirely(database: Database, clock: Clock, whole_lead: str) -> None:
    assert set(row_counts(database)) == {
        *("drafts", "lead_words", "lead_events", "submissions", "leads", "response_stats"),
        *("contacts", "documents", "jobs", "notifications"),
    }
    clock.go_on(days=730)
    assert erase_expired(database) == 0
    clock.go_on(seconds=1)
    assert erase_expired(database) == 1
    # How far it got, as numbers; and that it was deleted.
    assert set(row_counts(database)) == {"response_stats", "audit_log"}


@pytest.mark.parametrize(
    ("expired", "total", "is_unusual"),
    [
        *((0, 0, False), (1, 1, False), (2, 2, True), (2, 3, False)),
        *((10, 30, False), (11, 30, True), (11, 110, False), (12, 110, True)),
    ],
)
def test_more_than_a_tenth_or_all_at_once_is_unusual(
    expired: int, total: int, is_unusual: bool
) -> None:
    assert Expired(expired, total).is_unusual == is_unusual


def test_done_jobs_are_deleted(database: Database, clock: Clock, whole_lead: str) -> None:
    with database.writing() as session:
        session.add(RateLimitRow(key="k", hits=1, expires_at=clock()))
        enqueue(session, "of_no_lead", {})
        (done, *others) = session.scalars(select(JobRow).order_by(JobRow.id)).all()
        for job in (done, *others):
            job.state, job.finished_at = "failed", clock()
        done.state = "done"
    # A failed job of no lead is deleted with the logs.
    for days, seconds, before in ((7, 0, len(others) + 1), (23, -1, len(others))):
        clock.go_on(days=days, seconds=seconds)
        write(database, retention.purge)
        assert row_counts(database)["jobs"] == before
        clock.go_on(seconds=1)
        write(database, retention.purge)
        assert row_counts(database)["jobs"] == before - 1
    assert "rate_limits" not in row_counts(database)


def test_a_lead_may_become_anonymous(database: Database, clock: Clock, whole_lead: str) -> None:
    clock.go_on(days=730, seconds=1)
    assert [erase_expired(database, "anonymise") for _ in range(2)] == [1, 0]
    (lead,) = all_leads(database)
    assert lead.contact is None
    assert read(database, leads.by_result_token, whole_lead) is None


def test_the_text_of_a_mail_is_deleted(database: Database, clock: Clock, whole_lead: str) -> None:
    lead_id = lead_of(database, whole_lead).id
    with database.writing() as session:
        deliveries.email_owner(
            session, deliveries.REPORT, lead_id, CONTACT.email, "https://check.example/x"
        )
        mail_id = deliveries.report_emails(session, lead_id)[0].id
        deliveries.record_sent(session, mail_id, "server", subject="Hi", body="Hello Ada")
    for days, body in ((180, "Hello Ada"), (1, "")):
        clock.go_on(days=days)
        with database.writing() as session:
            assert retention.delete_mail_texts(session, mail_days=180) == (body == "")
            assert [mail.body for mail in deliveries.report_emails(session, lead_id)] == [body]


def test_each_deletion_is_recorded(database: Database, clock: Clock, whole_lead: str) -> None:
    first, second = lead_of(database, whole_lead).id, lead_of(database, submitted(database)).id
    write(database, drafts.start, "2026-12", "quick", {})
    clock.go_on(days=731)
    erase_expired(database)
    write(database, retention.purge)
    entries = rows(database, AuditRow, AuditRow.at == clock())
    assert [(entry.action, entry.lead_id, entry.by_id) for entry in entries] == [
        ("lead.deleted", first, None),
        ("lead.deleted", second, None),
        ("retention.drafts_deleted", None, None),
    ]
    assert (entries[0].facts["reason"], entries[0].facts["rows_contacts"]) == ("retention", 1)
    assert "rows_contacts" not in entries[1].facts
    assert entries[2].facts == {"drafts": 1}


def test_an_old_pdf_is_made_on_request(database: Database, clock: Clock, whole_lead: str) -> None:
    lead_id = lead_of(database, whole_lead).id
    with database.writing() as session:
        session.execute(update(JobRow).values(state="done", finished_at=clock()))
    for days, deleted in ((3, 0), (1, 1), (0, 0)):
        clock.go_on(days=days)
        assert write(database, retention.delete_pdfs, pdf_days=3) == deleted
    with database.writing() as session:
        assert report_state(session, lead_id) == "on_demand"
        (entry, *_) = audit_log.newest(session, limit=9, action="retention.pdfs_deleted")
        assert entry.lead_id == lead_id
        leads.ask_for_documents(session, lead_id)
        assert report_state(session, lead_id) == "pending"
    assert contact_of(lead_of(database, whole_lead)) == CONTACT
