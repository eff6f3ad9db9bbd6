"""The reminder about an unfinished response, which its owner permitted to be sent once."""

from datetime import datetime
from email.message import EmailMessage

from consult.crypto import Purpose, decrypt
from consult.delivery.context import Context
from consult.delivery.mail.messages import new_message, render, set_text
from consult.delivery.worker import Commit, PermanentError, RetryableError, no_op
from consult.report.display import long_date
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.drafts import reminder_consent
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import ReminderConsentRow


def email_reminder(context: Context, job: JobRow) -> Commit:
    """Send the reminder, if it is still permitted, and delete the address with that.

    The job may run again after its worker died. Until the server accepted the reminder, it is then
    sent under the same Message-ID; after that there is no address any more.
    """
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
        return lambda session: _delete(session, consent_id)  # the secret key has changed

    def record_sent() -> None:
        with context.database.writing() as session:
            reminder_consent.record_sent(session, consent_id)
            audit_log.record(session, "reminder.sent", by=None, consent=consent_id)

    try:
        message = _message(consent, expires_at, token, context)
        context.transport.send(message, accepted=record_sent)
    except PermanentError:
        return lambda session: _delete(session, consent_id)  # there is no such address
    except RetryableError:
        # What the server said may name the address, and a job outlives it.
        raise RetryableError("The mail server did not accept it yet.") from None
    return no_op


def _message(
    consent: ReminderConsentRow, expires_at: datetime, token: str, context: Context
) -> EmailMessage:
    brand, link = context.brand, f"{context.settings.base_url}/check/{token}"
    subject = f"Your unfinished {brand.product}"
    message = new_message(
        context.mail,
        to=consent.address or "",
        subject=subject,
        date=consent.requested_at or consent.granted_at,
        token=f"reminder {consent.id} {token}",
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
    set_text(message, render("mail/reminder.txt", **values), render("mail/reminder.html", **values))
    return message


def _delete(session: Session, consent_id: int) -> None:
    if reminder_consent.delete_unused(session, consent_id):
        audit_log.record(session, "reminder.failed", by=None, consent=consent_id)
