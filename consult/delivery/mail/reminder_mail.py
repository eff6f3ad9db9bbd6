"""The reminder about an unfinished response, which its owner permitted to be sent once."""

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
from consult.storage.tables.reminder_tables import ReminderConsentRow


@dataclass(frozen=True, slots=True)
class ReminderContext:
    """What it takes to send a reminder.

    Attributes:
        house: the sender.
        secret_key: decrypts the token of the draft.
        server: sends it. It is never stored as a file, which would outlive the draft.
    """

    house: House
    secret_key: str
    server: MailServer | None


def mail_reminder(database: Database, context: ReminderContext, job: Job) -> Effect:
    """Send the reminder, if it is still permitted, and delete the address with that.

    The job may run again after its worker died. Until the server accepted the reminder, it is then
    sent under the same Message-ID; after that there is no address any more.
    """
    consent_id: int = job.payload["consent_id"]
    with database.reading() as session:
        consent = reminder_consent.get(session, consent_id)
        expires_at = reminder_consent.expires_at(session, consent) if consent else None
    if consent is None or expires_at is None or not (consent.requested_at and consent.address):
        return nothing  # revoked, submitted, deleted, or sent already
    if context.server is None:
        raise GiveUp("No mail server is set up.")
    token = decrypt(
        context.secret_key, Purpose.REMINDER, consent.encrypted_token or b"", consent.draft_id
    )
    if token is None:
        return lambda session: _drop(session, consent_id)  # the secret key has changed

    def record_sent() -> None:
        with database.writing() as session:
            reminder_consent.record_sent(session, consent_id)
            audit_log.record(session, "reminder.sent", by=None, consent=consent_id)

    try:
        context.server.send(_message(consent, expires_at, token, context), accepted=record_sent)
    except GiveUp:
        return lambda session: _drop(session, consent_id)  # there is no such address
    except TryLater:
        # What the server said may name the address, and a job outlives it.
        raise TryLater("The mail server did not take it yet.") from None
    return nothing


def _message(
    consent: ReminderConsentRow, expires_at: datetime, token: str, context: ReminderContext
) -> EmailMessage:
    brand = context.house.brand
    link = f"{context.house.base_url}/check/{token}"
    subject = f"Your unfinished {brand.product}"
    message = new_message(
        context.house,
        to=consent.address or "",
        subject=subject,
        date=consent.requested_at or consent.granted_at,
        secret=f"reminder {consent.id} {token}",
    )
    if brand.email:
        message["Reply-To"] = brand.email
    values = {
        "brand": brand,
        "subject": subject,
        "granted_on": long_date(consent.granted_at.date()),
        "ends_on": long_date(expires_at.date()),
        "link": link,
        "pause": f"{link}/pause",
    }
    set_text(message, page("mail/reminder.txt", **values), page("mail/reminder.html", **values))
    return message


def _drop(session: Session, consent_id: int) -> None:
    if reminder_consent.delete_unused(session, consent_id):
        audit_log.record(session, "reminder.failed", by=None, consent=consent_id)
