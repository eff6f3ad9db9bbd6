"""The mail that brings an owner the report: what it says, and that it is sent once."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage

from consult.delivery.document_writers import ask_for_missing_pdf
from consult.delivery.mail.calendar_file import Entry, calendar_file
from consult.delivery.mail.messages import House, harmless, new_message, page, set_text
from consult.delivery.mail.transport import Post
from consult.delivery.outbox import Job
from consult.delivery.worker import Effect, NotYet
from consult.report.display import long_date
from consult.report.report import from_json
from consult.storage.db.database import Database, Session
from consult.storage.leads import documents, leads
from consult.storage.notifications import report_mails
from consult.storage.notifications.report_mails import Mail
from consult.storage.tables.submission_tables import SubmissionRow

LOOK_AGAIN_DAYS = 90
_LONGEST_WAIT = timedelta(minutes=10)
_LINK_FOR_STAFF = "(the link to their result, which only they have)"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, ready to go, and its text as staff may read it."""

    message: EmailMessage
    subject: str
    body: str


def mail_report(database: Database, house: House, post: Post, job: Job) -> Effect:
    """Mail an owner's report to the address it was asked for, once the current PDF is there.

    The job may run again after its worker died. Until the mail was taken, it then goes out under
    the same Message-ID; after that, not at all.
    """
    mail_id: int = job.payload["mail_id"]

    def forget_link(session: Session) -> None:
        report_mails.forget_link(session, mail_id)

    with database.reading() as session:
        mail = report_mails.get(session, mail_id)
        if mail is None or mail.sent_at or not mail.is_current:
            return forget_link
        lead = leads.by_id(session, mail.submission_id)
        pdf = documents.get(session, mail.submission_id, documents.REPORT)
        waited = session.now() - mail.created_at
    if lead is None or lead.contact is None or lead.contact.email != mail.address:
        return forget_link
    if pdf is None or pdf.revision < lead.report_revision:
        ask_for_missing_pdf(database, lead.id)
        raise NotYet(min(max(waited, timedelta(seconds=1)), _LONGEST_WAIT))
    letter = letter_of(house, lead, mail, job.payload["link"], pdf.content)

    def write_down() -> None:
        with database.writing() as session:
            report_mails.record_sent(
                session,
                mail_id,
                subject=letter.subject,
                body=letter.body,
                handed_to=post.name,
            )

    post.send(letter.message, accepted=write_down)
    return forget_link


def letter_of(house: House, lead: SubmissionRow, mail: Mail, link: str, pdf: bytes) -> Letter:
    """The letter that brings a lead's owner the PDF and the link to the result."""
    brand, contact = house.brand, lead.contact
    look_again = (mail.created_at + timedelta(days=LOOK_AGAIN_DAYS)).date()
    told = {
        "name": harmless(contact.name if contact else ""),
        "brand": brand,
        "report": from_json(json.dumps(lead.report)),
        "wants_consult": contact is not None and contact.wants_consult,
        "look_again": long_date(look_again),
        "base_url": house.base_url,
    }
    subject = f"Your {brand.product} report"
    # Of what an owner typed, only the address is in the headers. The link is a secret of 256 bits.
    message = new_message(
        house, to=mail.address, subject=subject, date=mail.created_at, secret=f"{mail.id} {link}"
    )
    if brand.email:
        message["Reply-To"] = brand.email
    text = page("mail/report.txt", link=link, **told)
    set_text(message, text, page("mail/report.html", link=link, subject=subject, **told))
    message.add_attachment(
        pdf,
        maintype="application",
        subtype="pdf",
        filename=f"relay-check-{lead.submitted_at:%Y-%m-%d}.pdf",
    )
    message.add_attachment(
        calendar_file(_reminder(house, message["Message-ID"], mail, look_again)).encode(),
        maintype="text",
        subtype="calendar",
        filename="look-again.ics",
        params={"charset": "utf-8", "method": "PUBLISH"},
    )
    return Letter(message, subject, page("mail/report.txt", link=_LINK_FOR_STAFF, **told))


def _reminder(house: House, id: str, mail: Mail, on: date) -> Entry:
    return Entry(
        uid=id.strip("<>"),
        made_at=mail.created_at,
        on=on,
        title=f"Look again: {house.brand.product}",
        # No link to the result here: calendars are shared.
        text=f"Ninety days ago you checked how marketing and sales work together. "
        f"Take the check again and see what has changed: {house.base_url}",
    )
