"""What all mails have in common: headers, templates, and which user input may appear in them."""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from email_validator import validate_email
from icalendar import Calendar, Event, vText
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from consult.delivery.worker import PermanentError
from consult.report.display import number_of, short_time
from consult.settings import PROJECT_FOLDER
from consult.settings.schema import Settings
from consult.settings.setting_types import ascii_address
from consult.workflow.telephone import phone_link

_MAX_NAME = 60
_MAX_NAME_FOR_STAFF = 100
_MAX_DIGITS_OF_NAME = 6
_LINK_SIGNS = r"[/:@<>\\]|www"
_DOT_OF_LINK = r"(?<=\w)[.\u3002](?=\w{2})"
_ENCODED_WORD = "=?"
"""Begins an encoded word (RFC 2047), which `email` decodes where it finds one in a header, line
breaks in it included. So no user input may contain one."""


class _OnTheWire(EmailPolicy):
    """Writes each address and link as it is, and other text in encoded words only where it must.

    Python's own policy breaks or encodes what takes more than 77 characters, in any header. Mail
    programs then find no link in List-Unsubscribe, and two senders in a long name with a comma.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower().startswith("content-"):  # with parameters, which have an encoding of theirs
            return str(super().fold(name, value))
        addresses: tuple[Address, ...] = getattr(value, "addresses", ())
        mailboxes = [self._mailbox(name, each) for each in addresses]
        text = ", ".join(mailboxes) or self._encoded(name, str(value))
        return f"{name}: {text}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")

    def _mailbox(self, header: str, address: Address) -> str:
        if address.display_name.isascii():
            return str(address)
        name = self._encoded(header, address.display_name)
        return f"{name}{self.linesep} <{address.addr_spec}>"

    def _encoded(self, header: str, text: str) -> str:
        """Text in encoded words, as many lines as it takes; what is ASCII stays as it is."""
        if text.isascii():
            return text
        # 72: it breaks a few letters late, and 76 is what RFC 2047 allows.
        words = Header(text, "utf-8", maxlinelen=72, header_name=header)
        return words.encode(linesep=self.linesep)


_SMTP = _OnTheWire(linesep="\r\n")
_SMTPUTF8 = _SMTP.clone(utf8=True)


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
    message = EmailMessage(policy=_SMTP if address.isascii() else _SMTPUTF8)
    set_mailbox(message, "From", settings.mail_from)
    message["To"] = address
    message["Subject"] = subject.replace(_ENCODED_WORD, "= ?")
    message["Date"] = date
    message["Message-ID"] = f"<{id_of(token)}@{urlsplit(settings.base_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot should answer
    return message


def set_mailbox(message: EmailMessage, header: str, mailbox: str) -> None:
    """Name a mailbox of ours in a header, its domain in ASCII, which every mail server takes."""
    name, address = parseaddr(mailbox)
    message[header] = Address(name, addr_spec=ascii_address(address))


def id_of(token: str) -> str:
    """The first part of a mail's Message-ID, which does not reveal the token."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def set_text(message: EmailMessage, template: str, values: Mapping[str, object]) -> None:
    """Set what a mail says below its subject, from the text and the HTML template of this name."""
    titled = {**values, "subject": str(message["Subject"])}
    text, html = (render(f"mail/{template}.{kind}", **titled) for kind in ("txt", "html"))
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")


def calendar_content(event: Event, about: str, method: str) -> str:
    """The content of an .ics file (RFC 5545) with one event; lines end with CR LF.

    icalendar, as it writes and as it reads, takes a backslash before an N for a new line: a word
    joiner, which nobody sees, keeps the two apart.
    """
    for name, value in event.items():
        if isinstance(value, vText):
            event[name] = vText(value.replace("\\N", "\\\u2060N"))
    calendar = Calendar()
    calendar.add("PRODID", f"-//Relay Check//{about}//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    calendar.add_component(event)
    return str(calendar.to_ical().decode())


def format_time(at: datetime, zone: tzinfo) -> str:
    """A time as in "Mon, Mar 2, 10:30 AM (America/New_York)", in a time zone."""
    return f"{short_time(at.astimezone(zone))} ({zone})"


def on_one_line(text: str) -> str:
    """Text on one line, without what could not be seen or turns it around."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def safe_name(text: str, longest: int = _MAX_NAME) -> str:
    """A name to write in a mail; empty if it is too long, or could be a link or phone number.

    Anyone can fill in the form with a stranger's address, and must not get to say anything to them
    in our name.
    """
    clean = " ".join(text.split())
    # What looks like an ASCII letter is one to people who read it, and to some programs.
    seen = unicodedata.normalize("NFKC", clean)
    could_be_link = re.search(f"{_LINK_SIGNS}|{_DOT_OF_LINK}", seen, re.IGNORECASE)
    could_be_number = len(re.findall(r"\d", seen)) > _MAX_DIGITS_OF_NAME
    odd = len(clean) > longest or _ENCODED_WORD in seen or not clean.isprintable()
    return "" if could_be_link or could_be_number or odd else clean


def name_for_staff(text: str) -> str:
    """A name to write in a mail to staff, who must recognize it; may be empty.

    It is written without what would make it a link or a phone number, and shortened if too long.
    """
    if safe_name(text, _MAX_NAME_FOR_STAFF):
        return " ".join(text.split())
    seen = re.sub(r"[=?]{2}", " ", unicodedata.normalize("NFKC", on_one_line(text)))
    seen = re.sub(f"{_LINK_SIGNS}|{_DOT_OF_LINK}", " ", seen, flags=re.IGNORECASE)
    if len(re.findall(r"\d", seen)) > _MAX_DIGITS_OF_NAME:
        seen = re.sub(r"\+?\d[\d\s().+-]*", " ", seen)
    seen = " ".join(seen.split())
    if len(seen) > _MAX_NAME_FOR_STAFF:
        seen = f"{seen[: _MAX_NAME_FOR_STAFF - 1].rstrip()}…"
    return safe_name(seen, _MAX_NAME_FOR_STAFF)


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
    environment.filters |= {
        "name_for_staff": name_for_staff,
        "number_of": number_of,
        "phone_link": phone_link,
    }
    return environment
