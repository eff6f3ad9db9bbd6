"""The mail that brings a one-time link to a member of staff, sent while an admin waits.

It goes out at once and is not planned as a job: a job would keep the link, which is a key to the
house, in the database until the worker comes round.
"""

import secrets
from datetime import datetime

from consult.delivery.mail.messages import House, new_message, page
from consult.delivery.mail.transport import MailServer
from consult.delivery.worker import GiveUp, TryLater
from consult.settings import Settings
from consult.settings.brand import Brand

_SECONDS_TO_ANSWER = 8


def mail_link(
    settings: Settings, brand: Brand, address: str, link: str, within: str, now: datetime
) -> str:
    """Send a one-time link to whoever it is for; `within` says for how long it works.

    Returns:
        What went wrong, in words for staff; empty when the mail server took it.
    """
    if settings.smtp_url is None:
        return "No mail server is set up."
    server = MailServer(settings.smtp_url.get_secret_value(), _SECONDS_TO_ANSWER)
    try:
        message = new_message(
            House(brand, settings.mail_from, settings.base_url),
            to=address,
            subject=f"Your account at {brand.product}",
            date=now,
            secret=secrets.token_hex(16),
        )
        text = page("mail/link.txt", brand=brand, link=link, within=within)
        message.set_content(text, cte="quoted-printable")
        server.send(message, lambda: None)
    except (TryLater, GiveUp) as fault:
        return str(fault)
    return ""
