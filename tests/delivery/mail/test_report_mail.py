"""The mail with the report: what is in it, who gets it, and that it is sent once."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any, cast

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from consult.delivery.mail.owner_mail import OwnerMail, calendar_file, report_message
from consult.delivery.mail.transport import SmtpTransport
from consult.delivery.worker import PermanentError, RetryableError
from consult.report.report import from_json
from consult.storage import deliveries, documents, jobs
from consult.storage.db import database as clocks
from consult.storage.db.database import Database, Session
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import book
from tests.support.mail_server import MailServer, mail_server
from tests.support.personas import PERSONAS
from tests.support.results import frozen
from tests.support.submissions import CONTACT, lead_of, save_contact, submitted
from tests.support.workers import (
    BASE_URL,
    BRAND,
    SENDER,
    Box,
    make_context,
    make_worker,
    sent_mails,
    text_of,
)

IS_MAIL = JobRow.kind == jobs.EMAIL_REPORT
LINK = f"{BASE_URL}/result/{'x' * 43}"
CREATED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def result_token(database: Database) -> str:
    """A lead with a real report, and without a contact."""
    return submitted(database, report=report_of("baton_on_the_floor"))


def report_of(persona: str) -> dict[str, object]:
    return dict(frozen(PERSONAS[persona], brand=BRAND).report)


def mail_to(persona: str = "baton_on_the_floor", **contact: Any) -> EmailMessage:
    """The mail about a persona's check to CONTACT, or what it is changed to, without a database."""
    owner = replace(CONTACT, **contact)
    lead = SubmissionRow(
        report=report_of(persona), submitted_at=CREATED_AT, result_token_hash=b"x" * 32
    )
    delivery = DeliveryRow(address=owner.email, created_at=CREATED_AT, token="x" * 32)
    mail = OwnerMail(delivery, lead, ContactRow(**asdict(owner)))
    context = make_context(cast(Database, None))  # it reads nothing
    return report_message(context, mail, LINK, b"%PDF", "")[0]


def mails_of(database: Database, token: str) -> list[DeliveryRow]:
    return list(read(database, deliveries.report_emails, lead_of(database, token).id))


def attachments(message: EmailMessage) -> dict[str | None, EmailMessage]:
    parts = message.iter_attachments()
    return {part.get_filename(): part for part in parts if isinstance(part, EmailMessage)}


@ON_SQLITE
def test_a_deleted_pdf_is_made_again(database: Database, result_token: str) -> None:
    save_contact(database, result_token, LINK)
    with database.writing() as session:
        session.execute(delete(JobRow).where(JobRow.kind.in_(jobs.PDF_JOBS)))
    assert len(sent_mails(database)) == 1


# --- What is in it ------------------------------------------------------------------------------


@ON_SQLITE
def test_a_real_server_gets_the_whole_mail(database: Database, result_token: str) -> None:
    save_contact(database, result_token, LINK)
    assert [job.payload for job in rows(database, JobRow, IS_MAIL)] == [{"link": LINK}]
    with mail_server() as server:
        make_worker(database, transport=SmtpTransport(f"smtp://127.0.0.1:{server.port}")).run_once()
    (message,) = server.mails()
    assert server.recipients == [CONTACT.email]
    assert (message["To"], message["From"], message["Reply-To"]) == (
        CONTACT.email,
        SENDER,
        BRAND.email,
    )
    report = from_json(report_of("baton_on_the_floor"))
    subject = f"Your result: {report.finding.removesuffix('.')}"
    assert message["Subject"] == subject
    assert message["Date"].datetime == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    parts = attachments(message)
    assert list(parts) == ["relay-check-2026-03-02.pdf", "check-again.ics"]
    stored = read(database, documents.get, lead_of(database, result_token).id, documents.REPORT)
    assert stored is not None
    assert parts["relay-check-2026-03-02.pdf"].get_content() == stored.content
    assert stored.content == b"%PDF Report for Okafor Tents"
    reminder = parts["check-again.ics"]
    assert reminder.get_content_type() == "text/calendar"
    shown = properties(reminder.get_payload(decode=True).decode())  # type: ignore[union-attr]
    assert shown["DTSTART;VALUE=DATE"] == "20260531"
    assert "result" not in shown["DESCRIPTION"], "calendars are shared; the result is not"
    first_step = report.plan[0]
    scores = (f"{axis.confirmed} of 100" for axis in report.axes)
    tool = (
        *scores,
        first_step.start,
        first_step.tool,
        *filter(None, first_step.tool_text.splitlines()),
    )
    for kind in ("plain", "html"):
        said = text_of(message, kind)
        assert [line for line in tool if line not in said] == []
        for part in ("Ada Okafor", LINK, "May 31, 2026", report.finding, BASE_URL):
            assert part in said
    # What was sent is recorded, but not the link.
    (delivery,) = mails_of(database, result_token)
    assert deliveries.delivery_status(delivery).state == "sent"
    assert (delivery.address, delivery.sent_via) == (CONTACT.email, "server")
    assert delivery.sent_at is not None
    assert delivery.subject == subject
    assert report.finding in delivery.body
    assert LINK not in delivery.body
    assert [job.payload for job in rows(database, JobRow, IS_MAIL)] == [{}]


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("wants_consult", [True, False])
def test_its_html_loads_nothing(persona: str, wants_consult: bool) -> None:
    message = mail_to(persona, wants_consult=wants_consult)
    page = text_of(message, "html")
    html5lib.HTMLParser(strict=True).parse(page)
    for fetching in ("<img", "<link", "url(", "@import", "<script", " src="):
        assert fetching not in page
    assert ("You asked for a free consult" in text_of(message)) is wants_consult
    assert "\n\n\n" not in text_of(message).replace("\r", "")


# --- The calendar file --------------------------------------------------------------------------


def calendar(title: str, text: str, created_at: datetime = CREATED_AT) -> str:
    return calendar_file("abc@check.example", created_at, date(2026, 5, 31), title, text)


def properties(file: str) -> dict[str, str]:
    """The properties of the one entry, unfolded and with their texts unescaped."""
    assert file.endswith("\r\n")
    lines = file.removesuffix("\r\n").replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VEVENT", "END:VCALENDAR"]
    read = {}
    for line in lines[1:-2]:
        assert re.match(r"[A-Z-]+[;:]", line), line
        name, _, value = line.partition(":")
        read[name] = re.sub(
            r"\\(.)", lambda mark: "\n" if mark[1] == "n" else mark[1], value, flags=re.S
        )
    return read


@ON_SQLITE
@pytest.mark.parametrize("wants_consult", [True, False])
def test_its_link_to_book_is_the_owners_own(
    database: Database, result_token: str, wants_consult: bool
) -> None:
    brand = replace(BRAND, consult_url="https://calendly.com/northside/consult")
    save_contact(database, result_token, LINK, wants_consult=wants_consult)
    (message,) = sent_mails(database, brand=brand)
    for kind in ("plain", "html"):
        text = text_of(message, kind)
        (key,) = set(re.findall(rf"{LINK}/book\?key=([\w.-]+)", text))
        assert f"{LINK}/contact?key={key}" in text
        assert "calendly.com" not in text
    (mail,) = mails_of(database, result_token)
    assert "/book" not in (mail.body or "")


@ON_SQLITE
def test_it_leads_to_our_own_calendar_or_says_when_the_consult_is(
    database: Database, result_token: str
) -> None:
    save_contact(database, result_token, LINK, wants_consult=True)
    (message,) = sent_mails(database)
    for kind in ("plain", "html"):
        (key,) = re.findall(rf"{LINK}/book\?key=([\w.-]+)", text_of(message, kind))
        assert f"{LINK}/contact?key={key}" in text_of(message, kind)
    starts_at = datetime(2026, 12, 2, 19, 30, tzinfo=UTC)
    book(database, lead_of(database, result_token).id, starts_at, calendar="own")
    save_contact(database, result_token, LINK, wants_consult=True, email="ada@okafor.example")
    message = next(one for one in sent_mails(database) if "result" in one["Subject"])
    for kind in ("plain", "html"):
        text = text_of(message, kind)
        assert "Wednesday, December 2, 2:30 PM, New York time" in text
        assert f"{LINK}/book" not in text


def test_it_is_an_entry_for_a_whole_day_that_stays_free() -> None:
    entry = calendar("Look again", "See what has changed: https://check.example")
    shown = properties(entry)
    assert shown["VERSION"] == "2.0"
    assert shown["UID"] == "abc@check.example"
    assert shown["DTSTAMP"] == "20260302T093000Z"
    assert shown["DTSTART;VALUE=DATE"] == "20260531"
    assert shown["DTEND;VALUE=DATE"] == "20260601"
    assert shown["TRANSP"] == "TRANSPARENT"
    assert shown["SUMMARY"] == "Look again"
    assert shown["DESCRIPTION"] == "See what has changed: https://check.example"
    local = CREATED_AT.astimezone(timezone(timedelta(hours=-8)))
    assert calendar(shown["SUMMARY"], shown["DESCRIPTION"], local) == entry, "its time is in UTC"


ONE_LINE = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029")


@given(st.text(ONE_LINE, min_size=1))
@example(r"C:\New")
def test_any_text_comes_back_from_lines_that_are_short_enough(text: str) -> None:
    file = calendar(text, f"{text}\n{text}")
    assert all(len(line.encode()) <= 75 for line in file.split("\r\n"))
    assert "\n" not in file.replace("\r\n", "")
    shown, text = properties(file), text.replace(r"\N", "\\\u2060N")
    assert (shown["SUMMARY"], shown["DESCRIPTION"]) == (text, f"{text}\n{text}")


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
def test_a_misleading_name_is_left_out(name: str) -> None:
    message = mail_to(name=name, business=name)
    assert message["Bcc"] is None
    report = from_json(report_of("baton_on_the_floor"))
    subject = f"Your result: {report.finding.removesuffix('.')}"
    assert message["Subject"] == subject
    for kind in ("plain", "html"):
        for part in ("evil", "script", "WWW", "Bcc"):
            assert part not in text_of(message, kind)
    assert text_of(message).startswith("Hello")


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.mark.parametrize(
    ("contact", "to"),
    [
        *(({"name": name}, CONTACT.email) for name in ("Łucja Żółć", "Nguyễn Thị Mai", "مرحبا")),
        *(({"name": name}, CONTACT.email) for name in ("J.R. O’Neil-Smith", "🦔")),
        ({"email": "ada@exämple.com"}, "ada@xn--exmple-cua.com"),
        ({"email": "żółw@example.com"}, "żółw@example.com"),
        ({"email": "o'neil+x@example.com"}, "o'neil+x@example.com"),
    ],
)
def test_unicode(server: MailServer, contact: dict[str, str], to: str) -> None:
    server.accepted.clear()
    server.recipients.clear()
    mail = mail_to(**contact)
    SmtpTransport(f"smtp://127.0.0.1:{server.port}").send(mail, lambda: None)
    assert server.recipients == [to]
    (message,) = server.mails()
    assert text_of(message).startswith(f"Hello {contact.get('name', CONTACT.name)},")


# --- Once, and to which address -------------------------------------------------------------------


@ON_SQLITE
def test_each_address_gets_one_mail(database: Database, result_token: str) -> None:
    box = Box()
    worker = make_worker(database, transport=box)
    for changes in ({}, {}, {"phone": "555", "business": "Okafor and Co"}):
        save_contact(database, result_token, LINK, **changes)
        worker.run_once()
    assert [message["To"] for message in box.mails] == [CONTACT.email]
    save_contact(database, result_token, LINK, email="ada@new.example")
    worker.run_once()
    assert [message["To"] for message in box.mails] == [CONTACT.email, "ada@new.example"]
    assert len({message["Message-ID"] for message in box.mails}) == 2


@ON_SQLITE
def test_only_the_last_address_with_a_link_gets_mail(database: Database, result_token: str) -> None:
    save_contact(database, result_token)
    assert mails_of(database, result_token) == []
    save_contact(database, result_token, LINK, email="ada@first.example")
    save_contact(database, result_token, email="ada@new.example")
    save_contact(database, result_token, LINK, email="ada@newer.example")
    assert [message["To"] for message in sent_mails(database)] == ["ada@newer.example"]
    assert {job.state for job in rows(database, JobRow, IS_MAIL)} == {"done"}
    assert not any("link" in job.payload for job in rows(database, JobRow, IS_MAIL))


def test_a_mail_waits_for_its_pdf_and_follows_at_once(
    database: Database, result_token: str, clock: Clock
) -> None:
    save_contact(database, result_token, LINK)
    box = Box()
    worker = make_worker(database, transport=box)
    with database.writing() as session:
        for job in session.scalars(select(JobRow).where(JobRow.kind != jobs.EMAIL_REPORT)):
            job.run_at = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)
    assert worker.run_once() == 1
    (job,) = rows(database, JobRow, IS_MAIL)
    assert (job.state, job.attempts, job.last_error) == ("ready", 0, None)
    assert job.run_at == clock() + timedelta(minutes=10)
    clock.go_on(minutes=1)
    worker.run_once()
    assert len(box.mails) == 1
    assert rows(database, JobRow, IS_MAIL)[0].attempts == 1


def test_a_pdf_that_comes_while_its_mail_looks_for_it_is_not_missed(
    database: Database, result_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_contact(database, result_token, LINK)
    get, pdfs = documents.get, [b"%PDF"]

    def just_missed(session: Session, lead_id: int, kind: str) -> object:
        found = get(session, lead_id, kind)
        while pdfs:
            with ThreadPoolExecutor(1) as other:
                other.submit(write, database, documents.put, lead_id, kind, 2, pdfs.pop()).result()
        return found

    monkeypatch.setattr(documents, "get", just_missed)
    box = Box()
    with database.writing() as session:
        session.execute(
            update(JobRow).where(~IS_MAIL).values(state="done", finished_at=session.now())
        )
    worker = make_worker(database, transport=box)
    assert worker.run_once() == 2
    assert len(box.mails) == 1


@ON_SQLITE
def test_a_mail_that_the_server_put_off_is_not_hurried_by_a_pdf(
    database: Database, result_token: str
) -> None:
    save_contact(database, result_token, LINK)
    make_worker(database, transport=Box(RetryableError("Busy"))).run_once()
    put_off = rows(database, JobRow, IS_MAIL)[0].run_at
    save_contact(database, result_token, LINK, business="Okafor and Co")
    assert sent_mails(database) == []
    assert rows(database, JobRow, IS_MAIL)[0].run_at == put_off


def test_a_mail_accepted_before_a_crash_is_sent_once(database: Database, result_token: str) -> None:
    save_contact(database, result_token, LINK)
    write(database, documents.put, lead_of(database, result_token).id, documents.REPORT, 2, b"%PDF")
    assert len(sent_mails(database)) == 1
    with database.writing() as session:  # as if it had died before the job was done
        again = update(JobRow).where(JobRow.kind == jobs.EMAIL_REPORT)
        done_again = {"finished_at": None, "run_at": session.now(), "payload": {"link": LINK}}
        session.execute(again.values(state="ready", **done_again))
    assert sent_mails(database) == []
    (job,) = rows(database, JobRow, IS_MAIL)
    assert (job.state, job.attempts) == ("done", 2)


def test_a_worker_whose_clock_is_fast_sends_no_mail_of_another(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(postgres_url)) as database:
        token = submitted(database, report=report_of("baton_on_the_floor"))
        save_contact(database, token, LINK)
        monkeypatch.setattr(clocks, "utc_now", lambda: datetime.now(UTC) + timedelta(seconds=90))
        with closing(Database(postgres_url)) as same_database:
            box = Box()
            other = make_worker(same_database, transport=box)

            class SlowBox(Box):
                def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
                    other.run_once()
                    box.send(message, accepted)

            make_worker(database, transport=SlowBox()).run_once()
        assert len(box.mails) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("problem", "state"),
    [(PermanentError("No such user"), "failed"), (RetryableError("Busy"), "ready")],
)
def test_every_attempt_is_the_same_mail_and_its_problem_is_shown(
    database: Database, result_token: str, clock: Clock, problem: Exception, state: str
) -> None:
    save_contact(database, result_token, LINK)
    box = Box(problem)
    for _ in range(3):
        make_worker(database, transport=box).run_once()
        clock.go_on(hours=2)
    assert len(box.attempts) == (1 if state == "failed" else 3)
    assert len(set(box.attempts)) == 1
    (delivery,) = mails_of(database, result_token)
    assert delivery.job
    assert (delivery.job.state, delivery.job.last_error) == (state, str(problem))
    assert delivery.sent_at is None
