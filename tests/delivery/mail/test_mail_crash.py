"""Workers that are killed while they send a mail, as real processes, with a real mail server."""

import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from consult.storage import deliveries
from consult.storage.db.database import Database, utc_now
from consult.storage.leads import submission
from consult.storage.tables.delivery_tables import DeliveryRow
from tests.delivery.mail.test_report_mail import LINK, report_of
from tests.support.mail_server import MailServer, mail_server
from tests.support.submissions import CONTACT, lead_of, submitted
from tests.support.workers import worker_processes

StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def result_token(database: Database) -> str:
    """A lead whose owner has just left an address."""
    database.clock = utc_now
    token = submitted(database, report=report_of("two_silos"))
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT, LINK)
    return token


@pytest.fixture
def start_worker(database_url: str, server: MailServer, tmp_path: Path) -> Iterator[StartWorker]:
    smtp_url = f"smtp://127.0.0.1:{server.port}"
    with worker_processes() as start:
        yield partial(start, database_url, tmp_path / "notes", 0, smtp_url)


def delivery(database: Database, token: str) -> DeliveryRow:
    with database.reading() as session:
        (only,) = deliveries.report_emails(session, lead_of(database, token).id)
    return only


def wait_until_sent(database: Database, token: str) -> None:
    give_up = time.monotonic() + 60
    while deliveries.delivery_status(delivery(database, token)).state != "sent":
        assert time.monotonic() < give_up, "it was not sent in time"
        time.sleep(0.05)


def test_a_mail_whose_worker_was_killed_in_mid_send_is_sent_by_the_next(
    database: Database, result_token: str, server: MailServer, start_worker: StartWorker
) -> None:
    server.open.clear()
    doomed = start_worker()
    assert server.began.wait(60)
    doomed.kill()
    doomed.wait()
    assert delivery(database, result_token).sent_at is None

    server.open.set()
    start_worker()
    wait_until_sent(database, result_token)
    # The server may have taken what the dead worker had handed in: it is the same mail.
    assert 1 <= len(server.taken) <= 2
    assert len({message["Message-ID"] for message in server.mails()}) == 1
    assert set(server.recipients) == {CONTACT.email}
