"""The worker: when hundreds submit at once, when there is no work, and when the mail server hangs.

When hundreds submit, printing and sending are stand-ins, which take no time: what is left is the
queue, the database, the writing of reports and mails. The others run `consult worker` as it is.
"""

import logging
import statistics
import tempfile
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from benchmarks.measure import Row, computed_by
from benchmarks.server import working
from consult.owner.open_draft import freeze
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.settings.brand import load_brand
from consult.storage import documents
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from consult.storage.tables.submission_tables import SubmissionRow
from tests.support.dripping_server import dripping_server
from tests.support.lead_factories import colleague
from tests.support.patience import wait_until
from tests.support.personas import BATON_ON_THE_FLOOR, Depth
from tests.support.postgres import shared_server
from tests.support.submissions import CONTACT
from tests.support.workers import make_worker

DEPTH: Depth = "full"
FEW, MANY = 20, 500
AIM = 1.5
"""Times what a job takes when few submit."""

CONTACTS_BEFORE, OWNERS = 7, 9
HANGING_AIM = 2.0
"""Times what an owner waits for a PDF while the mail server works."""

SETTLE_SECONDS, IDLE_SECONDS = 5.0, 60.0
IDLE_AIM = 0.003
"""Of a core."""


def rows() -> list[Row]:
    """Computing time of a job with many leads waiting, and of an idle worker, on each engine."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        for engine in ("SQLite", "PostgreSQL"):
            cost = {}
            for number in (FEW, MANY):
                url = f"sqlite:///{folder}/{number}.db"
                url = server.create_database() if engine == "PostgreSQL" else url
                with closing(Database(url)) as database:
                    migrate.upgrade(database)
                    cost[number] = _microseconds(database, number)
            name, floor = f"{engine}: a job, {MANY} at once", f"with {FEW} at once"
            found.append(Row(name, cost[MANY], "µs", floor, cost[FEW], AIM))
            found.append(_idle(engine, url, folder))
    return found


def rows_of_mail() -> list[Row]:
    """What an owner waits for a PDF while the mail server hangs."""
    with tempfile.TemporaryDirectory() as folder:
        return [_hanging(folder)]


def _idle(engine: str, url: str, folder: str) -> Row:
    """Milliseconds that a worker without work computes in a second."""
    with _worker(url, folder) as pid:
        time.sleep(SETTLE_SECONDS)
        before, start = _computed(pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        share = (_computed(pid) - before) / (time.monotonic() - start)
    return Row(f"{engine}: an idle worker", share * 1000, "ms/s", "a core", 1000, IDLE_AIM)


def _hanging(folder: str) -> Row:
    """Milliseconds until an owner's PDF is there, with a mail server that hangs and without."""
    found = {}
    for hangs in (True, False):
        with (
            dripping_server() if hangs else nullcontext() as mail_server,
            closing(Database(f"sqlite:///{folder}/{hangs}.db")) as database,
        ):
            migrate.upgrade(database)
            smtp = f"smtp://127.0.0.1:{mail_server.port}" if mail_server else ""
            with _worker(f"sqlite:///{folder}/{hangs}.db", folder, smtp):
                if CONTACTS_BEFORE:
                    _submit_checks(database, CONTACTS_BEFORE)
                    _wait_for_pdf(database, CONTACTS_BEFORE)
                times = []
                for number in range(1, OWNERS + 1):
                    start = time.monotonic()
                    _submit_checks(database, 1)
                    _wait_for_pdf(database, CONTACTS_BEFORE + number)
                    times.append(time.monotonic() - start)
                found[hangs] = statistics.median(times) * 1000
    name, floor = "a PDF, mail server hangs", "mail to a folder"
    return Row(name, found[True], "ms", floor, found[False], HANGING_AIM)


def _wait_for_pdf(database: Database, lead_id: int) -> None:
    def is_there() -> bool:
        # Not the whole lead: reading its documents over and over would slow the worker.
        wanted = select(SubmissionRow.report_revision).where(SubmissionRow.id == lead_id)
        with database.reading() as session:
            made = documents.stored_revision(session, lead_id, documents.REPORT)
            return made >= session.scalars(wanted).one()

    wait_until(is_there)


def _worker(url: str, folder: str, smtp_url: str = "") -> AbstractContextManager[int]:
    settings = {"VAR_DIR": folder, "DATABASE_URL": url, "SECRET_KEY": "benchmark " * 4}
    return working(settings | {"SMTP_URL": smtp_url, "MAIL_FROM": "Us <us@check.example>"})


def _computed(pid: int) -> float:
    """Seconds that all threads of a process have computed so far."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in threads) / 1e9


def _microseconds(database: Database, number: int) -> float:
    logging.disable()  # of a mail that waits for its PDF there is a line each
    colleague(database, "ada", admin=True)
    _submit_checks(database, number)
    worker, clock = make_worker(database), computed_by(database)
    start = clock()
    jobs = worker.run_once()
    logging.disable(logging.NOTSET)
    return (clock() - start) * 1e6 / jobs


def _submit_checks(database: Database, count: int) -> None:
    answers = BATON_ON_THE_FLOOR.payload()["answers"]
    frozen = freeze(walk(newest(), answers, DEPTH), load_brand(None))
    for number in range(count):
        with database.writing() as session:
            token = drafts.start(session, frozen.edition, frozen.depth, {})
            result = submission.submit(session, token, frozen)
            contact = replace(CONTACT, email=f"{number}@example.com")
            submission.save_contact(session, result, contact, "https://check.example/result")
