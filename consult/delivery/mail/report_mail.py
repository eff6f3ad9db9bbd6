"""The mail that brings an owner the report, sent once, with the PDF and a calendar file."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

from consult.delivery.context import Context
from consult.delivery.document_writers import request_missing_pdf
from consult.delivery.mail.messages import new_message, render, safe_name, set_text
from consult.delivery.worker import Commit, Postpone
from consult.report.display import long_date
from consult.report.report import from_json
from consult.storage import deliveries, documents
from consult.storage.db.database import Session
from consult.storage.leads import leads
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.submission_tables import SubmissionRow

CHECK_AGAIN_DAYS = 90
_MAX_WAIT = timedelta(minutes=10)
_LINK_FOR_STAFF = "(the link to their result, which only they have)"
_MAX_LINE_BYTES = 75


@dataclass(frozen=True, slots=True)
class ReportEmail:
    """A mail, ready to send, and its text as staff may read it."""

    message: EmailMessage
    subject: str
    body: str


def email_report(context: Context, job: JobRow) -> Commit:
    """Mail an owner's report to the address it was requested for, once the current PDF is there.

    The job may run again after its worker died. Until the mail was accepted, it then goes out under
    the same Message-ID; after that, not at all.
    """

    def forget_link(session: Session) -> None:
        deliveries.forget_link(session, job.id)

    with context.database.reading() as session:
        delivery = deliveries.for_job(session, job.id)
        if delivery is None or delivery.sent_at or delivery.submission_id is None:
            return forget_link
        lead = leads.by_id(session, delivery.submission_id)
        pdf = documents.get(session, delivery.submission_id, documents.REPORT)
        waited = session.now() - delivery.created_at
    if lead is None or lead.contact is None or lead.contact.email != delivery.address:
        return forget_link
    if pdf is None or pdf.revision < lead.report_revision:
        request_missing_pdf(context.database, lead.id)
        raise Postpone(min(max(waited, timedelta(seconds=1)), _MAX_WAIT))
    email = report_email(context, lead, delivery, job.payload["link"], pdf.content)

    def record_sent() -> None:
        with context.database.writing() as session:
            deliveries.record_sent(
                session,
                delivery.id,
                context.transport.name,
                subject=email.subject,
                body=email.body,
            )

    context.transport.send(email.message, accepted=record_sent)
    return forget_link


def report_email(
    context: Context, lead: SubmissionRow, delivery: DeliveryRow, link: str, pdf: bytes
) -> ReportEmail:
    """The mail that brings a lead's owner the PDF and the link to the result."""
    brand, contact, base_url = context.brand, lead.contact, context.settings.base_url
    check_again = (delivery.created_at + timedelta(days=CHECK_AGAIN_DAYS)).date()
    values = {
        "name": safe_name(contact.name if contact else ""),
        "brand": brand,
        "report": from_json(json.dumps(lead.report)),
        "wants_consult": contact is not None and contact.wants_consult,
        "check_again": long_date(check_again),
        "base_url": base_url,
    }
    subject = f"Your {brand.product} report"
    # Of what an owner typed, only the address is in the headers.
    message = new_message(
        context.mail,
        to=delivery.address or "",
        subject=subject,
        date=delivery.created_at,
        token=delivery.token,
    )
    if brand.email:
        message["Reply-To"] = brand.email
    text = render("mail/report.txt", link=link, **values)
    set_text(message, text, render("mail/report.html", link=link, subject=subject, **values))
    message.add_attachment(
        pdf,
        maintype="application",
        subtype="pdf",
        filename=f"relay-check-{lead.submitted_at:%Y-%m-%d}.pdf",
    )
    entry = CalendarEntry(
        uid=message["Message-ID"].strip("<>"),
        created_at=delivery.created_at,
        on=check_again,
        title=f"Check again: {brand.product}",
        # No link to the result here: calendars are shared.
        text="90 days ago you checked how your marketing and sales work together. "
        f"Take the check again and see what has changed: {base_url}",
    )
    message.add_attachment(
        calendar_file(entry).encode(),
        maintype="text",
        subtype="calendar",
        filename="check-again.ics",
        params={"charset": "utf-8", "method": "PUBLISH"},
    )
    return ReportEmail(message, subject, render("mail/report.txt", link=_LINK_FOR_STAFF, **values))


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A day to remember.

    Attributes:
        uid: the same for the same entry: a calendar that imports it twice shows it once.
        created_at: with its time zone.
        on: the day, wherever the calendar is.
        title: what the calendar shows; ``text`` is what it shows when opened.
    """

    uid: str
    created_at: datetime
    on: date
    title: str
    text: str


def calendar_file(entry: CalendarEntry) -> str:
    """The content of an .ics file (RFC 5545) with one whole-day entry; lines end with CR LF."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Relay Check//Check again//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escaped(entry.uid)}",
        f"DTSTAMP:{entry.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.on + timedelta(days=1):%Y%m%d}",
        # The day stays free.
        "TRANSP:TRANSPARENT",
        f"SUMMARY:{_escaped(entry.title)}",
        f"DESCRIPTION:{_escaped(entry.text)}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> str:
    """A line in parts of at most 75 bytes, each but the first after a space, no letter split."""
    parts, size = [""], 0
    for letter in line:
        bytes_of_letter = len(letter.encode())
        if size + bytes_of_letter > _MAX_LINE_BYTES:
            parts.append(" ")
            size = 1
        parts[-1] += letter
        size += bytes_of_letter
    return "\r\n".join(parts)
