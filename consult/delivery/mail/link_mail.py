"""The email with a one-time link for a staff user, sent while an admin waits.

It is no job: a job would store the link, which opens an account, in the database.
"""

import secrets
from datetime import datetime

from consult.delivery.mail.messages import House, new_message, page
from consult.delivery.mail.transport import MailServer
from consult.delivery.worker import GiveUp, TryLater
from consult.settings import Settings
from consult.settings.brand import Brand

_TIMEOUT_SECONDS = 8


def mail_link(
    settings: Settings,
    brand: Brand,
    address: str,
    link: str,
    within: str,
    now: datetime,
    *,
    is_reset: bool,
) -> str:
    """Send a one-time link; `within` says for how long it works, `is_reset` what for.

    Returns:
        What went wrong, as a message for staff; empty when the mail server accepted it.
    """
    if settings.smtp_url is None:
        return "No mail server is set."
    server = MailServer(settings.smtp_url.get_secret_value(), _TIMEOUT_SECONDS)
    try:
        message = new_message(
            House(brand, settings.mail_from, settings.base_url),
            to=address,
            subject=f"Your account at {brand.product}",
            date=now,
            secret=secrets.token_hex(16),
        )
        text = page("mail/link.txt", brand=brand, link=link, within=within, is_reset=is_reset)
        message.set_content(text, cte="quoted-printable")
        server.send(message, lambda: None)
    except (TryLater, GiveUp) as fault:
        return str(fault)
    return ""
