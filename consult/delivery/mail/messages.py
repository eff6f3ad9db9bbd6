"""What all mails have in common: headers, templates, and which user input may appear in them."""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from urllib.parse import urlsplit

from email_validator import validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from consult.delivery.worker import PermanentError
from consult.report.display import long_date
from consult.settings.schema import Settings
from consult.settings.setting_types import PROJECT_FOLDER

_MAX_DIGITS_OF_NAME = 6
_ENCODED_WORD = "=?"
"""Begins an encoded word (RFC 2047), which `email` decodes where it finds one in a header, line
breaks in it included. So no user input may contain one."""


def new_message(
    settings: Settings, *, to: str, subject: str, date: datetime, token: str
) -> EmailMessage:
    """A mail with its headers and no content.

    The `subject` has no user input that did not pass `safe_name`. The `date` is when it was
    requested, and the `token` is random and the same in each attempt: the Message-ID follows from
    it, so a repeat is the same mail. Raises PermanentError for an address that no mail server
    takes; accounts may have names like it.
    """
    if _ENCODED_WORD in to:
        raise PermanentError("Email can’t be sent to an address like this.")
    try:
        valid = validate_email(to, check_deliverability=False)
    except ValueError:
        raise PermanentError("Email can’t be sent to an address like this.") from None
    address = valid.ascii_email or valid.normalized
    message = EmailMessage(policy=SMTP if address.isascii() else SMTPUTF8)
    message["From"] = settings.mail_from
    message["To"] = address
    message["Subject"] = subject.replace(_ENCODED_WORD, "= ?")
    message["Date"] = date
    message["Message-ID"] = f"<{id_of(token)}@{urlsplit(settings.base_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot should answer
    return message


def id_of(token: str) -> str:
    """The first part of a mail's Message-ID, which does not reveal the token."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def set_text(message: EmailMessage, template: str, values: Mapping[str, object]) -> None:
    """Set what a mail says, from the text and the HTML template of this name."""
    text, html = (render(f"mail/{template}.{kind}", **values) for kind in ("txt", "html"))
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")


def format_time(at: datetime, zone: tzinfo) -> str:
    """A time as in "Monday, March 2, 2026, at 10:30", in a time zone."""
    local = at.astimezone(zone)
    return f"{local:%A}, {long_date(local.date())}, at {local:%H:%M}"


def safe_name(text: str) -> str:
    """A name to write in a mail; empty if it is too long, or could be a link or phone number.

    Anyone can fill in the form with a stranger's address, and must not get to say anything to them
    in our name.
    """
    clean = " ".join(text.split())
    # What looks like an ASCII letter is one to people who read it, and to some programs.
    seen = unicodedata.normalize("NFKC", clean)
    could_be_link = re.search(r"[/:@<>\\]|\w[.\u3002]\w{2}|www", seen, re.IGNORECASE)
    could_be_number = len(re.findall(r"\d", seen)) > _MAX_DIGITS_OF_NAME
    odd = len(clean) > 60 or _ENCODED_WORD in seen or not clean.isprintable()
    return "" if could_be_link or could_be_number or odd else clean


def render(template: str, **values: object) -> str:
    """A template of `templates/`, filled in; values in `.html` are escaped."""
    return mail_environment().get_template(template).render(**values)


@functools.cache
def mail_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PROJECT_FOLDER / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["safe_name"] = safe_name
    return environment
