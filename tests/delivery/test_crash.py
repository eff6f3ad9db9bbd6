"""Workers that are killed or stopped, as real processes: the PDF comes, and comes once."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from consult.storage import documents
from consult.storage.db.database import Database, utc_now
from consult.storage.jobs import RENDER_REPORT
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DocumentRow
from tests.support.submissions import lead_of, submitted
from tests.support.workers import worker_processes

StartWorker = Callable[[float], subprocess.Popen[bytes]]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where the workers note each rendering they begin."""
    path = tmp_path / "notes"
    path.touch()
    return path


@pytest.fixture
def start_worker(database_url: str, notes: Path) -> Iterator[StartWorker]:
    """Starts a worker process whose press takes so many seconds for a PDF."""
    with worker_processes() as start:
        yield partial(start, database_url, notes)


def wait_until(happened: Callable[[], object], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)


def renderings(notes: Path) -> int:
    return len(notes.read_text().splitlines())


def report_of(database: Database, result_token: str) -> DocumentRow | None:
    with database.reading() as session:
        lead = lead_of(database, result_token)
        return documents.get(session, lead.id, documents.REPORT)


def report_job(database: Database) -> JobRow:
    with database.reading() as session:
        return session.scalars(select(JobRow).where(JobRow.kind == RENDER_REPORT)).one()


def test_the_pdf_of_a_worker_killed_in_mid_render_is_made_by_the_next_once(
    database: Database, start_worker: StartWorker, notes: Path
) -> None:
    database.clock = utc_now
    token = submitted(database)
    doomed = start_worker(60)
    wait_until(lambda: renderings(notes) == 1)
    doomed.kill()
    doomed.wait()
    assert report_of(database, token) is None

    start_worker(0)
    wait_until(lambda: report_of(database, token))
    report = report_of(database, token)
    assert report is not None
    assert (report.revision, report.content[:4]) == (1, b"%PDF")
    job = report_job(database)
    assert job.state == "done"
    assert job.attempts == renderings(notes) == 2


# How a process takes a signal is the same on both engines.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_a_stopped_worker_finishes_the_pdf_in_hand(
    database: Database, start_worker: StartWorker, notes: Path
) -> None:
    database.clock = utc_now
    token = submitted(database)
    worker = start_worker(0.5)
    wait_until(lambda: renderings(notes) == 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert report_of(database, token) is not None


@on_sqlite
def test_a_worker_stopped_twice_gives_the_job_back_at_once(
    database: Database, start_worker: StartWorker, notes: Path
) -> None:
    database.clock = utc_now
    submitted(database)
    worker = start_worker(60)
    wait_until(lambda: renderings(notes) == 1)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)  # two of the same might be delivered as one
    assert worker.wait(60) == 1
    job = report_job(database)
    assert (job.state, job.attempts) == ("ready", 0)
