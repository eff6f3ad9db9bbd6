"""The two ways out for a mail: a mail server or, while none is set, a folder.

Whoever takes a mail says so through `accepted`, before anything else is done: what happens later,
such as a server that is slow to say goodbye, must not make anybody send the mail again.
"""

import os
import re
import smtplib
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from consult.delivery.mail.messages import written_address
from consult.delivery.worker import GiveUp, TryLater
from consult.settings import THIS_MACHINE
from consult.storage.notifications.report_mails import HandedTo
from consult.storage.privacy.erasure import Trace

SECONDS_TO_ANSWER = 30
_LEAD_LINK = re.compile(r"/staff/leads/(\d+)")
_PORTS = {"smtp": 587, "smtps": 465}


class Post(Protocol):
    """Takes mails. `name` is how it is written down."""

    name: HandedTo

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        """Hand a mail over, and call `accepted` once it was taken.

        Raises TryLater when that may work another time, GiveUp when it never will.
        """


class MailServer:
    """A mail server, by its `smtp://` or `smtps://` address.

    Its certificate is checked. Over `smtp://` the connection is encrypted with STARTTLS; only a
    server on this very machine that asks for no login is talked to in the clear.
    """

    name: HandedTo = "server"

    def __init__(self, url: str, seconds_to_answer: float = SECONDS_TO_ANSWER) -> None:
        parts = urlsplit(url)
        self._encrypted = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._seconds = seconds_to_answer

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        """See `Post.send`. Only a refusal of this mail or its address is for good."""
        with self._connection() as server:
            try:
                server.send_message(message)
            except OSError as fault:  # which every error of smtplib is
                raise _problem(fault) from fault
            accepted()

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            server = self._connect()
        except OSError as fault:
            raise _problem(fault) from fault
        try:
            yield server
        finally:
            with suppress(OSError):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        if self._encrypted:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._seconds, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._seconds)
        try:
            if not self._encrypted and (self._user or self._host not in THIS_MACHINE):
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except OSError:
            server.close()
            raise
        return server


def _problem(fault: OSError) -> TryLater | GiveUp:
    """What went wrong, in words for staff."""
    match fault:
        case smtplib.SMTPRecipientsRefused():
            code, answer = next(iter(fault.recipients.values()))
            end = GiveUp if code >= 500 else TryLater
            return end(f"The mail server refuses the address: {_said(code, answer)}")
        case smtplib.SMTPDataError():
            end = GiveUp if fault.smtp_code >= 500 else TryLater
            told = _said(fault.smtp_code, fault.smtp_error)
            return end(f"The mail server refuses this mail: {told}")
        case smtplib.SMTPAuthenticationError():
            return TryLater("The mail server refuses our login. Check the user and the password.")
        case smtplib.SMTPNotSupportedError():
            return TryLater(f"The mail server lacks something that we need: {fault}")
        case smtplib.SMTPResponseException():
            told = _said(fault.smtp_code, fault.smtp_error)
            return TryLater(f"The mail server takes no mail from us: {told}")
        case ssl.SSLError():
            return TryLater(
                f"The connection to the mail server is not safe, so it was not used: {fault}"
            )
        case _:
            return TryLater(f"The mail server could not be reached, or did not answer: {fault}")


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"


class MailFolder:
    """A folder of .eml files, which any mail program opens. Only the user we run as may read it."""

    name: HandedTo = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        """See `Post.send`. The same mail again lands in the same file."""
        day = parsedate_to_datetime(message["Date"]).date()
        id = message["Message-ID"].strip("<>").partition("@")[0]
        file = self._folder / f"{day}-{id}.eml"
        draft = file.with_suffix(".draft")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(message.as_bytes())
            draft.replace(file)
        except OSError as fault:
            raise TryLater(f"The mail folder cannot be written to: {fault.strerror}") from fault
        accepted()

    def forget(self, before: datetime) -> None:
        """Delete the mails that were written before a moment."""
        for file in self._files():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < before.timestamp():
                    file.unlink()

    def forget_leads(self, traces: Collection[Trace]) -> None:
        """Delete the mails to the owners of leads, and those to staff about them."""
        owners = {
            (_in_header(address), created_at.replace(microsecond=0))
            for trace in traces
            for address, created_at in trace.mails
        }
        leads = {trace.lead_id for trace in traces}
        for file in self._files():
            with suppress(FileNotFoundError):
                message = message_from_bytes(file.read_bytes(), policy=default)
                if _is_to(message, owners) or not leads.isdisjoint(_leads_in(message)):
                    file.unlink()

    def _files(self) -> Iterator[Path]:
        """Each mail, and what is left of one whose writer was killed."""
        yield from self._folder.glob("*.eml")
        yield from self._folder.glob("*.draft")


def _in_header(address: str) -> str:
    """An address as the mails to it have it; as it is where no mail could go to it."""
    try:
        return written_address(address)
    except ValueError:
        return address


def _is_to(message: EmailMessage, owners: Collection[tuple[str, datetime]]) -> bool:
    """Whether a mail was asked for with one of these addresses at the moment beside it."""
    if "Date" not in message:
        return False
    return (parseaddr(message["To"])[1], parsedate_to_datetime(message["Date"])) in owners


def _leads_in(message: EmailMessage) -> set[int]:
    """The leads whose pages a mail links to."""
    texts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    return {int(id) for part in texts for id in _LEAD_LINK.findall(str(part.get_content()))}
