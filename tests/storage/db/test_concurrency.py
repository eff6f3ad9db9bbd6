"""Two who do things at the same time: one waits for the other, and never each for the other."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select

from consult.storage import documents, jobs
from consult.storage.audit import audit_log
from consult.storage.db.database import Database, Session
from consult.storage.leads import actions as actions_module
from consult.storage.leads import leads, notes, submission
from consult.storage.privacy import erasure, retention
from consult.storage.second_factors import factors
from consult.storage.settings import setting_overrides
from consult.storage.tables.account_tables import AuditRow, RecoveryCodeRow
from consult.storage.tables.lead_tables import LeadWordRow
from consult.storage.tables.submission_tables import DraftRow
from consult.storage.webhooks import endpoints
from tests.support.concurrency import begin_during
from tests.support.databases import Clock
from tests.support.lead_factories import make_account, see
from tests.support.submissions import CONTACT, all_leads, contact_of, lead_of, submitted


def test_an_owner_leaves_a_contact_while_staff_take_the_lead(database: Database) -> None:
    ada, token = make_account(database, "Ada"), submitted(database)
    lead = lead_of(database, token).id
    begin_during(
        database,
        lambda session: actions_module.lock_leads(session, [lead]),
        lambda session: submission.save_contact(session, token, CONTACT),
        lambda session: actions_module.claim(session, lead, by=ada),
    )
    assert see(database, lead).stage == "taken"
    assert contact_of(lead_of(database, token)) == CONTACT


def test_an_owner_leaves_a_contact_while_the_lead_is_deleted(database: Database) -> None:
    token = submitted(database)
    lead = lead_of(database, token).id
    left: list[bool] = []
    begin_during(
        database,
        lambda session: actions_module.lock_leads(session, [lead]),
        lambda session: left.append(submission.save_contact(session, token, CONTACT)),
        lambda session: erasure.erase(session, [lead], "delete", by=None, reason="requested"),
    )
    assert left == [False]


def test_a_worker_finishes_a_job_while_its_lead_is_deleted(database: Database) -> None:
    lead = lead_of(database, submitted(database)).id
    with database.writing() as session:
        job = jobs.claim(session, timedelta(minutes=1))
    assert job is not None
    begin_during(
        database,
        lambda session: jobs.complete(session, job),
        lambda session: erasure.erase(session, [lead], "delete", by=None, reason="requested"),
        lambda session: documents.put(session, lead, documents.REPORT, 1, b"%PDF"),
    )
    assert all_leads(database) == []


def test_a_pdf_is_asked_for_while_its_lead_is_deleted(database: Database) -> None:
    lead = lead_of(database, submitted(database)).id
    begin_during(
        database,
        lambda session: erasure.erase(session, [lead], "delete", by=None, reason="requested"),
        lambda session: leads.ask_for_documents(session, lead),
    )
    assert all_leads(database) == []


def test_a_pdf_is_made_anew_while_the_old_one_is_deleted(database: Database, clock: Clock) -> None:
    lead = lead_of(database, submitted(database)).id
    with database.writing() as session:
        documents.put(session, lead, documents.REPORT, 1, b"%PDF old")
    clock.go_on(days=2)
    begin_during(
        database,
        lambda session: retention.delete_pdfs(session, pdf_days=1),
        lambda session: documents.put(session, lead, documents.REPORT, 2, b"%PDF new"),
    )
    with database.reading() as session:
        assert documents.stored_revision(session, lead, documents.REPORT) == 2


def test_two_who_write_the_same_word_about_a_lead_are_both_found(database: Database) -> None:
    ada, token = make_account(database, "Ada"), submitted(database)
    lead = lead_of(database, token).id
    begin_during(
        database,
        lambda session: notes.add(session, lead, "Okafor called back", by=ada),
        lambda session: submission.save_contact(session, token, CONTACT),
    )
    with database.reading() as session:
        words = set(session.scalars(select(LeadWordRow.word)))
    assert words >= {"okafor", "called", "tents"}


def test_two_corrections_of_a_contact_make_two_revisions(database: Database) -> None:
    token = submitted(database)
    begin_during(
        database,
        lambda session: submission.save_contact(session, token, CONTACT),
        lambda session: submission.save_contact(session, token, replace(CONTACT, name="Ada B")),
    )
    assert lead_of(database, token).report_revision == 3


def test_whoever_has_recorded_something_keeps_nobody_waiting(database: Database) -> None:
    """Else: one has written to the log and waits for a lead, whose assignee waits for the log."""
    ada, lead = make_account(database, "Ada"), lead_of(database, submitted(database)).id

    def record_and_wait(session: Session) -> None:
        audit_log.record(session, "settings.changed", by=ada)
        actions_module.lock_leads(session, [lead])

    begin_during(
        database,
        lambda session: actions_module.lock_leads(session, [lead]),
        record_and_wait,
        lambda session: actions_module.claim(session, lead, by=ada),
    )
    with database.reading() as session:
        actions = session.scalars(select(AuditRow.action).order_by(AuditRow.id.desc()).limit(2))
        assert sorted(actions) == ["lead.claimed", "settings.changed"]


def test_two_workers_add_the_url_of_the_environment_once(database: Database) -> None:
    add = partial(endpoints.sync_environment, url="https://example.com/hook")
    begin_during(database, add, add)
    with database.reading() as session:
        assert [each.from_environment for each in endpoints.all_endpoints(session)] == [True]


def test_two_admins_choose_the_same_setting_for_the_first_time(database: Database) -> None:
    begin_during(
        database,
        lambda session: setting_overrides.set_override(session, "brand.name", "First", None),
        lambda session: setting_overrides.set_override(session, "brand.name", "Second", None),
    )
    with database.reading() as session:
        assert setting_overrides.all_overrides(session) == {"brand.name": "Second"}


def test_a_double_click_on_new_recovery_codes_leaves_ten(database: Database) -> None:
    ada = make_account(database, "Ada")
    make = partial(factors.create_recovery_codes, user_id=ada)
    begin_during(database, make, make)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RecoveryCodeRow)) == 10


def test_who_reads_sees_one_moment_whatever_others_do(database: Database) -> None:
    how_many = select(func.count()).select_from(DraftRow)
    with database.reading() as session:
        before = session.scalar(how_many)
        submitted(database)
        assert session.scalar(how_many) == before
