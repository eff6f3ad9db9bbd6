"""The mail that brings an owner the report: what it says, and that it is sent once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

from consult.delivery.calendar import Entry, calendar_file
from consult.delivery.letters import harmless, message_id, new_message, page, set_text
from consult.delivery.outbox import Job
from consult.delivery.post import Post
from consult.delivery.reports import ask_for_missing_pdf
from consult.delivery.worker import Effect, NotYet
from consult.report.brand import Brand
from consult.report.display import long_date
from consult.report.report import from_json
from consult.storage import documents, leads, mails
from consult.storage.database import Database, Session
from consult.storage.leads import Lead
from consult.storage.mails import Mail

LOOK_AGAIN_DAYS = 90
_LONGEST_WAIT = timedelta(minutes=10)
_LINK_FOR_STAFF = "(the link to their result, which only they have)"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, ready to go, and its text as staff may read it."""

    message: EmailMessage
    subject: str
    body: str


LetterWriter = Callable[[Lead, Mail, str, bytes], Letter]
"""From a lead, the mail asked for, the link to the result and the PDF to the letter."""


def mail_report(database: Database, write: LetterWriter, post: Post, job: Job) -> Effect:
    """Mail an owner's report to the address it was asked for, once the current PDF is there.

    The job may run again after its worker died. Until the mail was taken, it then goes out under
    the same Message-ID; after that, not at all.
    """
    mail_id: int = job.payload["mail_id"]

    def forget_link(session: Session) -> None:
        mails.forget_link(session, mail_id)

    with database.reading() as session:
        mail = mails.get(session, mail_id)
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
    letter = write(lead, mail, job.payload["link"], pdf.content)

    def write_down() -> None:
        with database.writing() as session:
            mails.record_sent(
                session,
                mail_id,
                subject=letter.subject,
                body=letter.body,
                handed_to=post.name,
            )

    post.send(letter.message, accepted=write_down)
    return forget_link


def letter_writer(brand: Brand, sender: str, base_url: str) -> LetterWriter:
    """What writes the letters of this brand, from this sender."""

    def write(lead: Lead, mail: Mail, link: str, pdf: bytes) -> Letter:
        look_again = (mail.created_at + timedelta(days=LOOK_AGAIN_DAYS)).date()
        # The link is a secret of 256 bits.
        id = message_id(f"{mail.id} {link}", base_url)
        told = {
            "name": harmless(lead.contact.name if lead.contact else ""),
            "brand": brand,
            "report": from_json(json.dumps(lead.report)),
            "wants_consult": lead.contact is not None and lead.contact.wants_consult,
            "look_again": long_date(look_again),
            "base_url": base_url,
        }
        entry = Entry(
            uid=id.strip("<>"),
            made_at=mail.created_at,
            on=look_again,
            title=f"Look again: {brand.product}",
            # No link to the result here: calendars are shared.
            text=f"Ninety days ago you checked how marketing and sales work together. "
            f"Take the check again and see what has changed: {base_url}",
        )
        subject = f"Your {brand.product} report"
        # Of what an owner typed, only the address is in the headers.
        message = new_message(
            sender=sender, to=mail.address, subject=subject, date=mail.created_at, id=id
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
            calendar_file(entry).encode(),
            maintype="text",
            subtype="calendar",
            filename="look-again.ics",
            params={"charset": "utf-8", "method": "PUBLISH"},
        )
        body = page("mail/report.txt", link=_LINK_FOR_STAFF, **told)
        return Letter(message, subject, body)

    return write
