"""What the jobs do: the PDF of each revision, and the purge every night; also for real."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from sqlalchemy import update

from consult.delivery import handlers
from consult.delivery.context import Context
from consult.delivery.exports.export_files import clear_temp_folders
from consult.delivery.worker import Worker
from consult.report.pdf.renderer import RenderTimeout
from consult.settings.brand import Brand
from consult.storage import documents, jobs
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.privacy import erasure, retention
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DocumentRow, DraftRow
from tests.delivery.mail.test_report_mail import report_of
from tests.support.apps import make_settings, real_renderer
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import colleague
from tests.support.submissions import CONTACT, all_leads, lead_of, save_contact, submitted
from tests.support.workers import (
    BRAND,
    SETTINGS,
    Press,
    make_context,
    make_worker,
    sent_mails,
    text_of,
)


def run_worker(database: Database, press: Press) -> int:
    return make_worker(database, press).run_once()


def stored_report(
    database: Database, result_token: str, kind: str = documents.REPORT
) -> DocumentRow:
    document = read(database, documents.get, lead_of(database, result_token).id, kind)
    assert document is not None
    return document


def test_a_submission_gets_its_pdfs_once(database: Database, clock: Clock) -> None:
    token, press = submitted(database), Press()
    assert run_worker(database, press) == 3  # and staff are notified
    first = stored_report(database, token)
    assert (first.revision, first.content) == (1, b"%PDF Report for nobody yet")
    brief = stored_report(database, token, documents.BRIEF)
    assert brief.content == f"%PDF Brief of lead {lead_of(database, token).id}".encode()
    with database.writing() as session:
        again = {"state": "ready", "finished_at": None, "run_at": clock()}
        session.execute(update(JobRow).values(again))
    upgraded = Press()
    assert run_worker(database, upgraded) == 3
    assert (len(press.printed), upgraded.printed) == (2, [])
    report = stored_report(database, token)
    assert (report.revision, report.rendered_at) == (1, first.rendered_at)


@ON_SQLITE
def test_only_the_newest_pdf_of_a_contact_is_rendered(database: Database) -> None:
    token, press = submitted(database), Press()
    save_contact(database, token)
    assert run_worker(database, press) == 7  # and staff are notified of three things
    lead = lead_of(database, token)
    assert press.printed == ["Report for Okafor Tents", f"Brief of lead {lead.id}"]
    for kind in (documents.REPORT, documents.BRIEF):
        assert stored_report(database, token, kind).revision == lead.report_revision == 2


def test_a_lead_deleted_during_rendering_leaves_nothing(database: Database) -> None:
    class Slow(Press):
        def render(self, html: str) -> bytes:
            ids = [lead.id for lead in all_leads(database)]
            write(database, erasure.erase, ids, "delete", by=None, reason="requested")
            return super().render(html)

    submitted(database)
    run_worker(database, Slow())
    assert all_leads(database) == []
    assert rows(database, JobRow) == []


@ON_SQLITE
def test_the_purge_runs_once_every_night(database: Database, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "old.eml").touch()
    os.utime(tmp_path / "old.eml", (0, 0))
    worker = make_worker(database, folder=tmp_path)
    for _ in range(2):  # each worker schedules it when it starts
        with database.writing() as session:
            handlers.schedule_purge(session)
            draft = drafts.start(session, "2026-12", "quick", {})
    assert worker.run_once() == 0
    for night in (3, 4):
        clock.time = datetime(2026, 3, night, 3, tzinfo=UTC)
        assert worker.run_once() == 1
        assert list(tmp_path.glob("*.eml")) == []
    clock.go_on(days=31)
    assert worker.run_once() == 1
    assert read(database, drafts.load, draft) is None
    last = rows(database, JobRow)[-1]
    assert (last.state, last.run_at) == ("ready", datetime(2026, 4, 5, 3, tzinfo=UTC))


def test_a_night_that_would_delete_more_than_a_tenth_deletes_nothing_until_an_admin_confirms(
    database: Database, clock: Clock
) -> None:
    """A clock that is far ahead looks the same."""
    admin = colleague(database, "ada", admin=True)
    for _ in range(11):
        submitted(database)
    write(database, drafts.start, "2026-12", "quick", {})
    clock.go_on(days=731)
    write(database, handlers.schedule_purge)
    clock.go_on(days=1)
    told = "11 of 11 leads are older than 730 days"
    assert [told in text_of(mail) for mail in sent_mails(database)] == [True]
    assert (len(all_leads(database)), len(rows(database, DraftRow))) == (11, 12)
    write(database, retention.confirm, lead_days=730, by=admin)
    clock.go_on(days=1)
    assert sent_mails(database) == []
    assert (len(all_leads(database)), len(rows(database, DraftRow))) == (0, 0)


@ON_SQLITE
def test_a_failed_night(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError

    write(database, handlers.schedule_purge)
    clock.time = datetime(2026, 3, 3, 3, tzinfo=UTC)
    monkeypatch.setattr(retention, "purge", fail)
    for _ in range(jobs.MAX_ATTEMPTS):
        run_worker(database, Press())
        clock.go_on(hours=2)
    failed, following = rows(database, JobRow)
    assert (failed.state, following.state) == ("failed", "ready")
    assert following.run_at == datetime(2026, 3, 4, 3, tzinfo=UTC)


def test_a_temporary_folder_that_was_deleted_concurrently_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "never-there")
    clear_temp_folders(tmp_path)


class HangingPress(Press):
    """Its first document took too long and was ended, as the renderer does it."""

    def render(self, html: str) -> bytes:
        if self.printed:
            return super().render(html)
        self.printed.append(html)
        raise RenderTimeout("rendering took more than 1 seconds of computing")


def test_a_hung_render_is_retried(database: Database, clock: Clock) -> None:
    first, second = (lead_of(database, submitted(database)).id for _ in range(2))
    worker = make_worker(database, HangingPress())
    worker.run_once()
    with database.reading() as session:
        job = jobs.pdf_jobs(session, first)[0]
        assert job.state == "ready"
        assert "rendering took more than 1 seconds of computing" in (job.last_error or "")
        states = [documents.report_state(session, one) for one in (first, second)]
    assert states == ["pending", "ready"]
    clock.go_on(seconds=30)
    worker.run_once()
    with database.reading() as session:
        assert documents.report_state(session, first) == "ready"
        stored = documents.get(session, first, documents.REPORT)
    assert stored
    assert stored.content.startswith(b"%PDF")


# --- With a real report --------------------------------------------------------------------------


@pytest.fixture
def result_token(database: Database) -> str:
    """A lead with a real report, and a contact."""
    token = submitted(database, report=report_of("baton_on_the_floor"))
    save_contact(database, token)
    return token


@ON_SQLITE
def test_html_is_the_same_on_any_day(database: Database, clock: Clock, result_token: str) -> None:
    context = make_context(database)
    first = handlers.report_html_of(lead_of(database, result_token), context)
    clock.go_on(days=100)
    assert handlers.report_html_of(lead_of(database, result_token), context) == first
    assert CONTACT.business in first


@ON_SQLITE
def test_a_pdf_names_its_owner(database: Database, result_token: str, tmp_path: Path) -> None:
    context = Context.of(make_settings(tmp_path), Brand(), database, real_renderer().render)
    Worker(database, handlers.handlers_with(lambda: context)).run_once()
    document = stored_report(database, result_token)
    reader: Any = pymupdf  # whether its functions have types depends on the version
    with reader.open(stream=document.content) as pdf:
        assert CONTACT.business in pdf[0].get_text()


@ON_SQLITE
@pytest.mark.parametrize(
    ("booking", "is_printed"), [("auto", True), ("own", False), ("off", False)]
)
def test_a_report_has_the_booking_link_only_where_owners_book_there(
    database: Database, result_token: str, booking: Any, is_printed: bool
) -> None:
    brand = replace(BRAND, consult_url="https://northside.example/consult")
    settings = SETTINGS.model_copy(update={"booking": booking})
    context = Context.of(settings, brand, database, Press().render)
    html = handlers.report_html_of(lead_of(database, result_token), context)
    assert ("northside.example" in html) == is_printed
