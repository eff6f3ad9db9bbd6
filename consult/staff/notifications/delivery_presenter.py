"""Mails and webhooks as staff pages show them: to whom, and how far each got."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from consult.staff.times import DisplayTime, display_time, exactly
from consult.storage.deliveries import DeliveryStatus, State, delivery_status
from consult.storage.tables.delivery_tables import DeliveryRow
from consult.workflow.notification_types import TYPE_INFO

_STATES: dict[State, str] = {
    "sent": "Sent",
    "queued": "Queued",
    "sending": "Sending",
    "retrying": "Will retry",
    "failed": "Failed",
    "not_sent": "Not sent",
}
_TITLES = {str(kind): info.name for kind, info in TYPE_INFO.items()} | {
    "report": "Email with the report",
    "test": "Test",
}


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A mail or webhook; `body` is the text of a mail to an owner that was sent."""

    id: int
    what: str
    recipient: str
    to: str
    state: str
    note: str
    failed: bool
    may_resend: bool
    sent: bool
    when: DisplayTime
    body: str


def delivery_view(delivery: DeliveryRow, now: datetime) -> DeliveryView:
    """A delivery with its user, endpoint and job."""
    status = delivery_status(delivery)
    state, note = _status_text(delivery, status, now)
    return DeliveryView(
        id=delivery.id,
        what=delivery.subject or _TITLES.get(delivery.kind, delivery.kind),
        recipient=delivery.recipient,
        to=_recipient(delivery),
        state=state,
        note=note,
        failed=status.state == "failed",
        may_resend=status.state in ("sent", "failed", "not_sent"),
        sent=status.state == "sent",
        when=display_time(delivery.sent_at or delivery.created_at, now),
        body=delivery.body,
    )


def host_of(url: str) -> str:
    """The part of a URL that may be shown to all staff: the rest may contain a secret."""
    return urlsplit(url).hostname or url


def _recipient(delivery: DeliveryRow) -> str:
    if delivery.recipient == "webhook":
        return host_of(delivery.endpoint.url) if delivery.endpoint else ""
    return delivery.address or (delivery.user.name if delivery.user else "")


def _status_text(delivery: DeliveryRow, status: DeliveryStatus, now: datetime) -> tuple[str, str]:
    if delivery.sent_via == "folder":
        return _STATES["not_sent"], "No mail server is set up. It’s in the mail folder."
    note = status.error
    if status.state == "retrying":
        note = f"Next attempt {exactly(status.at.astimezone(now.tzinfo))}. {status.error}"
    elif status.state == "not_sent":
        is_webhook = delivery.recipient == "webhook"
        note = "The webhook was disabled." if is_webhook else "The address was corrected before."
    return _STATES[status.state], note
