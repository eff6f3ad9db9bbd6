"""The mail with the report: what is in it, whom it goes to, and that it goes once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import html5lib
import pytest
from sqlalchemy import delete, select

from consult.delivery.mail.owner_mail import email_report
from consult.delivery.mail.transport import SmtpTransport
from consult.delivery.worker import PermanentError, RetryableError
from consult.owner.open_draft import freeze
from consult.questionnaire import read_answers, walk
from consult.questionnaire.editions import newest
from consult.storage import deliveries, documents, jobs
from consult.storage.db.database import Database
from consult.storage.jobs import claim
from consult.storage.leads import submission
from consult.storage.leads.submission import NewContact
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from tests.delivery.mail.test_calendar_file import properties
from tests.support.databases import Clock
from tests.support.mail_server import as_read, mail_server
from tests.support.personas import PERSONAS
from tests.support.submissions import CONTACT, lead_of, submitted
from tests.support.workers import BASE_URL, BRAND, SENDER, Box, make_context, make_worker

LINK = f"{BASE_URL}/result/{'x' * 43}"


@pytest.fixture
def result_token(database: Database) -> str:
    """A lead with a true report, and nobody's contact yet."""
    return submitted(database, report=report_of("baton_on_the_floor"))


def report_of(persona: str) -> dict[str, object]:
    edition = newest()
    answers = read_answers(edition, PERSONAS[persona].payload("quick")["answers"])
    return dict(freeze(walk(edition, answers, "quick"), BRAND).report)


def leave(
    database: Database, token: str, contact: NewContact = CONTACT, link: str | None = LINK
) -> None:
    with database.writing() as session:
        submission.save_contact(session, token, contact, link)


def mails_of(database: Database, token: str) -> list[DeliveryRow]:
    with database.reading() as session:
        return list(deliveries.report_emails(session, lead_of(database, token).id))


def mail_jobs(database: Database) -> list[JobRow]:
    query = select(JobRow).where(JobRow.kind == jobs.EMAIL_REPORT).order_by(JobRow.id)
    with database.reading() as session:
        return list(session.scalars(query))


def attachments(message: EmailMessage) -> dict[str | None, EmailMessage]:
    parts = message.iter_attachments()
    return {part.get_filename(): part for part in parts if isinstance(part, EmailMessage)}


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_a_mail_whose_pdf_is_kept_no_longer_has_it_made_anew(
    database: Database, result_token: str, clock: Clock
) -> None:
    leave(database, result_token)
    with database.writing() as session:
        session.execute(delete(JobRow).where(JobRow.kind.in_(jobs.PDF_JOBS)))
    box = Box()
    for _ in range(2):
        make_worker(database, transport=box).run_once()
        clock.go_on(seconds=2)
    assert len(box.mails) == 1


# --- What is in it ------------------------------------------------------------------------------


def test_a_real_server_gets_the_pdf_the_link_and_the_reminder(
    database: Database, result_token: str
) -> None:
    leave(database, result_token)
    with mail_server() as server:
        make_worker(database, transport=smtp(server.port)).run_once()
    (message,) = server.mails()
    assert server.recipients == [CONTACT.email]
    assert (message["To"], message["From"], message["Reply-To"]) == (
        CONTACT.email,
        SENDER,
        BRAND.email,
    )
    assert message["Subject"] == "Your Relay Check report"
    assert message["Date"].datetime == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    parts = attachments(message)
    assert list(parts) == ["relay-check-2026-03-02.pdf", "check-again.ics"]
    with database.reading() as session:
        stored = documents.get(session, lead_of(database, result_token).id, documents.REPORT)
    assert stored is not None
    assert parts["relay-check-2026-03-02.pdf"].get_content() == stored.content
    assert stored.content == b"%PDF Report for Okafor Tents"
    reminder = parts["check-again.ics"]
    assert reminder.get_content_type() == "text/calendar"
    read = properties(reminder.get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert read["DTSTART;VALUE=DATE"] == "20260531"
    assert "result" not in read["DESCRIPTION"], "calendars are shared; the result is not"
    for kind in ("plain", "html"):
        said = text_of(message, kind)
        for told in ("Ada Okafor", LINK, "May 31, 2026", "Baton on the Floor", BASE_URL):
            assert told in said


def smtp(port: int) -> SmtpTransport:
    return SmtpTransport(f"smtp://127.0.0.1:{port}")


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("wants_consult", [True, False])
def test_the_page_in_it_is_html_that_asks_for_nothing(
    database: Database, persona: str, wants_consult: bool
) -> None:
    token = submitted(database, report=report_of(persona))
    leave(database, token, replace(CONTACT, wants_consult=wants_consult))
    box = Box()
    make_worker(database, transport=box).run_once()
    (message,) = box.mails
    page = text_of(message, "html")
    html5lib.HTMLParser(strict=True).parse(page)
    for fetching in ("<img", "<link", "url(", "@import", "<script", " src=", " style="):
        assert fetching not in page
    assert ("You asked for a free consult" in text_of(message)) is wants_consult
    assert "\n\n\n" not in text_of(message).replace("\r", "")


# --- Hostile and unusual input ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Ada\r\nBcc: everybody@example.com",
        "Ada\n\nPay here: http://evil.example",
        "Win at evil.example now",
        "WWW evil",
        "<script>alert(1)</script>",
        "reply to eve@evil.example",
        "W" * 200,
        "Ada\u202eevil",
        "evil x.com",
        "=?utf-8?q?=0d=0aBcc=3aevil=40x=2ecom?=",
    ],
)
def test_no_name_gets_to_say_anything_in_our_name(
    database: Database, result_token: str, name: str
) -> None:
    leave(database, result_token, replace(CONTACT, name=name, business=name))
    box = Box()
    make_worker(database, transport=box).run_once()
    (message,) = box.mails
    message = as_read(message.as_bytes())
    assert message["Bcc"] is None
    assert message["Subject"] == "Your Relay Check report"
    for kind in ("plain", "html"):
        for part in ("evil", "script", "WWW", "Bcc"):
            assert part not in text_of(message, kind)
    assert text_of(message).startswith("Hello")


@pytest.mark.parametrize(
    "name", ["Łucja Żółć", "Nguyễn Thị Mai", "مرحبا", "J.R. O’Neil-Smith", "🦔"]
)
def test_names_of_any_script_are_greeted(database: Database, result_token: str, name: str) -> None:
    leave(database, result_token, replace(CONTACT, name=name))
    box = Box()
    make_worker(database, transport=box).run_once()
    assert text_of(as_read(box.mails[0].as_bytes())).startswith(f"Hello {name},")


@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("ada@exämple.com", "ada@xn--exmple-cua.com"),
        ("żółw@example.com", "żółw@example.com"),
        ("o'neil+x@example.com", "o'neil+x@example.com"),
    ],
)
def test_an_address_arrives_as_mail_servers_write_it(
    database: Database, result_token: str, address: str, to: str
) -> None:
    leave(database, result_token, replace(CONTACT, email=address))
    with mail_server() as server:
        make_worker(database, transport=smtp(server.port)).run_once()
    assert server.recipients == [to]


# --- Once, and to whom --------------------------------------------------------------------------


def test_what_was_sent_is_written_down_without_the_link(
    database: Database, result_token: str
) -> None:
    leave(database, result_token)
    assert [job.payload.get("link") for job in mail_jobs(database)] == [LINK]
    make_worker(database).run_once()
    (delivery,) = mails_of(database, result_token)
    assert deliveries.delivery_status(delivery).state == "sent"
    assert (delivery.address, delivery.sent_via) == (CONTACT.email, "server")
    assert delivery.sent_at is not None
    assert delivery.subject == "Your Relay Check report"
    assert "Baton on the Floor" in delivery.body
    assert LINK not in delivery.body
    (job,) = mail_jobs(database)
    assert job.payload == {}


def test_a_contact_without_a_link_gets_no_mail(database: Database, result_token: str) -> None:
    leave(database, result_token, link=None)
    assert mails_of(database, result_token) == []


def test_the_same_address_gets_one_mail_and_a_corrected_one_its_own(
    database: Database, result_token: str
) -> None:
    box = Box()
    worker = make_worker(database, transport=box)
    for contact in (CONTACT, CONTACT, replace(CONTACT, phone="555", business="Okafor and Co")):
        leave(database, result_token, contact)
        worker.run_once()
    assert [message["To"] for message in box.mails] == [CONTACT.email]
    leave(database, result_token, replace(CONTACT, email="ada@new.example"))
    worker.run_once()
    assert [message["To"] for message in box.mails] == [CONTACT.email, "ada@new.example"]
    assert len({message["Message-ID"] for message in box.mails}) == 2


def test_an_address_corrected_in_time_gets_nothing(database: Database, result_token: str) -> None:
    leave(database, result_token)
    leave(database, result_token, replace(CONTACT, email="ada@new.example"), link=None)
    leave(database, result_token, replace(CONTACT, email="ada@newer.example"))
    box = Box()
    make_worker(database, transport=box).run_once()
    assert [message["To"] for message in box.mails] == ["ada@newer.example"]
    assert {job.state for job in mail_jobs(database)} == {"done"}
    assert not any("link" in job.payload for job in mail_jobs(database))


def test_it_waits_for_the_pdf_that_names_its_owner_and_that_is_no_try(
    database: Database, result_token: str, clock: Clock
) -> None:
    leave(database, result_token)
    box = Box()
    worker = make_worker(database, transport=box)
    with database.writing() as session:
        for job in session.scalars(select(JobRow).where(JobRow.kind != jobs.EMAIL_REPORT)):
            job.run_at = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)
    waits = []
    for _ in range(4):
        assert worker.run_once() == 1
        (job,) = mail_jobs(database)
        assert (job.state, job.attempts, job.last_error) == ("ready", 0, None)
        waits.append((job.run_at - clock()).total_seconds())
        clock.time = job.run_at
    assert waits == [1, 1, 2, 4]
    for _ in range(2):  # the first makes the PDF
        clock.go_on(minutes=11)
        worker.run_once()
    assert len(box.mails) == 1


def test_a_worker_that_dies_after_the_mail_was_taken_does_not_send_it_again(
    database: Database, result_token: str, clock: Clock
) -> None:
    leave(database, result_token)
    with database.writing() as session:
        documents.put(session, lead_of(database, result_token).id, documents.REPORT, 2, b"%PDF")
        job = next(
            job
            for _ in range(8)
            if (job := claim(session, timedelta(minutes=1))) and job.kind == jobs.EMAIL_REPORT
        )
    box = Box()
    email_report(make_context(database, transport=box), job)  # here it dies, before the job is done
    clock.go_on(minutes=2)
    make_worker(database, transport=box).run_once()
    assert len(box.mails) == 1
    assert mail_jobs(database)[0].state == "done"


def test_every_try_of_a_mail_is_the_same_mail(
    database: Database, result_token: str, clock: Clock
) -> None:
    leave(database, result_token)
    ids = []

    class Lossy(Box):
        def send(self, message: EmailMessage, accepted: object) -> None:
            ids.append((message["Message-ID"], message["Date"]))
            raise RetryableError("lost in the post")

    for _ in range(3):
        make_worker(database, transport=Lossy()).run_once()
        clock.go_on(hours=2)
    assert len(ids) == 3
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    ("problem", "state"),
    [(PermanentError("No such user"), "failed"), (RetryableError("Busy"), "ready")],
)
def test_what_went_wrong_is_told_in_words(
    database: Database, result_token: str, problem: Exception, state: str
) -> None:
    leave(database, result_token)
    box = Box()
    box.problem = problem
    make_worker(database, transport=box).run_once()
    (delivery,) = mails_of(database, result_token)
    assert delivery.job
    assert (delivery.job.state, delivery.job.last_error) == (state, str(problem))
    assert delivery.sent_at is None
