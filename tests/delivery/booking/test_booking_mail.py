"""Mails about a consult in our own calendar: what goes over the wire, who gets it, how often."""

from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import html5lib
import pytest
from icalendar import Calendar

from consult.crypto import booking_token
from consult.delivery.booking.booking_mail import booking_file
from consult.delivery.mail.transport import FileTransport, SmtpTransport
from consult.delivery.worker import RetryableError
from consult.storage import deliveries
from consult.storage.booking import bookings, own_calendar
from consult.storage.booking.bookings import Appointment
from consult.storage.db.database import Database
from consult.storage.leads import submission
from consult.storage.privacy import erasure
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import DeliveryRow
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.office_hours import Office
from tests.support import lead_factories
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import colleague, set_lead
from tests.support.mail_server import mail_server
from tests.support.submissions import CONTACT, lead_of, left_contact, save_contact, submitted
from tests.support.workers import (
    BASE_URL,
    BRAND,
    SECRET_KEY,
    SETTINGS,
    Box,
    drop_jobs,
    make_worker,
    sent_mails,
    text_of,
)

STARTS_AT = datetime(2026, 3, 6, 15, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
PLACE = "We’ll call you."
OWNER = "America/New_York"
FRIDAY = "Friday, March 6, 2026, 10:00 AM to 10:30 AM, New York time (EST)"


def at(starts_at: datetime = STARTS_AT, zone: str = OWNER, place: str = PLACE) -> Appointment:
    return Appointment(starts_at, starts_at + HALF_AN_HOUR, zone, place)


def book(
    database: Database, lead_id: int, starts_at: datetime = STARTS_AT, **how: Any
) -> BookingRow:
    how = {"calendar": "own", "zone": OWNER, "place": PLACE, **how}
    return lead_factories.book(database, lead_id, starts_at, **how)


def move(database: Database, booking: BookingRow, days: int) -> None:
    to = at(STARTS_AT + timedelta(days=days))
    assert write(database, bookings.move, booking.id, to, database.clock())


def cancel(database: Database, booking: BookingRow) -> None:
    assert write(database, bookings.cancel, booking.id, database.clock(), Office())


@pytest.fixture
def lead_id(database: Database) -> int:
    return settled_lead(database)


def settled_lead(database: Database, **contact: Any) -> int:
    """A lead with a contact to whom nothing is due."""
    lead_id = left_contact(database, **contact)
    drop_jobs(database)
    return lead_id


def calendar_parts(message: EmailMessage) -> list[bytes]:
    kinds = ("text/calendar", "application/ics")
    parts = [part for part in message.walk() if part.get_content_type() in kinds]
    found = [part.get_payload(decode=True) for part in parts]
    return [content for content in found if isinstance(content, bytes)]


def event_in(message: EmailMessage) -> tuple[str, Any]:
    """The method and the event of an invitation, which is in a mail twice."""
    first, second = calendar_parts(message)
    assert first == second
    calendar = Calendar.from_ical(first)
    (event,) = calendar.subcomponents
    return str(calendar["METHOD"]), event


def to_owner(mails: list[EmailMessage]) -> list[EmailMessage]:
    return [mail for mail in mails if mail["To"] == CONTACT.email]


# --- On the wire ----------------------------------------------------------------------------------


@ON_SQLITE
def test_a_real_server_gets_text_invitation_and_file(database: Database, lead_id: int) -> None:
    booking = book(database, lead_id)
    with mail_server() as server:
        make_worker(database, transport=SmtpTransport(f"smtp://127.0.0.1:{server.port}")).run_once()
    (raw,) = server.accepted
    assert server.recipients == [CONTACT.email]
    assert b'\r\nContent-Type: text/calendar; charset="utf-8"; method="REQUEST"\r\n' in raw
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    body, file = message.iter_parts()
    assert message.get_content_type() == "multipart/mixed"
    assert body.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in body.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    for content in calendar_parts(message):
        assert content.startswith(b"BEGIN:VCALENDAR\r\n")
        assert content.endswith(b"END:VCALENDAR\r\n")
        assert b"\n" not in content.replace(b"\r\n", b"")
    method, event = event_in(message)
    assert (method, event["UID"], event["SEQUENCE"]) == ("REQUEST", booking.uid, 0)
    assert (event.start, event.end) == (STARTS_AT, STARTS_AT + HALF_AN_HOUR)
    assert event["ORGANIZER"] == "mailto:relay@check.example"
    assert event["ORGANIZER"].params["CN"] == BRAND.name
    assert event["ATTENDEE"] == f"mailto:{CONTACT.email}"
    asked = event["ATTENDEE"].params
    assert (asked["CN"], asked["RSVP"], asked["PARTSTAT"]) == (CONTACT.name, "TRUE", "NEEDS-ACTION")
    link = f"{BASE_URL}/book/{booking_token(SECRET_KEY, booking.id)}"
    assert event["LOCATION"] == PLACE
    assert link in event["DESCRIPTION"]
    assert message["Subject"] == "Your consult: Fri, Mar 6, 10:00 AM"
    assert message["Reply-To"] == BRAND.email
    for kind in ("plain", "html"):
        assert all(part in text_of(message, kind) for part in (FRIDAY, PLACE, link, CONTACT.name))
    # What was sent is recorded for staff, but not the link.
    (sent,) = rows(database, DeliveryRow, DeliveryRow.recipient == "owner")
    assert (sent.kind, sent.sent_via, sent.subject) == ("booked", "server", message["Subject"])
    assert FRIDAY in sent.body
    assert link not in sent.body


@ON_SQLITE
def test_without_a_mail_server_it_is_a_file(
    database: Database, lead_id: int, tmp_path: Path
) -> None:
    book(database, lead_id)
    make_worker(database, transport=FileTransport(tmp_path)).run_once()
    (file,) = tmp_path.glob("*.eml")
    message = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert isinstance(message, EmailMessage)
    assert event_in(message)[0] == "REQUEST"


@ON_SQLITE
def test_the_file_to_download_is_the_same_event(database: Database, lead_id: int) -> None:
    booking = book(database, lead_id)
    calendar = Calendar.from_ical(booking_file(booking, SETTINGS, BRAND))
    (event,) = calendar.subcomponents
    (mail,) = sent_mails(database)
    _, invited = event_in(mail)
    assert calendar["METHOD"] == "PUBLISH"
    assert dict(event) == {k: v for k, v in invited.items() if k not in ("ORGANIZER", "ATTENDEE")}


# --- What each says -------------------------------------------------------------------------------


@ON_SQLITE
def test_each_change_is_the_same_event_with_a_higher_sequence(
    database: Database, lead_id: int, clock: Clock
) -> None:
    ada = colleague(database, "ada")
    booking = book(database, lead_id, state="requested")
    mails = sent_mails(database)
    for change in (
        lambda: write(database, own_calendar.confirm, lead_id, by=ada),
        lambda: move(database, booking, 1),
        lambda: cancel(database, booking),
    ):
        clock.go_on(minutes=1)
        change()
        mails += sent_mails(database)
    for_ada = [mail for mail in mails if mail not in to_owner(mails)]
    mails = to_owner(mails)
    found = [event_in(mail) for mail in mails]
    assert [event_in(mail)[1]["SEQUENCE"] for mail in for_ada] == [0, 1, 2, 3]
    assert [mail["Subject"] for mail in for_ada] == [
        f"{what}: Okafor Tents"
        for what in ("Confirm a consult", "Consult confirmed", "Consult moved", "Consult canceled")
    ]
    assert [(method, event["STATUS"], event["SEQUENCE"]) for method, event in found] == [
        ("REQUEST", "TENTATIVE", 0),
        ("REQUEST", "CONFIRMED", 1),
        ("REQUEST", "CONFIRMED", 2),
        ("CANCEL", "CANCELLED", 3),
    ]
    assert {event["UID"] for _, event in found} == {booking.uid}
    assert [event["DTSTAMP"].dt for _, event in found] == sorted(
        {event["DTSTAMP"].dt for _, event in found}
    )
    assert [mail["Subject"] for mail in mails] == [
        "We’ll confirm your consult: Fri, Mar 6, 10:00 AM",
        "Confirmed: your consult on Fri, Mar 6, 10:00 AM",
        "Your consult moved to Sat, Mar 7, 10:00 AM",
        "Canceled: your consult on Sat, Mar 7, 10:00 AM",
    ]
    for mail, says in zip(
        mails, ("confirm by email", "is confirmed", "the new time", "is canceled"), strict=True
    ):
        html5lib.HTMLParser(strict=True).parse(text_of(mail, "html"))
        assert "\n\n\n" not in text_of(mail).replace("\r", "")
        for kind in ("plain", "html"):
            assert says in " ".join(text_of(mail, kind).split())
    assert "Move or cancel" not in text_of(mails[-1])


@ON_SQLITE
def test_what_staff_change_is_in_the_calendars_of_both(
    database: Database, lead_id: int, clock: Clock
) -> None:
    ada = colleague(database, "ada")
    booking = book(database, lead_id)
    sent_mails(database)
    to = STARTS_AT + timedelta(days=3)
    for version, (stage, consult_at) in enumerate((("consult_booked", to), ("lost", None))):
        set_lead(database, lead_id, stage=stage, consult_at=consult_at, version=9 + version)
        clock.go_on(minutes=5)
        write(database, own_calendar.sync, lead_id, released=False)
        mails = sent_mails(database)
        assert {mail["To"] for mail in mails} == {CONTACT.email, "ada@agency.example"}
        for mail in mails:
            method, event = event_in(mail)
            assert (method, event.start, event["UID"]) == (
                "REQUEST" if consult_at else "CANCEL",
                to,
                booking.uid,
            )
    assert ada


@ON_SQLITE
def test_a_canceled_request_is_canceled_in_the_calendar_that_holds_its_time(
    database: Database, lead_id: int
) -> None:
    booking = book(database, lead_id, state="requested")
    sent_mails(database)
    cancel(database, booking)
    assert [event_in(mail)[0] for mail in sent_mails(database)] == ["CANCEL"]


TIMES = [
    # The hour that clocks show twice, and the one that they skip.
    (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), OWNER, "1:30 AM EDT to 1:00 AM EST"),
    (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), OWNER, "1:30 AM to 2:00 AM, New York time (EST)"),
    (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), OWNER, "1:30 AM EST to 3:00 AM EDT"),
    (datetime(2026, 3, 29, 0, 45, tzinfo=UTC), "Europe/Berlin", "1:45 AM CET to 3:15 AM CEST"),
    # Another day, and a zone without a short name.
    (datetime(2026, 3, 6, 23, 45, tzinfo=UTC), "UTC", "11:45 PM to March 7, 2026, 12:15 AM"),
    (datetime(2026, 3, 6, 15, tzinfo=UTC), "Asia/Dubai", "7:00 PM to 7:30 PM, Dubai time (UTC+04)"),
]


@ON_SQLITE
def test_its_time_is_exact_in_the_zone_of_the_owner(database: Database) -> None:
    leads = [settled_lead(database, email=f"{number}@owner.example") for number in range(6)]
    for number, (lead_id, (starts_at, zone, _)) in enumerate(zip(leads, TIMES, strict=True)):
        book(database, lead_id, starts_at, zone=zone, uid=str(number))
    mails = {mail["To"]: mail for mail in sent_mails(database) if "consult" in mail["Subject"]}
    for number, (starts_at, _, says) in enumerate(TIMES):
        mail = mails[f"{number}@owner.example"]
        for kind in ("plain", "html"):
            assert says in text_of(mail, kind)
        _, event = event_in(mail)
        assert (event.start, event.end) == (starts_at, starts_at + HALF_AN_HOUR)


HOSTILE = [
    "Ada\r\nBcc: everybody@example.com",
    "Ada\nATTENDEE:mailto:eve@evil.example",
    'Ada"; Okafor, Tents:',
    "call evil.example now",
    "W" * 200,
    "🦔" * 60,
    "Ada\u202eevil",
]


@ON_SQLITE
def test_no_name_gets_into_a_header_or_a_line_of_its_own(database: Database) -> None:
    leads = [settled_lead(database, name=name, business=name) for name in HOSTILE]
    colleague(database, "ada")
    for lead_id in leads:
        book(database, lead_id, STARTS_AT + lead_id * HALF_AN_HOUR, uid=str(lead_id))
    mails = sent_mails(database)
    assert len(mails) == 2 * len(HOSTILE)
    for mail in mails:
        assert mail["Bcc"] is None
        _, event = event_in(mail)
        assert not isinstance(event["ATTENDEE"], list)
        assert "eve@" not in event["ATTENDEE"]
        for content in calendar_parts(mail):
            assert b"evil.example" not in content
            assert all(len(line) <= 75 for line in content.split(b"\r\n"))


# --- Who gets them, when and how often ------------------------------------------------------------


@ON_SQLITE
def test_a_provider_emails_owners_itself(database: Database, lead_id: int) -> None:
    colleague(database, "ada")
    book(database, lead_id, calendar="cal", place="See evil.example")
    (mail,) = sent_mails(database)
    assert mail["To"] == "ada@agency.example"
    assert calendar_parts(mail) == []
    assert "How you meet: See evil example" in text_of(mail)


@ON_SQLITE
def test_every_attempt_is_the_same_mail(database: Database, lead_id: int, clock: Clock) -> None:
    book(database, lead_id)
    box = Box(RetryableError("Busy"))
    for _ in range(2):
        make_worker(database, transport=box).run_once()
        clock.go_on(hours=2)
    assert len(box.attempts) == 2
    assert len(set(box.attempts)) == 1
    (mail,) = sent_mails(database)
    assert (mail["Message-ID"], mail["Date"]) == box.attempts[0]
    assert sent_mails(database) == []


@ON_SQLITE
def test_what_was_not_sent_yet_is_replaced(database: Database, lead_id: int) -> None:
    booking = book(database, lead_id)
    move(database, booking, 1)
    cancel(database, booking)
    another = book(database, lead_id, uid="another")
    found = [event_in(mail) for mail in sent_mails(database)]
    assert [(method, event["UID"]) for method, event in found] == [
        ("CANCEL", booking.uid),
        ("REQUEST", another.uid),
    ]


def test_a_report_and_an_invitation_do_not_replace_each_other(database: Database) -> None:
    token = submitted(database)
    link = f"{BASE_URL}/result/{'x' * 43}"
    save_contact(database, token, link, email="ada@first.example")
    book(database, lead_of(database, token).id)
    save_contact(database, token, link, email="ada@new.example")
    waiting = [row for row in rows(database, DeliveryRow) if row.recipient == "owner"]
    states = [(row.kind, row.address, _job_state(database, row)) for row in waiting]
    assert sorted(states) == [
        ("booked", "ada@first.example", "done"),
        ("booked", "ada@new.example", "ready"),
        ("report", "ada@first.example", "done"),
        ("report", "ada@new.example", "ready"),
    ]


@ON_SQLITE
def test_to_a_consult_that_is_over_nobody_is_invited(database: Database, clock: Clock) -> None:
    token = submitted(database)
    save_contact(database, token)
    book(database, lead_of(database, token).id)
    sent_mails(database)
    clock.go_on(days=5)
    save_contact(database, token, email="ada@new.example")
    assert [mail for mail in sent_mails(database) if mail["To"] == "ada@new.example"] == []


def _job_state(database: Database, row: DeliveryRow) -> str:
    found = read(database, deliveries.get, row.id)
    assert found is not None
    assert found.job is not None
    return found.job.state


@ON_SQLITE
@pytest.mark.parametrize("held", ["suspect", "unconfirmed", "demo"])
def test_nothing_is_sent_to_who_must_not_be_written_to(
    database: Database, lead_id: int, held: str
) -> None:
    ada = colleague(database, "ada", admin=True, consult_booked="off")
    if held == "unconfirmed":
        with database.writing() as session:
            session.get_one(ContactRow, lead_id).waiting_token = b"x"
    else:
        set_lead(database, lead_id, **{held: True})
    book(database, lead_id)
    assert to_owner(sent_mails(database)) == []
    if held == "suspect":  # cleared, they are invited once
        write(database, submission.clear_spam, lead_id, by=ada)
        assert [event_in(mail)[0] for mail in to_owner(sent_mails(database))] == ["REQUEST"]


def test_a_lead_that_is_held_or_deleted_stops_what_waits(database: Database, lead_id: int) -> None:
    book(database, lead_id)
    set_lead(database, lead_id, suspect=True)
    assert to_owner(sent_mails(database)) == []
    another = left_contact(database)
    book(database, another, STARTS_AT + HALF_AN_HOUR, uid="another")
    write(database, erasure.erase, [another], "delete", by=None, reason="requested")
    assert rows(database, DeliveryRow, DeliveryRow.submission_id == another) == []
    assert to_owner(sent_mails(database)) == []


# --- To staff -------------------------------------------------------------------------------------


@ON_SQLITE
def test_staff_get_the_consult_into_their_calendar_in_their_zone(
    database: Database, lead_id: int
) -> None:
    colleague(database, "ada")
    booking = book(database, lead_id)
    office = Office(zone=ZoneInfo("Europe/Berlin"))
    mails = sent_mails(database, office=office)
    mail = next(mail for mail in mails if mail["To"] == "ada@agency.example")
    for kind in ("plain", "html"):
        said = text_of(mail, kind)
        assert "Friday, March 6, 2026, 4:00 PM to 4:30 PM, Berlin time (CET)" in said
        assert all(part in said for part in (OWNER, PLACE))
    method, event = event_in(mail)
    assert (method, event["UID"], event["SUMMARY"]) == (
        "REQUEST",
        booking.uid,
        "Consult: Okafor Tents",
    )
    assert event["ATTENDEE"] == "mailto:ada@agency.example"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    content = calendar_parts(mail)[0].decode().replace("\r\n ", "")
    assert f"{BASE_URL}/staff/leads/{lead_id}" in content
    assert not [part for part in (CONTACT.email, CONTACT.name, "/book/") if part in content]


@ON_SQLITE
def test_staff_are_asked_to_confirm_and_told_of_a_canceled_consult_once(
    database: Database, lead_id: int
) -> None:
    colleague(database, "ada")

    def mails() -> list[EmailMessage]:
        return [mail for mail in sent_mails(database) if mail["To"] == "ada@agency.example"]

    booking = book(database, lead_id, state="requested")
    (mail,) = mails()
    assert mail["Subject"] == "Confirm a consult: Okafor Tents"
    assert event_in(mail)[1]["SUMMARY"] == "To be confirmed: Consult: Okafor Tents"
    move(database, booking, 1)
    cancel(database, booking)
    (mail,) = mails()  # the move is history
    assert event_in(mail)[0] == "CANCEL"


@ON_SQLITE
def test_who_invites_themselves_gets_an_entry(database: Database, lead_id: int) -> None:
    colleague(database, "ada")
    book(database, lead_id)
    mails = sent_mails(database, sender="Relay <Ada@agency.example>")
    mail = next(mail for mail in mails if mail["To"] == "ada@agency.example")
    method, event = event_in(mail)
    assert method == "PUBLISH"
    assert "ORGANIZER" not in event
