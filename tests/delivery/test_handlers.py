"""What the jobs do: the PDF of each revision, and clearing up day by day."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from consult.delivery import handlers
from consult.delivery.context import Context
from consult.delivery.exports.export_files import clear_temp_folders
from consult.storage import documents
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.jobs import MAX_ATTEMPTS
from consult.storage.leads import submission
from consult.storage.privacy import retention
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DocumentRow, SubmissionRow
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, all_leads, lead_of, submitted
from tests.support.workers import Press, make_worker


def run_worker(database: Database, press: Press) -> int:
    return make_worker(database, press).run_once()


def report_of(database: Database, result_token: str, kind: str = documents.REPORT) -> DocumentRow:
    with database.reading() as session:
        document = documents.get(session, lead_of(database, result_token).id, kind)
    assert document is not None
    return document


def test_a_submission_gets_its_pdfs(database: Database) -> None:
    token, press = submitted(database), Press()
    assert run_worker(database, press) == 3  # and staff are told
    report = report_of(database, token)
    assert (report.revision, report.content) == (1, b"%PDF Report for nobody yet")
    brief = report_of(database, token, documents.BRIEF)
    assert brief.content == f"%PDF Brief of lead {lead_of(database, token).id}".encode()


def test_a_contact_gets_a_pdf_in_their_name_and_only_the_newest_is_rendered(
    database: Database,
) -> None:
    token, press = submitted(database), Press()
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT)
    assert run_worker(database, press) == 7  # and staff are told three things
    lead = lead_of(database, token)
    assert press.printed == ["Report for Okafor Tents", f"Brief of lead {lead.id}"]
    for kind in (documents.REPORT, documents.BRIEF):
        assert report_of(database, token, kind).revision == lead.report_revision == 2


def test_a_job_that_is_run_again_prints_nothing_again(database: Database, clock: Clock) -> None:
    token, press = submitted(database), Press()
    run_worker(database, press)
    with database.writing() as session:
        for row in session.scalars(select(JobRow)):
            row.state, row.finished_at, row.run_at = "ready", None, clock()
    assert run_worker(database, press) == 3
    assert len(press.printed) == 2
    assert report_of(database, token).revision == 1


def test_an_upgrade_of_words_or_looks_changes_no_pdf_that_exists(database: Database) -> None:
    token, before = submitted(database), Press()
    run_worker(database, before)
    with database.writing() as session:
        for row in session.scalars(select(JobRow)):
            row.state, row.finished_at = "ready", None
    first = report_of(database, token)

    class Upgraded(Press):
        def write(self, lead: SubmissionRow, _context: Context) -> str:
            return f"A new look for lead {lead.id}"

    after = Upgraded()
    run_worker(database, after)
    assert after.printed == []
    assert report_of(database, token).rendered_at == first.rendered_at


def test_a_lead_deleted_while_its_pdf_is_made_leaves_nothing(
    database: Database, clock: Clock
) -> None:
    class Slow(Press):
        def render(self, html: str) -> bytes:
            clock.go_on(days=731)
            with database.writing() as session:
                retention.purge(session, lead_days=730)
            return super().render(html)

    submitted(database)
    run_worker(database, Slow())
    assert all_leads(database) == []
    with database.reading() as session:
        assert session.scalars(select(JobRow)).all() == []


def test_clearing_up_happens_every_night_and_is_planned_once(
    database: Database, clock: Clock
) -> None:
    for _ in range(2):  # each worker asks for it when it starts
        with database.writing() as session:
            handlers.schedule_purge(session)
            draft = drafts.start(session, "2026-12", "quick", {})
    assert run_worker(database, Press()) == 0
    for night in (3, 4):
        clock.time = datetime(2026, 3, night, 3, tzinfo=UTC)
        assert run_worker(database, Press()) == 1
    clock.go_on(days=31)
    assert run_worker(database, Press()) == 1
    with database.reading() as session:
        assert drafts.load(session, draft) is None
        kinds = session.execute(select(JobRow.state, JobRow.run_at).order_by(JobRow.id)).all()
    assert kinds[-1] == ("ready", datetime(2026, 4, 5, 3, tzinfo=UTC))


def test_a_night_that_fails_for_good_is_not_the_last_one(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError

    with database.writing() as session:
        handlers.schedule_purge(session)
    clock.time = datetime(2026, 3, 3, 3, tzinfo=UTC)
    monkeypatch.setattr(retention, "purge", fail)
    for _ in range(MAX_ATTEMPTS):
        run_worker(database, Press())
        clock.go_on(hours=2)
    with database.reading() as session:
        by_state = select(JobRow.state, JobRow.run_at).order_by(JobRow.id)
        given_up, next_night = session.execute(by_state).all()
    assert given_up.state == "failed"
    assert next_night == ("ready", datetime(2026, 3, 4, 3, tzinfo=UTC))


def test_clearing_up_passes_over_a_folder_that_is_gone_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "never-there")
    clear_temp_folders(tmp_path)


def test_clearing_up_takes_old_mails_from_the_folder(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.eml", tmp_path / "new.eml"
    for file, age in ((old, 731), (new, 729)):
        file.touch()
        moment = (datetime(2026, 3, 3, 3, tzinfo=UTC) - timedelta(days=age)).timestamp()
        os.utime(file, (moment, moment))
    with database.writing() as session:
        handlers.schedule_purge(session)
    clock.time = datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert make_worker(database, folder=tmp_path).run_once() == 1
    assert list(tmp_path.glob("*.eml")) == [new]
