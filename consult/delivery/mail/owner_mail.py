"""Mails to owners: the report with its PDF, links to confirm and to continue, and the reminder.

A job may run again after its worker died. Until the mail was accepted, it then goes out under the
same Message-ID; after that, not at all.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import NamedTuple

from icalendar import Event

from consult.crypto import Purpose, contact_key, decrypt
from consult.delivery.context import Context
from consult.delivery.mail.messages import (
    calendar_content,
    new_message,
    render,
    safe_name,
    set_mailbox,
    set_text,
)
from consult.delivery.worker import Commit, PermanentError, Postpone, RetryableError, no_op
from consult.report.display import consult_time, long_date
from consult.report.report import from_json
from consult.storage import deliveries, documents, jobs
from consult.storage.audit import audit_log
from consult.storage.booking import bookings
from consult.storage.db.database import Session
from consult.storage.drafts import reminder_consent, resume_links
from consult.storage.leads import leads
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.submission_tables import (
    ContactRow,
    ReminderConsentRow,
    ResumeLinkRow,
    SubmissionRow,
)

_MAX_WAIT = timedelta(minutes=10)
"""When a mail asks for its PDF again; one that is stored in the meantime gets it sent at once."""
LINK_FOR_STAFF = "(a link that only they have)"
_NOT_YET = "The mail server hasn’t accepted it yet."
"""Instead of what the server said: that may name the address, and a job outlives it."""


class OwnerMail(NamedTuple):
    """A mail that a job is to send to an owner, with its lead and the contact that it is for."""

    delivery: DeliveryRow
    submitted: SubmissionRow
    contact: ContactRow


def owner_mail_of(session: Session, job: JobRow) -> OwnerMail | None:
    """The mail of a job; None if it was sent, or the contact has another address by now."""
    delivery = deliveries.for_job(session, job.id)
    if delivery is None or delivery.sent_at or delivery.submission_id is None:
        return None
    submitted = leads.by_id(session, delivery.submission_id)
    if submitted is None or submitted.contact is None:
        return None
    is_its = submitted.contact.email == delivery.address
    return OwnerMail(delivery, submitted, submitted.contact) if is_its else None


def email_report(context: Context, job: JobRow) -> Commit:
    """Mail an owner's report to the address it was requested for, once the current PDF is there."""
    forget_link = partial(deliveries.forget_link, job_id=job.id)
    with context.database.reading() as session:
        mail = owner_mail_of(session, job)
        if mail is None:
            return forget_link
        submitted = mail.submitted
        pdf = documents.get(session, submitted.id, documents.REPORT)
        booking = bookings.active_booking(session, submitted.id)
    if pdf is None or pdf.revision < submitted.report_revision:
        leads.request_missing_documents(context.database, submitted.id)
        is_there = partial(documents.is_current, submission_id=submitted.id, kind=documents.REPORT)
        raise Postpone(_MAX_WAIT, unless=is_there)
    booked_for = consult_time(booking.starts_at, booking.zone) if booking else ""
    message, body = report_message(context, mail, job.payload["link"], pdf.content, booked_for)
    context.send(mail.delivery, message, body)
    return forget_link


def email_confirmation(context: Context, job: JobRow) -> Commit:
    """Mail an owner the link to confirm their address, if a report waits for that."""
    forget_link = partial(deliveries.forget_link, job_id=job.id)
    with context.database.reading() as session:
        mail = owner_mail_of(session, job)
    if mail is None or mail.contact.waiting_token is None:
        return forget_link
    subject = "Confirm your email to get your report"
    links = {"link": job.payload["link"]}
    message, body = message_for_owner(context, mail, "confirm", {}, links, subject=subject)
    context.send(mail.delivery, message, body)
    return forget_link


def message_for_owner(
    context: Context,
    mail: OwnerMail,
    template: str,
    values: Mapping[str, object],
    links: Mapping[str, str],
    *,
    subject: str,
) -> tuple[EmailMessage, str]:
    """A mail about a lead to its owner, and its text as staff may read it, without the links."""
    message = new_owner_message(
        context,
        template,
        {**values, **links},
        to=mail.contact.email,
        subject=subject,
        date=mail.delivery.created_at,
        token=mail.delivery.token,
    )
    hidden = {name: LINK_FOR_STAFF if url else "" for name, url in links.items()}
    return message, render(f"mail/{template}.txt", brand=context.brand, **values, **hidden)


def new_owner_message(
    context: Context,
    template: str,
    values: Mapping[str, object],
    *,
    to: str,
    subject: str,
    date: datetime,
    token: str,
) -> EmailMessage:
    """A mail to an owner, whose answer goes to the agency; see ``new_message``."""
    message = new_message(context.settings, to=to, subject=subject, date=date, token=token)
    if context.brand.email:
        set_mailbox(message, "Reply-To", context.brand.email)
    set_text(message, template, {**values, "brand": context.brand})
    return message


def report_message(
    context: Context, mail: OwnerMail, link: str, pdf: bytes, booked_for: str
) -> tuple[EmailMessage, str]:
    """The mail that brings a lead's owner the PDF, and its text as staff may read it."""
    submitted, contact = mail.submitted, mail.contact
    report = from_json(submitted.report)
    check_again = report.check_again_on(submitted.submitted_at.date())
    values = {
        "name": safe_name(contact.name),
        "report": report,
        "wants_consult": contact.wants_consult,
        "booked_for": booked_for,
        "check_again": long_date(check_again),
        "base_url": context.settings.base_url,
    }
    # Of what an owner typed, only the address is in the headers.
    subject = f"Your result: {report.finding.removesuffix('.')}"
    links = _links_of(context, mail, link)
    message, body = message_for_owner(context, mail, "report", values, links, subject=subject)
    message.add_attachment(
        pdf,
        maintype="application",
        subtype="pdf",
        filename=f"relay-check-{submitted.submitted_at:%Y-%m-%d}.pdf",
    )
    _attach_check_again(message, context, mail, check_again)
    return message, body


def _links_of(context: Context, mail: OwnerMail, link: str) -> dict[str, str]:
    """The links of a report mail: to the result, to the contact, and to book where that is."""
    result_hash, email = mail.submitted.result_token_hash, mail.contact.email
    key = contact_key(context.settings.signing_key(), result_hash, email, mailed=True)
    return {
        "link": link,
        "change": f"{link}/contact?key={key}",
        "book": "" if context.booking_offer.how == "off" else f"{link}/book?key={key}",
    }


def _attach_check_again(message: EmailMessage, context: Context, mail: OwnerMail, on: date) -> None:
    """Attach an entry for a calendar. It has no link to the result, as calendars are shared."""
    calendar = calendar_file(
        message["Message-ID"].strip("<>"),
        mail.delivery.created_at,
        on,
        f"Check again: {context.brand.product}",
        f"On {long_date(mail.submitted.submitted_at.date())}, you checked how your marketing and "
        "sales work together. Take the check again and see what has changed: "
        f"{context.settings.base_url}",
    )
    message.add_attachment(
        calendar.encode(),
        maintype="text",
        subtype="calendar",
        filename="check-again.ics",
        params={"charset": "utf-8", "method": "PUBLISH"},
    )


def calendar_file(uid: str, created_at: datetime, on: date, title: str, text: str) -> str:
    """The content of an .ics file (RFC 5545) with one whole-day entry; lines end with CR LF.

    The `uid` is the same for the same entry: a calendar that imports it twice shows it once.
    """
    entry = Event()
    entry.add("UID", uid)
    entry.add("DTSTAMP", created_at.astimezone(UTC).replace(microsecond=0))
    entry.add("DTSTART", on)
    entry.add("DTEND", on + timedelta(days=1))
    entry.add("TRANSP", "TRANSPARENT")  # the day stays free
    entry.add("SUMMARY", title)
    entry.add("DESCRIPTION", text)
    return calendar_content(entry, "Check again", "PUBLISH")


def email_reminder(context: Context, job: JobRow) -> Commit:
    """Send the reminder, if it is still permitted, and delete the address with that."""
    consent_id: int = job.payload["consent_id"]
    with context.database.reading() as session:
        consent = reminder_consent.get(session, consent_id)
        expires_at = reminder_consent.expires_at(session, consent) if consent else None
    if consent is None or expires_at is None or not (consent.requested_at and consent.address):
        return no_op  # revoked, submitted, deleted, or sent already
    if context.transport.name == "folder":
        # A file would outlive the draft.
        raise PermanentError("No mail server is set up.")
    token = decrypt(
        context.settings.signing_key(),
        Purpose.REMINDER,
        consent.encrypted_token or b"",
        consent.draft_id,
    )
    if token is None:
        return lambda session: _delete_address(session, consent_id)  # the secret key has changed

    def record_sent() -> None:
        with context.database.writing() as session:
            reminder_consent.record_sent(session, consent_id)
            audit_log.record(session, "reminder.sent", by=None, consent=consent_id)

    try:
        message = _reminder(consent, expires_at, token, context)
        context.transport.send(message, accepted=record_sent)
    except PermanentError:
        return lambda session: _delete_address(session, consent_id)  # there is no such address
    except RetryableError:
        raise RetryableError(_NOT_YET) from None
    return no_op


def _reminder(
    consent: ReminderConsentRow, expires_at: datetime, token: str, context: Context
) -> EmailMessage:
    link = f"{context.settings.base_url}/check/{token}"
    values = {
        "granted_on": long_date(consent.granted_at.date()),
        "ends_on": long_date(expires_at.date()),
        "link": link,
        "pause": f"{link}/pause",
    }
    return new_owner_message(
        context,
        "reminder",
        values,
        to=consent.address or "",
        subject=f"Your unfinished {context.brand.product}",
        date=consent.requested_at or consent.granted_at,
        token=f"reminder {consent.id} {token}",
    )


def _delete_address(session: Session, consent_id: int) -> None:
    if reminder_consent.delete_unused(session, consent_id):
        audit_log.record(session, "reminder.failed", by=None, consent=consent_id)


def email_resume_link(context: Context, job: JobRow) -> Commit:
    """Email the link that an owner asked for, and delete the address with that, or in the end."""
    key, database = context.settings.signing_key(), context.database
    link_id: int = job.payload["link_id"]
    with database.reading() as session:
        link = resume_links.get(session, link_id)
        expires_at = resume_links.expires_at(session, link) if link else None
    if link is None or expires_at is None:
        return no_op  # replaced by a newer one, or deleted with the draft
    delete_address = partial(resume_links.delete_address, link_id=link_id)

    def delete_address_now() -> None:
        with database.writing() as session:
            delete_address(session)

    mail = resume_links.mail_of(link, key)
    if mail is None or context.transport.name == "folder":  # a file would outlive the draft
        return delete_address
    try:
        message = _resume_link_email(link, *mail, expires_at, context)
        context.transport.send(message, accepted=delete_address_now)
    except PermanentError:
        return delete_address  # there is no such address
    except RetryableError:
        if job.attempts >= jobs.MAX_ATTEMPTS:
            delete_address_now()
        raise RetryableError(_NOT_YET) from None
    return no_op


def _resume_link_email(
    link: ResumeLinkRow, address: str, token: str, expires_at: datetime, context: Context
) -> EmailMessage:
    values = {
        "link": f"{context.settings.base_url}/resume/{token}",
        "ends_on": long_date(expires_at.astimezone(context.office.zone).date()),
    }
    return new_owner_message(
        context,
        "resume_link",
        values,
        to=address,
        subject=f"Your link to finish {context.brand.product}",
        date=link.created_at,
        token=f"resume link {link.id} {token}",
    )
