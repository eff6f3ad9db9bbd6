"""What all our mails have in common: their headers, their templates, and whose words are in them.

A mail that is tried again is the same mail: its date and Message-ID come from the row it is planned
in, so a server or a reader that gets it twice can tell.
"""

import functools
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from urllib.parse import urlsplit

from email_validator import validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from consult.delivery.worker import GiveUp
from consult.report import PROJECT
from consult.report.display import long_date
from consult.settings.brand import Brand

_DIGITS_OF_A_NAME = 6
ENCODED = "=?"
"""Begins an encoded word (RFC 2047), which `email` decodes where it finds one in a header, line
breaks in it included. So nothing that somebody typed may bring one along."""


def written_address(address: str) -> str:
    """An address as a mail has it in its header; raises ValueError if it is none."""
    if ENCODED in address:
        raise ValueError("an address that would be read as another one")
    valid = validate_email(address, check_deliverability=False)
    return valid.ascii_email or valid.normalized


@dataclass(frozen=True, slots=True)
class House:
    """Whose mails these are.

    Attributes:
        brand: whose name they bear.
        sender: who they are from.
        base_url: where the questionnaire and the staff pages are.
    """

    brand: Brand
    sender: str
    base_url: str


def new_message(
    house: House, *, to: str, subject: str, date: datetime, secret: str
) -> EmailMessage:
    """A mail with its headers and nothing in it.

    Args:
        house: whose it is.
        to: the one address it goes to; it is checked.
        subject: nothing that somebody typed, unless it went through `harmless`.
        date: when it was asked for and not when it is sent: a repeat is the same mail.
        secret: what this mail alone knows: its Message-ID follows from it, like no other's and not
            to guess.

    Raises:
        GiveUp: no mail server takes such an address; accounts may have names like it.
    """
    try:
        address = written_address(to)
    except ValueError:
        raise GiveUp("No mail can go to an address like this.") from None
    message = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
    message["From"] = house.sender
    message["To"] = address
    message["Subject"] = subject.replace(ENCODED, "= ?")
    message["Date"] = date
    digest = hashlib.sha256(secret.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{urlsplit(house.base_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot should answer
    return message


def set_text(message: EmailMessage, text: str, html: str) -> None:
    """Put in what a mail says, as text and as a page."""
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")


def moment_in_words(at: datetime, zone: tzinfo) -> str:
    """A moment as in "Monday, March 2, 2026, at 10:30", on the clocks of a time zone."""
    local = at.astimezone(zone)
    return f"{local:%A}, {long_date(local.date())}, at {local:%H:%M}"


def harmless(text: str) -> str:
    """A name to write in a mail; empty for what is too long, or could be a link or phone number.

    Whoever fills in the form with a stranger's address must not get to say anything in our name.
    """
    clean = " ".join(text.split())
    # What looks like an ASCII letter is one to whoever reads it, and to some programs.
    seen = unicodedata.normalize("NFKC", clean)
    could_be_link = re.search(r"[/:@<>\\]|\w[.\u3002]\w{2}|www", seen, re.IGNORECASE)
    could_be_number = len(re.findall(r"\d", seen)) > _DIGITS_OF_A_NAME
    odd = len(clean) > 60 or ENCODED in seen or not clean.isprintable()
    return "" if could_be_link or could_be_number or odd else clean


def page(template: str, **told: object) -> str:
    """A template of `templates/`, filled in; what a `.html` is told is escaped."""
    return _templates().get_template(template).render(**told)


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PROJECT / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
