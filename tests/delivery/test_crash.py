"""Workers that are killed or stopped, as real processes: PDFs and mails are made all the same."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from consult.storage import documents
from consult.storage.db.database import Database, utc_now
from consult.storage.jobs import RENDER_REPORT
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.submission_tables import DocumentRow
from tests.delivery.mail.test_report_mail import LINK, report_of
from tests.support.databases import ON_SQLITE, read, rows
from tests.support.fork_server import Forked
from tests.support.lead_factories import colleague
from tests.support.mail_server import mail_server
from tests.support.patience import patience, wait_until
from tests.support.submissions import CONTACT, lead_of, left_contact, save_contact, submitted
from tests.support.workers import worker_processes

StartWorker = Callable[..., Forked]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where the workers record each rendering they begin."""
    path = tmp_path / "notes"
    path.touch()
    return path


@pytest.fixture
def start_worker(database_url: str, notes: Path) -> Iterator[StartWorker]:
    """Starts a worker process that takes so many seconds for a PDF; a mail server may follow."""
    with worker_processes() as start:
        yield partial(start, database_url, notes)


def renderings(notes: Path) -> int:
    return len(notes.read_text().splitlines())


def stored_report(database: Database, result_token: str) -> DocumentRow | None:
    return read(database, documents.get, lead_of(database, result_token).id, documents.REPORT)


def kill(worker: Forked, database: Database) -> None:
    """End a worker in the middle of its work, and let time pass until its leases are over."""
    worker.kill()
    worker.wait()
    with database.writing() as session:
        leased = update(JobRow).where(JobRow.state == "leased").returning(JobRow.id)
        assert session.scalars(leased.values(run_at=session.now())).all()


def test_killed_in_mid_render(database: Database, start_worker: StartWorker, notes: Path) -> None:
    database.clock = utc_now
    token = submitted(database)
    doomed = start_worker(60)
    wait_until(lambda: renderings(notes) == 1)
    kill(doomed, database)
    assert stored_report(database, token) is None

    start_worker(0)
    wait_until(lambda: stored_report(database, token))
    report = stored_report(database, token)
    assert report is not None
    assert (report.revision, report.content[:4]) == (1, b"%PDF")
    (job,) = rows(database, JobRow, JobRow.kind == RENDER_REPORT)
    assert job.state == "done"
    assert job.attempts == renderings(notes) == 2


@pytest.mark.parametrize("recipient", [CONTACT.email, "ada@agency.example"])
def test_killed_in_mid_send(database: Database, start_worker: StartWorker, recipient: str) -> None:
    database.clock = utc_now
    if recipient == CONTACT.email:
        save_contact(database, submitted(database, report=report_of("two_silos")), LINK)
    else:
        colleague(database, "ada")
        left_contact(database)

    def sent_at() -> object:
        with database.reading() as session:
            return session.scalars(select(DeliveryRow.sent_at)).one()

    with mail_server() as server:
        server.open.clear()
        doomed = start_worker(0, f"smtp://127.0.0.1:{server.port}")
        assert server.began.wait(patience())
        kill(doomed, database)
        assert sent_at() is None
        server.open.set()
        start_worker(0, f"smtp://127.0.0.1:{server.port}")
        wait_until(sent_at)
    # The server may have accepted what the first worker had sent: it is the same mail.
    assert 1 <= len(server.accepted) <= 2
    assert len({message["Message-ID"] for message in server.mails()}) == 1
    assert set(server.recipients) == {recipient}


# How a process takes a signal is the same on both engines.
@ON_SQLITE
@pytest.mark.parametrize(
    ("signals", "render_seconds", "exit_code"),
    [
        ([signal.SIGTERM], 0.5, 0),
        ([signal.SIGTERM, signal.SIGINT], 60, 1),  # two of the same might be delivered as one
    ],
)
def test_a_stopped_worker_finishes_its_pdf_and_one_stopped_twice_releases_the_job(
    database: Database,
    start_worker: StartWorker,
    notes: Path,
    signals: list[int],
    render_seconds: float,
    exit_code: int,
) -> None:
    database.clock = utc_now
    token = submitted(database)
    worker = start_worker(render_seconds)
    wait_until(lambda: renderings(notes) == 1)
    for number in signals:
        os.kill(worker.pid, number)
    assert worker.wait(patience()) == exit_code
    (job,) = rows(database, JobRow, JobRow.kind == RENDER_REPORT)
    assert (job.state, job.attempts) == (("ready", 0) if exit_code else ("done", 1))
    assert (stored_report(database, token) is None) == bool(exit_code)
