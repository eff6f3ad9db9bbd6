"""Mails to staff: what is in them and what is not, the way out of them, and that each goes once."""

import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import html5lib
import pytest

from consult.delivery.mail.transport import FileTransport, SmtpTransport
from consult.delivery.notifications import staff_mail
from consult.delivery.worker import RetryableError
from consult.storage import deliveries
from consult.storage.db.database import Database, utc_now
from consult.storage.leads import submission
from consult.storage.privacy import retention
from consult.workflow.notification_types import NOTIFICATION_TYPES
from tests.delivery.mail.test_report_mail import text_of
from tests.delivery.notifications.test_dispatch import left_contact, note
from tests.support.databases import Clock
from tests.support.mail_server import as_read, mail_server
from tests.support.submissions import CONTACT, lead_of, submitted
from tests.support.user_factories import change_desk, colleague
from tests.support.workers import BASE_URL, SECRET_KEY, SENDER, Box, make_worker

PERSONAL = (CONTACT.name, CONTACT.email, "+1 555 0199", "baton", "31.2")


def mails_to_staff(database: Database) -> list[EmailMessage]:
    box = Box()
    make_worker(database, transport=box).run_once()
    return [as_read(mail.as_bytes()) for mail in box.mails]


def test_a_real_server_gets_a_mail_with_the_business_the_link_and_a_way_out(
    database: Database,
) -> None:
    ada = colleague(database, "ada")
    lead_id = left_contact(database, wants_consult=True)
    with mail_server() as server:
        make_worker(database, transport=SmtpTransport(f"smtp://127.0.0.1:{server.port}")).run_once()
    (message,) = server.mails()
    assert server.recipients == ["ada@agency.example"]
    assert (message["To"], message["From"]) == ("ada@agency.example", SENDER)
    assert message["Subject"] == "Okafor Tents requested a consult"
    stop = message["List-Unsubscribe"].strip("<>")
    assert stop.startswith(f"{BASE_URL}/mail/stop/")
    token = stop.rpartition("/")[2]
    assert staff_mail.read_unsubscribe_token(SECRET_KEY, token) == (ada, "consult_wanted")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        said = text_of(message, kind)
        for part in (
            "Hello Ada",
            "Okafor Tents requested a consult",
            f"{BASE_URL}/staff/leads/{lead_id}",
            f"{BASE_URL}/staff/account#notifications",
            stop,
        ):
            assert part in said
    with database.reading() as session:
        (sent,) = deliveries.for_lead(session, lead_id)
    assert (sent.sent_via, sent.user and sent.user.name) == ("server", "Ada")


@pytest.mark.parametrize(
    ("kind", "answered", "says"),
    [
        ("consult_wanted", False, "A first reply is due on Monday, March 2, 2026, at 10:30."),
        ("overdue", False, "A first reply was due on Monday, March 2, 2026, at 10:30."),
        ("overdue", True, ""),
        ("finished", False, ""),
    ],
)
def test_the_mail_says_by_when_a_reply_is_due(
    database: Database, kind: str, answered: bool, says: str
) -> None:
    colleague(database, "ada", finished="all")
    lead_id = left_contact(database)
    mails_to_staff(database)
    change_desk(database, lead_id, first_contact_at=database.clock() if answered else None)
    note(database, lead_id, kind, occasion="again")  # type: ignore[arg-type]
    (message,) = mails_to_staff(database)
    for part in ("plain", "html"):
        said = text_of(message, part)
        assert ("A first reply" in said) == bool(says)
        assert says in " ".join(said.split())


@pytest.mark.parametrize("kind", [kind for kind in NOTIFICATION_TYPES if kind != "digest"])
def test_no_mail_says_more_about_an_owner_than_the_business(database: Database, kind: str) -> None:
    ada = colleague(database, "ada", finished="all")
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, token, replace(CONTACT, phone="+1 555 0199"))
    note(database, lead_of(database, token).id, kind, recipient_id=ada, occasion="x")  # type: ignore[arg-type]
    for message in mails_to_staff(database):
        for part in ("plain", "html"):
            said = text_of(message, part)
            assert not [told for told in PERSONAL if told in said]
            assert "Okafor Tents" in said
        html5lib.HTMLParser(strict=True).parse(text_of(message, "html"))
        assert "\n\n\n" not in text_of(message).replace("\r", "")


@pytest.mark.parametrize(
    "business",
    [
        *("evil.example/pay", "Tents\r\nBcc: all@example.com", "<b>x</b>", "T" * 90, "T\u202ex"),
        # What `email` decodes in a header, with the line breaks that would begin a new one.
        "=?utf-8?q?=0d=0aBcc=3aevil=40evil=2ecom?=",
        "=?utf-8?q?=0d=0a=0d=0aPay evil?=",
        *("evil x.com", "evil \uff58\uff0e\uff43\uff4f\uff4d", "call evil 1900 555 0199"),
    ],
)
def test_a_business_that_could_be_a_link_is_told_by_its_number(
    database: Database, business: str
) -> None:
    colleague(database, "ada")
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, token, replace(CONTACT, business=business))
    (message,) = mails_to_staff(database)
    lead_id = lead_of(database, token).id
    assert message["Subject"] == f"Lead {lead_id} requested a consult"
    assert message["Bcc"] is None
    assert "evil" not in text_of(message)


def test_every_try_is_the_same_mail_and_none_follows_once_it_was_taken(
    database: Database, clock: Clock
) -> None:
    colleague(database, "ada")
    lead_id = left_contact(database)
    tries: list[tuple[str, str]] = []

    class Lossy(Box):
        def send(self, message: EmailMessage, accepted: object) -> None:
            tries.append((message["Message-ID"], message["Date"]))
            raise RetryableError("lost in the post")

    for _ in range(3):
        make_worker(database, transport=Lossy()).run_once()
        clock.go_on(hours=2)
    assert len(tries) == 3
    assert len(set(tries)) == 1
    with database.reading() as session:
        (mail,) = deliveries.for_lead(session, lead_id)
    status = deliveries.delivery_status(mail)
    assert (status.state, status.error) == ("retrying", "lost in the post")
    (message,) = mails_to_staff(database)
    assert message["Message-ID"] == tries[0][0]
    assert mails_to_staff(database) == []


def test_without_a_mail_server_they_wait_in_the_folder(database: Database, tmp_path: Path) -> None:
    colleague(database, "ada")
    lead_id = left_contact(database)
    make_worker(database, transport=FileTransport(tmp_path)).run_once()
    (file,) = tmp_path.glob("*.eml")
    assert as_read(file.read_bytes())["Subject"] == "New lead: Okafor Tents"
    with database.reading() as session:
        (mail,) = deliveries.for_lead(session, lead_id)
    assert mail.sent_via == "folder"


def test_a_mail_about_a_lead_that_is_gone_is_not_sent(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    box = Box()
    box.problem = RetryableError("busy")
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT)
    make_worker(database, transport=box).run_once()
    with database.writing() as session:
        session.clock = lambda: clock() + timedelta(days=731)
        retention.purge(session, lead_days=730)
    clock.go_on(days=1)
    assert mails_to_staff(database) == []


def test_a_mail_whose_worker_was_killed_in_mid_send_is_sent_by_the_next(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    database.clock = utc_now
    colleague(database, "ada")
    lead_id = left_contact(database)
    with mail_server() as server:
        server.open.clear()
        url = f"smtp://127.0.0.1:{server.port}"
        arguments = [database_url, str(tmp_path / "notes"), "0", url]
        command = [sys.executable, "-m", "tests.delivery.worker_process", *arguments]
        doomed = subprocess.Popen(command)
        assert server.began.wait(60)
        doomed.kill()
        doomed.wait()
        server.open.set()
        again = subprocess.Popen(command)
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                with database.reading() as session:
                    (mail,) = deliveries.for_lead(session, lead_id)
                if mail.sent_at:
                    break
                time.sleep(0.05)
        finally:
            again.kill()
            again.wait()
        assert mail.sent_at
        # The server may have taken what the dead worker had handed in: it is the same mail.
        assert len({message["Message-ID"] for message in server.mails()}) == 1


# --- The link that stops a kind of mail ---------------------------------------------------------


@pytest.mark.parametrize("kind", NOTIFICATION_TYPES)
def test_a_token_is_read_as_it_was_made(kind: str) -> None:
    token = staff_mail.unsubscribe_token(SECRET_KEY, 7, kind)
    assert staff_mail.read_unsubscribe_token(SECRET_KEY, token) == (7, kind)


@pytest.mark.parametrize(
    "change", ["{token}x", "x{token}", "", ".", "..", "7.digest.{token}", "\ud800"]
)
def test_a_changed_token_is_not_valid(change: str) -> None:
    token = staff_mail.unsubscribe_token(SECRET_KEY, 7, "digest")
    assert staff_mail.read_unsubscribe_token(SECRET_KEY, change.format(token=token)) is None
    assert staff_mail.read_unsubscribe_token("other key", token) is None
