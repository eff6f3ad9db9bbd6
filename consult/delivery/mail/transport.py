"""The two transports of mail: a mail server or, while none is set, a folder; and where mail gets.

What takes a mail reports that through `accepted`, before anything else is done: what happens later,
such as a server that is slow to close the connection, must not get the mail sent again.
"""

import os
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from threading import Timer
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

import dns.exception
import dns.resolver
from email_validator import validate_email

from consult.delivery.mail.messages import id_of
from consult.delivery.network import (
    MAX_ADDRESSES_TRIED,
    TIMEOUT_SECONDS,
    look_up,
    resolve,
    time_left,
)
from consult.delivery.worker import PermanentError, RetryableError
from consult.settings.setting_types import THIS_MACHINE

TOTAL_SECONDS = 60.0
"""How long a mail may take, from the look-up of the server's name to its being accepted."""
_LEAD_LINK = re.compile(r"/staff/leads/(\d+)")
_PORTS = {"smtp": 587, "smtps": 465}


class Transport(Protocol):
    """Takes mails. `name` is how it is recorded."""

    name: Literal["server", "folder"]

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        """Send a mail, and call `accepted` once it was accepted.

        Raises RetryableError when that may work another time, PermanentError when it never will.
        """


class SmtpTransport:
    """A mail server, by its `smtp://` or `smtps://` URL, and how long a mail to it may take.

    Its certificate is checked. Over `smtp://` the connection is encrypted with STARTTLS; only for
    a server on this machine that needs no login it is not.
    """

    name: Literal["server", "folder"] = "server"

    def __init__(self, url: str, total_seconds: float = TOTAL_SECONDS) -> None:
        parts = urlsplit(url)
        self._encrypted = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._total_seconds = total_seconds

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        """See `Transport.send`. Only a refusal of this mail or its address is permanent."""
        with ExitStack() as stack:
            with self._problems_explained():
                self._connect(stack).send_message(message)
            accepted()

    def check(self) -> None:
        """Connect and log in, and send nothing; raises RetryableError with what is wrong."""
        with ExitStack() as stack, self._problems_explained():
            self._connect(stack)

    @contextmanager
    def _problems_explained(self) -> Iterator[None]:
        deadline = time.monotonic() + self._total_seconds
        try:
            yield
        except OSError as error:  # which every error of smtplib is
            if time.monotonic() >= deadline:
                raise RetryableError("The mail server didn’t respond in time.") from error
            raise _problem(error) from error

    def _connect(self, stack: ExitStack) -> smtplib.SMTP:
        opened = stack.enter_context(connection(self._host, self._port, self._total_seconds))
        if self._encrypted:
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=self._host)
        server = _ConnectedSmtp(opened, self._host, self._port)
        stack.callback(server.end)
        if not self._encrypted and (self._user or self._host not in THIS_MACHINE):
            server.starttls(context=ssl.create_default_context())
        if self._user:
            server.login(self._user, self._password)
        return server


class _ConnectedSmtp(smtplib.SMTP):
    """Speaks over a connection that is there, and says our address: a name it would look up."""

    def __init__(self, opened: socket.socket, host: str, port: int) -> None:
        self._opened = opened
        own = opened.getsockname()[0]
        super().__init__(host, port, local_hostname=f"[IPv6:{own}]" if ":" in own else f"[{own}]")

    def _get_socket(self, *_: object) -> socket.socket:
        return self._opened

    def end(self) -> None:
        with suppress(OSError):
            self.quit()
        self.close()


@contextmanager
def connection(host: str, port: int, seconds: float) -> Iterator[socket.socket]:
    """A connection to a host that is cut off after so many seconds, also in TLS.

    What waits for it then gets the end of the file. Raises OSError if there is no connection.
    """
    deadline = time.monotonic() + seconds
    opened = _connect(look_up(resolve, host, port, seconds), port, deadline)
    left = time_left(deadline, None)
    opened.settimeout(left)
    # TLS takes the socket over; what happens to a copy of it happens to the connection.
    with opened, opened.dup() as copy:
        timer = Timer(left, _cut_off, [copy])
        timer.daemon = True
        timer.start()
        try:
            yield opened
        finally:
            timer.cancel()


def _connect(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    problem = OSError("its name has no address")
    for ip in addresses[:MAX_ADDRESSES_TRIED]:
        try:
            return socket.create_connection((ip, port), time_left(deadline, TIMEOUT_SECONDS))
        except OSError as error:
            problem = error
    raise problem


def _cut_off(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)


def _problem(error: OSError) -> RetryableError | PermanentError:
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, reply = next(iter(error.recipients.values()))
            kind = PermanentError if code >= 500 else RetryableError
            return kind(f"The mail server rejected the address: {_reply(code, reply)}")
        case smtplib.SMTPDataError():
            kind = PermanentError if error.smtp_code >= 500 else RetryableError
            reply_text = _reply(error.smtp_code, error.smtp_error)
            return kind(f"The mail server rejected this email: {reply_text}")
        case smtplib.SMTPAuthenticationError():
            return RetryableError("The mail server rejected our login. Check user and password.")
        case smtplib.SMTPNotSupportedError():
            return RetryableError(f"The mail server is missing a feature we need: {error}")
        case smtplib.SMTPResponseException():
            reply_text = _reply(error.smtp_code, error.smtp_error)
            return RetryableError(f"The mail server doesn’t accept email from us: {reply_text}")
        case ssl.SSLError():
            return RetryableError(
                f"The connection to the mail server wasn’t secure, so we didn’t use it: {error}"
            )
        case _:
            return RetryableError(
                f"The mail server couldn’t be reached, or didn’t respond: {error.strerror or error}"
            )


def _reply(code: int, text: bytes | str) -> str:
    decoded = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(decoded.split())}"


class FileTransport:
    """A folder of .eml files, which any mail program opens. Only the user we run as may read it."""

    name: Literal["server", "folder"] = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        """See `Transport.send`. The same mail again is written to the same file."""
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
        except OSError as error:
            raise RetryableError(
                f"The mail folder can’t be written to: {error.strerror}"
            ) from error
        accepted()

    def delete_older(self, before: datetime) -> None:
        for file in self._files():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < before.timestamp():
                    file.unlink()

    def delete_for_leads(self, lead_ids: Collection[int], tokens: Collection[str]) -> None:
        """Delete the mails with these tokens, and all that link to these leads, such as digests."""
        ids = {id_of(token) for token in tokens}
        for file in self._files():
            with suppress(FileNotFoundError):
                if file.stem[-32:] in ids or not _leads_in(file).isdisjoint(lead_ids):
                    file.unlink()

    def _files(self) -> Iterator[Path]:
        """Each mail, and each file of a writer that was killed."""
        yield from self._folder.glob("*.eml")
        yield from self._folder.glob("*.draft")


def _leads_in(file: Path) -> set[int]:
    message = message_from_bytes(file.read_bytes(), policy=default)
    texts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    return {int(id) for part in texts for id in _LEAD_LINK.findall(str(part.get_content()))}


# --- Whether mail reaches an address -------------------------------------------------------------

DNS_SECONDS = 3.0
"""How long all questions about one domain may take."""

_RESERVED = ("example.com", "example.net", "example.org", ".example", ".test", ".invalid")
"""Made up (RFC 2606), as the addresses of demo leads are."""


def domain_of(address: str) -> str:
    """The domain of an address in ASCII, as DNS knows it."""
    return validate_email(address, check_deliverability=False).ascii_domain


def has_mail_server(domain: str, today: date) -> bool | None:
    """Whether a domain takes mail; None if DNS does not say. An answer is kept for the day."""
    if not domain or domain.endswith(_RESERVED):
        return None
    try:
        return _answer(domain, today)
    except LookupError:
        return None


@lru_cache(maxsize=1000)
def _answer(domain: str, _today: date) -> bool:
    return ask_dns(domain)


def ask_dns(domain: str) -> bool:
    """Whether a domain has a mail server or, as mail goes there without one, an address.

    Raises LookupError if that is not known.
    """
    deadline = time.monotonic() + DNS_SECONDS
    try:
        resolver = dns.resolver.Resolver()
        for kind in ("MX", "A", "AAAA"):
            left = max(0.1, deadline - time.monotonic())
            answer = resolver.resolve(
                domain, kind, lifetime=left, search=False, raise_on_no_answer=False
            )
            if answer.rrset and kind == "MX":  # "." says that it takes none (RFC 7505)
                return any(str(server.exchange) != "." for server in answer)
            if answer.rrset:
                return True
    except dns.resolver.NXDOMAIN:
        return False
    except (dns.exception.DNSException, OSError) as error:
        raise LookupError(domain) from error
    return False
