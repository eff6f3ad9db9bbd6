"""Two concurrent transactions: one waits for the other, and never each for the other."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import get_args

import pytest
from sqlalchemy import func, select, update

from consult.storage import deliveries, documents, jobs
from consult.storage.accounts import accounts
from consult.storage.accounts.account_admin import first_invitation
from consult.storage.audit import audit_log
from consult.storage.db.database import Database, Session
from consult.storage.leads import changes, handovers, leads, notes, submission
from consult.storage.privacy import erasure, retention
from consult.storage.privacy.erasure import Method
from consult.storage.second_factors import factors
from consult.storage.settings import setting_overrides
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.delivery_tables import Attempt, DeliveryRow, EndpointRow
from consult.storage.tables.lead_tables import LeadWordRow
from consult.storage.tables.submission_tables import DraftRow
from consult.storage.webhooks import endpoints
from tests.support.concurrency import at_once, begin_during
from tests.support.databases import Clock, read, rows, write
from tests.support.lead_factories import make_account, see
from tests.support.submissions import CONTACT, all_leads, contact_of, lead_of, submitted


def test_an_owner_leaves_a_contact_while_staff_claim_the_lead(database: Database) -> None:
    ada, token = make_account(database, "Ada"), submitted(database)
    lead = lead_of(database, token).id
    begin_during(
        database,
        lambda s: changes.lock_leads(s, [lead]),
        lambda s: submission.save_contact(s, token, CONTACT),
        lambda s: handovers.claim(s, lead, by=ada),
    )
    assert see(database, lead).stage == "taken"
    assert contact_of(lead_of(database, token)) == CONTACT


@pytest.mark.parametrize("method", get_args(Method))
def test_an_owner_leaves_a_contact_while_the_lead_is_erased(
    database: Database, method: Method
) -> None:
    token = submitted(database)
    lead = lead_of(database, token).id
    saved: list[bool] = []
    begin_during(
        database,
        lambda s: changes.lock_leads(s, [lead]),
        lambda s: saved.append(submission.save_contact(s, token, CONTACT)),
        lambda s: erasure.erase(s, [lead], method, by=None, reason="requested"),
    )
    assert saved == [False]


def test_a_worker_finishes_a_job_while_its_lead_is_deleted(database: Database) -> None:
    lead = lead_of(database, submitted(database)).id
    job = write(database, jobs.claim, timedelta(minutes=1))
    assert job is not None
    begin_during(
        database,
        lambda s: jobs.complete(s, job),
        lambda s: erasure.erase(s, [lead], "delete", by=None, reason="requested"),
        lambda s: documents.put(s, lead, documents.REPORT, 1, b"%PDF"),
    )
    assert all_leads(database) == []


def test_an_attempt_is_recorded_while_its_lead_is_deleted(database: Database) -> None:
    """The deletion is sent to the same endpoint, so both need it as well as the delivery."""
    lead = lead_of(database, submitted(database)).id
    with database.writing() as session:
        endpoint = endpoints.add(
            session,
            "https://hooks.example/",
            ["deleted"],
            includes_contact=False,
            salt="",
            secret_hash="",
        )
        delivery = deliveries.enqueue_webhook(session, endpoint)
        session.execute(update(DeliveryRow).values(submission_id=lead))
    attempt = Attempt(
        at=database.clock().isoformat(), milliseconds=1, status=500, error="No.", response=""
    )
    begin_during(
        database,
        lambda s: s.get_one(EndpointRow, endpoint, with_for_update=True),
        lambda s: erasure.erase(s, [lead], "delete", by=None, reason="requested"),
        lambda s: endpoints.record_attempt(s, delivery, attempt),
    )
    (announced,) = rows(database, DeliveryRow)
    assert announced.deleted_lead_id == lead


def test_a_pdf_is_asked_for_while_its_lead_is_deleted(database: Database) -> None:
    lead = lead_of(database, submitted(database)).id
    begin_during(
        database,
        lambda s: erasure.erase(s, [lead], "delete", by=None, reason="requested"),
        lambda s: leads.ask_for_documents(s, lead),
    )
    assert all_leads(database) == []


def test_a_pdf_is_made_again_while_the_old_one_is_deleted(database: Database, clock: Clock) -> None:
    lead = lead_of(database, submitted(database)).id
    write(database, documents.put, lead, documents.REPORT, 1, b"%PDF old")
    clock.go_on(days=2)
    begin_during(
        database,
        lambda s: retention.delete_pdfs(s, pdf_days=1),
        lambda s: documents.put(s, lead, documents.REPORT, 2, b"%PDF new"),
    )
    assert read(database, documents.stored_revision, lead, documents.REPORT) == 2


def test_two_texts_with_the_same_word_about_a_lead_are_both_indexed(database: Database) -> None:
    ada, token = make_account(database, "Ada"), submitted(database)
    lead = lead_of(database, token).id
    begin_during(
        database,
        lambda s: notes.add(s, lead, "Okafor called back", by=ada),
        lambda s: submission.save_contact(s, token, CONTACT),
    )
    assert {row.word for row in rows(database, LeadWordRow)} >= {"okafor", "called", "tents"}


def test_two_corrections_of_a_contact_make_two_revisions(database: Database) -> None:
    token = submitted(database)
    begin_during(
        database,
        lambda s: submission.save_contact(s, token, CONTACT),
        lambda s: submission.save_contact(s, token, replace(CONTACT, name="Ada B")),
    )
    assert lead_of(database, token).report_revision == 3


def test_an_entry_in_the_audit_log_blocks_no_other_transaction(database: Database) -> None:
    """Else: one has written to the log and waits for a lead, whose assignee waits for the log."""
    ada, lead = make_account(database, "Ada"), lead_of(database, submitted(database)).id

    def record_and_wait(session: Session) -> None:
        audit_log.record(session, "settings.changed", by=ada)
        changes.lock_leads(session, [lead])

    begin_during(
        database,
        lambda s: changes.lock_leads(s, [lead]),
        record_and_wait,
        lambda s: handovers.claim(s, lead, by=ada),
    )
    newest = rows(database, AuditRow)[-2:]
    assert sorted(entry.action for entry in newest) == ["lead.claimed", "settings.changed"]


def test_two_workers_add_the_url_of_the_environment_once(database: Database) -> None:
    add = partial(endpoints.sync_environment, url="https://example.com/hook")
    begin_during(database, add, add)
    found = read(database, endpoints.all_endpoints)
    assert [endpoint.from_environment for endpoint in found] == [True]


def test_two_admins_override_the_same_setting_for_the_first_time(database: Database) -> None:
    begin_during(
        database,
        lambda s: setting_overrides.set_override(s, "brand.name", "First"),
        lambda s: setting_overrides.set_override(s, "brand.name", "Second"),
    )
    assert read(database, setting_overrides.all_overrides) == {"brand.name": "Second"}


def test_a_double_click_on_new_recovery_codes_leaves_ten(database: Database) -> None:
    ada = make_account(database, "Ada")
    make = partial(factors.create_recovery_codes, user_id=ada)
    begin_during(database, make, make)
    assert read(database, factors.factors_of, ada).codes_left == 10


def test_two_machines_that_start_together_leave_one_link_for_the_first_admin(
    database: Database,
) -> None:
    start = partial(first_invitation, database, "")
    (link,) = filter(None, at_once(start, start))
    assert read(database, accounts.invitation_by_token, link.rsplit("/", 1)[1])


def test_a_reading_session_sees_one_snapshot(database: Database) -> None:
    how_many = select(func.count()).select_from(DraftRow)
    with database.reading() as session:
        before = session.scalar(how_many)
        submitted(database)
        assert session.scalar(how_many) == before
