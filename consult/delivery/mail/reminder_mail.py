"""The one mail to somebody who stopped, and gave leave to be written to about it once."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from consult.crypto import Purpose, decrypt
from consult.delivery.mail.messages import House, new_message, page, set_text
from consult.delivery.mail.transport import MailServer
from consult.delivery.outbox import Job
from consult.delivery.worker import Effect, GiveUp, TryLater, nothing
from consult.report.display import long_date
from consult.storage.audit import audit_log
from consult.storage.db.database import Database, Session
from consult.storage.drafts import reminder_consent
from consult.storage.drafts.reminder_consent import Leave


@dataclass(frozen=True, slots=True)
class UnfinishedPost:
    """What it takes to write such a mail.

    Attributes:
        house: whose it is.
        secret_key: decrypts the token of the draft.
        server: takes the mail. There is no folder to wait in: it would outlive the check.
    """

    house: House
    secret_key: str
    server: MailServer | None


def mail_unfinished(database: Database, post: UnfinishedPost, job: Job) -> Effect:
    """Send the one mail, if its leave still stands, and forget the address with that.

    The job may run again after its worker died. Until the mail was taken, it then goes out under
    the same Message-ID; after that there is no address any more.
    """
    leave_id: int = job.payload["leave_id"]
    with database.reading() as session:
        leave = reminder_consent.get(session, leave_id)
    if leave is None or leave.asked_at is None or not leave.address:
        return nothing  # taken back, handed in, deleted, or written already
    if post.server is None:
        raise GiveUp("No mail server is set up.")
    token = decrypt(post.secret_key, Purpose.REMINDER, leave.sealed_token, leave.draft_id)
    if token is None:
        return lambda session: _drop(session, leave_id)  # the secret key is another one by now

    def write_down() -> None:
        with database.writing() as session:
            reminder_consent.record_written(session, leave_id)
            audit_log.record(session, "unfinished.mail_sent", by=None, leave=leave_id)

    try:
        post.server.send(_message(leave, leave.asked_at, token, post), accepted=write_down)
    except GiveUp:
        return lambda session: _drop(session, leave_id)  # there is no such address
    except TryLater:
        # What the server said may name the address, and a job outlives it.
        raise TryLater("The mail server did not take it yet.") from None
    return nothing


def _message(leave: Leave, asked_at: datetime, token: str, post: UnfinishedPost) -> EmailMessage:
    brand = post.house.brand
    link = f"{post.house.base_url}/check/{token}"
    subject = f"Your unfinished {brand.product}"
    message = new_message(
        post.house,
        to=leave.address,
        subject=subject,
        date=asked_at,
        secret=f"unfinished {leave.id} {token}",
    )
    if brand.email:
        message["Reply-To"] = brand.email
    told = {
        "brand": brand,
        "subject": subject,
        "given_on": long_date(leave.given_at.date()),
        "ends_on": long_date(leave.ends_at.date()),
        "link": link,
        "stop": f"{link}/pause",
    }
    set_text(message, page("mail/unfinished.txt", **told), page("mail/unfinished.html", **told))
    return message


def _drop(session: Session, leave_id: int) -> None:
    if reminder_consent.forget(session, leave_id):
        audit_log.record(session, "unfinished.mail_not_possible", by=None, leave=leave_id)
