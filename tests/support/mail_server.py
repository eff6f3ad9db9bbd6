"""A real mail server for the tests, on this machine, that keeps what it takes."""

import random
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.patience import patience

USER, PASSWORD = "relay@check", "p@ss:word/7"


@dataclass
class MailServer:
    """What a server took, and how it should answer.

    Attributes:
        port: where it listens.
        accepted: the bytes of each accepted mail, in order; ``recipients`` likewise.
        encrypted: of each, whether it came over an encrypted line.
        on_recipient: its answer to each address; ``on_data`` to each mail.
        open: while it is not set, the server waits with its answer to a mail.
        began: set as soon as a mail has come in, accepted or not.
    """

    port: int
    accepted: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    on_recipient: str = "250 OK"
    on_data: str = "250 OK"
    open: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)

    def mails(self) -> list[EmailMessage]:
        return [as_read(raw) for raw in self.accepted]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self.on_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.began.set()
        await server.loop.run_in_executor(None, self.open.wait, 60)
        if self.on_data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.accepted.append(envelope.content)
            self.recipients += envelope.rcpt_tos
            assert server.transport
            self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return self.on_data


def as_read(raw: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


@contextmanager
def mail_server(
    certificate: Path | None = None,
    *,
    login: bool = False,
    implicit_tls: bool = False,
    smtputf8: bool = True,
) -> Iterator[MailServer]:
    """Run a server for as long as the block lasts.

    Args:
        certificate: a file with a key and a certificate; the server then offers STARTTLS.
        login: it wants USER and PASSWORD first.
        implicit_tls: it speaks TLS from the first byte on.
        smtputf8: it takes addresses that are not ASCII.
    """
    server = MailServer(port=free_port())
    server.open.set()
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def check(
        _server: object, _session: object, _envelope: object, _how: str, given: object
    ) -> AuthResult:
        right = given == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        ssl_context=context if implicit_tls else None,
        tls_context=None if implicit_tls else context,
        authenticator=check,
        auth_required=login,
        enable_SMTPUTF8=smtputf8,
        ready_timeout=patience(),
    )
    controller.start()
    try:
        yield server
    finally:
        server.open.set()
        controller.stop()


def make_certificate(folder: Path, name: str = "localhost") -> Path:
    """A file with a new key and a certificate of its own for a name; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now, a_day = datetime.now(UTC), timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - a_day)
        .not_valid_after(now + 2 * a_day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    (folder / "certificate.pem").write_bytes(certificate)
    both = folder / "server.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(key.private_bytes(*form) + certificate)
    return both


def free_port() -> int:
    """A free port of this machine.

    It is outside of the range that the system uses for connections and for servers that take any
    port: another program could take such a port before our server does.
    """
    for number in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", number))
            return number
    raise RuntimeError("no port is free")
