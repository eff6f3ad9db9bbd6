"""Who gets which notifications, for admins; and the link in a mail that ends a kind of them.

Also how far each mail and webhook got, as other pages show it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from consult.delivery.notifications.staff_mail import UNSUBSCRIBE_PATH, read_unsubscribe_token
from consult.staff.blueprint import blueprint, for_admins
from consult.staff.times import agency_time, exactly
from consult.storage.accounts import accounts
from consult.storage.deliveries import BOOKING_EMAILS, State, delivery_status
from consult.storage.notifications import notifications as stored_notifications
from consult.storage.tables.delivery_tables import DeliveryRow
from consult.web.services import secret_key, services
from consult.workflow.notification_types import (
    EMAIL_TYPES,
    TYPE_INFO,
)

# Outside /staff: people who follow the link in a mail need not sign in. See RFC 8058.
open_pages = Blueprint("mail_choices", __name__)


@blueprint.get("/settings/notifications")
@for_admins
def notifications() -> ResponseReturnValue:
    made = services()
    with made.database.reading() as session:
        users = [user for user in accounts.all_users(session) if user.active]
        chosen = stored_notifications.preferences(session, [user.id for user in users])
    return render_template(
        "staff/notifications/notifications.html",
        rows=[
            (
                TYPE_INFO[kind].name,
                [
                    [user for user in users if chosen[user.id][kind] == scope]
                    for scope in ("all", "own")
                ],
            )
            for kind in EMAIL_TYPES
        ],
        no_one=[
            TYPE_INFO[kind].name
            for kind in EMAIL_TYPES
            if TYPE_INFO[kind].default != "off" and all(of[kind] == "off" for of in chosen.values())
        ],
        server=made.settings.smtp_url is not None,
    )


@open_pages.route(f"{UNSUBSCRIBE_PATH}<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> ResponseReturnValue:
    """End one kind of mail to one user: a page that asks, and the button that does it.

    A GET changes nothing, so a scanner of links ends no mail. The page names no one.
    """
    made = services()
    user_id, kind = read_unsubscribe_token(secret_key(), token) or abort(404)
    if request.method == "POST":
        with made.database.writing() as session:
            stored_notifications.set_preferences(session, user_id, {kind: "off"})
    return render_template(
        "staff/notifications/unsubscribe.html",
        info=TYPE_INFO[kind],
        action=request.path,
        done=request.method == "POST",
    )


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
    "confirm": "Email to confirm the address",
    "requested": "Consult to confirm",
    "booked": "Invitation to a consult",
    "confirmed": "Consult confirmed",
    "moved": "Consult moved",
    "canceled": "Consult canceled",
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
    label, note, is_webhook = _STATES[status.state], status.error, delivery.recipient == "webhook"
    if delivery.sent_via == "folder":
        label, note = _STATES["not_sent"], "No mail server is set up. It’s in the mail folder."
    elif status.state == "retrying":
        note = f"Next attempt {exactly(agency_time(status.at))}. {status.error}"
    elif status.state == "not_sent":
        note = "The address was corrected before."
        if is_webhook:
            note = "The webhook was disabled."
        elif delivery.kind in BOOKING_EMAILS:
            note = "The consult or the address changed before."
    if is_webhook:
        to = host_of(delivery.endpoint.url) if delivery.endpoint else ""
    else:
        to = delivery.address or (delivery.user.name if delivery.user else "")
    title = delivery.subject or _TITLES.get(delivery.kind, delivery.kind)
    return DeliveryView(delivery, title, to, status.state, label, note)


def host_of(url: str) -> str:
    """The part of a URL that may be shown to all staff: the rest may contain a secret."""
    return urlsplit(url).hostname or url
