"""The transports of mail: a real mail server, encrypted and not, and a folder."""

import os
import smtplib
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from consult.delivery.mail import transport as mail_transport
from consult.delivery.mail.transport import FileTransport, SmtpTransport, Transport
from consult.delivery.worker import PermanentError, RetryableError
from tests.support.dripping_server import TLS_RECORD, dripping_server
from tests.support.mail_server import PASSWORD, USER, as_read, mail_server, make_certificate
from tests.support.mail_server import MailServer as Server
from tests.support.patience import patience


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without encryption or login."""
    with mail_server() as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for localhost that this process trusts."""
    made = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    return made


def mail() -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Relay Check <relay@check.example>"
    message["To"] = "ada@example.com"
    message["Date"] = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    message["Message-ID"] = "<0123abcd@check.example>"
    message.set_content("Hello, żółw!\n")
    return message


def plain(server: Server) -> SmtpTransport:
    return SmtpTransport(f"smtp://127.0.0.1:{server.port}")


def with_login(server: Server, scheme: str = "smtp", password: str = PASSWORD) -> SmtpTransport:
    login = f"{quote(USER, safe='')}:{quote(password, safe='')}"
    return SmtpTransport(f"{scheme}://{login}@localhost:{server.port}")


def sent(transport: Transport) -> bool:
    """Send a mail, and check that it was accepted, which happens once."""
    accepted: list[bool] = []
    transport.send(mail(), accepted=lambda: accepted.append(True))
    assert accepted == [True]
    return True


def refusal(transport: Transport, kind: type[Exception]) -> str:
    """The error for a mail that is not accepted."""

    def never() -> None:
        raise AssertionError("it was not accepted")

    with pytest.raises(kind) as caught:
        transport.send(mail(), accepted=never)
    return str(caught.value)


def test_a_server_on_this_machine_accepts_a_mail(server: Server) -> None:
    assert sent(plain(server))
    (mail_read,) = server.mails()
    assert mail_read["To"] == "ada@example.com"
    assert mail_read.get_content().strip() == "Hello, żółw!"
    assert server.recipients == ["ada@example.com"]


@pytest.mark.parametrize("login", [True, False])
def test_a_connection_is_encrypted_first_or_from_the_start(certificate: Path, login: bool) -> None:
    with mail_server(certificate, login=login, implicit_tls=not login) as server:
        assert sent(
            with_login(server) if login else SmtpTransport(f"smtps://localhost:{server.port}")
        )
        assert server.encrypted == [True]
        if login:
            wrong = with_login(server, password="wrong")
            assert "Check user and password" in refusal(wrong, RetryableError)


def test_nothing_is_sent_unencrypted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is missing a feature" in refusal(with_login(server), RetryableError)
    monkeypatch.setattr("consult.delivery.mail.transport.THIS_MACHINE", ())
    assert "is missing a feature" in refusal(plain(server), RetryableError)
    assert server.accepted == []


@pytest.mark.parametrize(
    ("name", "trusted", "scheme"),
    [
        ("localhost", False, "smtps"),
        ("localhost", False, "smtp"),
        ("mail.example.com", True, "smtp"),
    ],
)
def test_a_certificate_of_another_authority_or_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, scheme: str
) -> None:
    made = make_certificate(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with mail_server(made, implicit_tls=scheme == "smtps") as server:
        assert "wasn’t secure" in refusal(with_login(server, scheme), RetryableError)
        assert server.accepted == []


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("recipient", "550 5.1.1 No such user", PermanentError),
        ("recipient", "553 5.1.3 Bad address", PermanentError),
        ("recipient", "450 4.2.1 Try again later", RetryableError),
        ("data", "554 5.7.1 Spam", PermanentError),
        ("data", "451 4.3.0 Disk is full", RetryableError),
    ],
)
def test_kinds_of_refusals(server: Server, step: str, answer: str, kind: type[Exception]) -> None:
    setattr(server, f"on_{step}", answer)
    what = "the address" if step == "recipient" else "this email"
    assert refusal(plain(server), kind) == f"The mail server rejected {what}: {answer}"


def test_a_server_that_is_away_may_come_back() -> None:
    with mail_server() as server:
        transport = plain(server)
    assert "couldn’t be reached" in refusal(transport, RetryableError)


HELLO, YES = b"220 hello\r\n", b"250 yes\r\n"
TLS_FIRST = [HELLO, b"250-hello\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"]


SILENT: list[tuple[str, list[bytes], bytes]] = [
    ("smtp://", [], b""),
    ("smtp://", [], b"2"),
    ("smtp://", [HELLO], b"2"),
    ("smtp://", [HELLO, YES, YES, YES, b"354 go ahead\r\n"], b"250-"),
    ("smtps://", [], TLS_RECORD + b"x"),
    ("smtp://me:secret@", TLS_FIRST, TLS_RECORD + b"x"),
    ("smtp://me:secret@", TLS_FIRST, b""),
]


def test_a_server_that_says_nothing_or_a_byte_now_and_then_is_cut_off() -> None:
    """All kinds at the same time, as each takes as long as it may."""

    def is_cut_off(kind: tuple[str, list[bytes], bytes]) -> bool:
        scheme, replies, drops = kind
        with dripping_server(replies, drops) as server:
            transport = SmtpTransport(f"{scheme}127.0.0.1:{server.port}", total_seconds=0.5)
            assert "didn’t respond in time" in refusal(transport, RetryableError), kind
            return server.hung_up.wait(patience())

    with ThreadPoolExecutor(len(SILENT)) as pool:
        assert all(pool.map(is_cut_off, SILENT))


def test_a_name_that_is_not_looked_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()
    monkeypatch.setattr(mail_transport, "resolve", lambda *_: found.wait() and [])
    transport = SmtpTransport("smtp://mail.example.com", total_seconds=0.05)
    assert "didn’t respond in time" in refusal(transport, RetryableError)
    found.set()


def test_nothing_is_looked_up_but_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is our own name, which without a name server takes as long as another."""
    without = SimpleNamespace(**{**vars(socket), "getfqdn": None})
    monkeypatch.setattr(smtplib, "socket", without)
    assert sent(plain(server))


def test_an_error_after_sending_is_ignored(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def disconnect(_self: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("smtplib.SMTP.quit", disconnect)
    assert sent(plain(server))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "mail"


def test_a_folder_keeps_a_mail_once_for_its_owner_to_read(folder: Path) -> None:
    transport = FileTransport(folder)
    for _ in range(2):
        assert sent(transport)
    (file,) = folder.iterdir()
    assert file.name == "2026-03-02-0123abcd.eml"
    assert as_read(file.read_bytes()).get_content().strip() == "Hello, żółw!"
    assert b"\r\n" in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_to_is_retried(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    assert "can’t be written to" in refusal(FileTransport(tmp_path / "mail"), RetryableError)


def test_old_mails_are_deleted_from_a_folder(folder: Path) -> None:
    now = datetime.now(UTC)
    transport = FileTransport(folder)
    transport.delete_older(now)  # there is no folder yet
    sent(transport)
    (file,) = folder.iterdir()
    transport.delete_older(now - timedelta(days=1))
    assert file.exists()
    os.utime(file, (0, 0))
    transport.delete_older(now - timedelta(days=1))
    assert not file.exists()
