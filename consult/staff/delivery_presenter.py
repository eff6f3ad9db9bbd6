"""Mails and webhooks as staff pages show them: to whom, and how far each got."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from consult.staff.times import agency_time, exactly
from consult.storage.deliveries import State, delivery_status
from consult.storage.tables.delivery_tables import DeliveryRow
from consult.workflow.notification_types import TYPE_INFO

_LABELS: dict[State, str] = {
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
    """A mail or webhook: its title and recipient, its state in words, and the reason for it."""

    row: DeliveryRow
    title: str
    to: str
    state: State
    label: str
    note: str


def delivery_view(delivery: DeliveryRow) -> DeliveryView:
    """A delivery with its user, endpoint and job."""
    status = delivery_status(delivery)
    label, note, is_webhook = _LABELS[status.state], status.error, delivery.recipient == "webhook"
    if delivery.sent_via == "folder":
        label, note = _LABELS["not_sent"], "No mail server is set up. It’s in the mail folder."
    elif status.state == "retrying":
        note = f"Next attempt {exactly(agency_time(status.at))}. {status.error}"
    elif status.state == "not_sent":
        note = "The webhook was disabled." if is_webhook else "The address was corrected before."
    if is_webhook:
        to = host_of(delivery.endpoint.url) if delivery.endpoint else ""
    else:
        to = delivery.address or (delivery.user.name if delivery.user else "")
    title = delivery.subject or _TITLES.get(delivery.kind, delivery.kind)
    return DeliveryView(delivery, title, to, status.state, label, note)


def host_of(url: str) -> str:
    """The part of a URL that may be shown to all staff: the rest may contain a secret."""
    return urlsplit(url).hostname or url
