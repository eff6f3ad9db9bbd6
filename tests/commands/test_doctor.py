"""`consult doctor` on a machine in order, and on others."""

import os
import shutil
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from consult.commands import consult, doctor
from consult.report.pdf.renderer import Renderer, RenderError
from consult.settings.setting_sources import load_settings
from consult.storage import jobs
from consult.storage.db.database import Database, utc_now
from consult.storage.tables.account_tables import AuditRow, StaffUserRow
from consult.storage.tables.delivery_tables import JobRow
from tests.support.apps import make_app
from tests.support.commands import run
from tests.support.mail_server import mail_server, make_certificate

NAME = "check.example.com"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> None:
    monkeypatch.setenv("CONSULT_VAR_DIR", str(tmp_path / "var"))
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "consult.db")
    monkeypatch.setattr(Renderer, "render", lambda _self, _page: b"%PDF-")


def examine(*arguments: str) -> tuple[dict[str, str], Result]:
    """The line about each thing, by its name, without the name."""
    result = CliRunner().invoke(consult, ["doctor", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = {}
    for line in result.stdout.splitlines():
        state, name, text = line[:8].strip(), *line[9:].split(": ", 1)
        lines[name] = f"{state} {text}"
    assert result.exit_code == any(line.startswith("PROBLEM") for line in lines.values())
    return lines, result


def write(*rows: Any) -> None:
    with closing(Database(load_settings().database_url)) as database, database.writing() as session:
        session.add_all(rows)


def admin() -> StaffUserRow:
    row = {"email": "ada@example.com", "name": "Ada", "role": "admin", "password_hash": "x"}
    return StaffUserRow(**row, active=True, created_at=utc_now())


@contextmanager
def proxied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hops: int, name: str = NAME
) -> Iterator[None]:
    """The app behind a proxy with TLS, whose certificate is for `name`, at `NAME`."""
    app = make_app(tmp_path / "app", base_url=f"https://{NAME}", proxy_hops=hops)

    def proxy(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app.wsgi_app({**environ, "HTTP_X_FORWARDED_PROTO": "https"}, start)

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = make_server("127.0.0.1", 0, proxy, handler_class=Quiet)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(make_certificate(tmp_path, name))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    connect, to = socket.create_connection, ("127.0.0.1", server.server_port)
    monkeypatch.setattr(socket, "create_connection", lambda _address, *rest: connect(to, *rest))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    monkeypatch.setenv("CONSULT_BASE_URL", f"https://{NAME}")
    monkeypatch.setenv("CONSULT_PROXY_HOPS", str(hops))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_new_machine_has_notes_and_no_problem_and_nothing_is_changed(tmp_path: Path) -> None:
    before = sorted(path.name for path in (tmp_path / "var").iterdir())
    lines, result = examine()
    assert {name: line.split()[0] for name, line in lines.items()} == {
        "folders": "ok",
        "brand": "ok",
        "disk": "ok",
        "PDFs": "ok",
        "mail": "note",
        "address": "note",
        "backup": "note",
        "database": "note",
        "clock": "ok",
        "jobs": "ok",
    }
    assert result.exit_code == 0
    assert {path.name.split(".db")[0] for path in (tmp_path / "var").iterdir()} == {"consult"}
    (tmp_path / "var" / "consult.db").unlink()
    lines, _ = examine()
    assert lines["database"].startswith("note there is none yet")
    assert "clock" not in lines
    assert before == ["consult.db"]


def test_a_machine_in_order_has_no_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(admin())
    run("db", "backup", tmp_path / "copy")
    monkeypatch.setattr(doctor, "_CERTIFICATE_DAYS", 1)
    with proxied(tmp_path, monkeypatch, hops=1):
        lines, _ = examine()
    assert [line for line in lines.values() if not line.startswith("ok ")] == [lines["mail"]]
    assert f"https://{NAME} leads here, 1 proxy hop," in lines["address"]
    assert f"{tmp_path}/copy was made 0 hours ago" in lines["backup"]


@pytest.mark.parametrize(
    ("hops", "name", "says"),
    [
        (0, NAME, "PROBLEM the app does not see that https://check.example.com is encrypted"),
        (1, NAME, "PROBLEM the certificate of https://check.example.com ends in 2 days"),
        (1, "other.example.com", "PROBLEM the certificate of https://check.example.com is refused"),
    ],
)
def test_what_is_wrong_with_the_address_is_told(
    hops: int, name: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxied(tmp_path, monkeypatch, hops=hops, name=name):
        lines, _ = examine()
    assert lines["address"].startswith(says)


def test_an_address_in_the_open_and_one_that_is_not_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONSULT_BASE_URL", f"http://{NAME}")
    assert examine()[0]["address"].startswith(f"PROBLEM http://{NAME} is not encrypted")
    monkeypatch.setenv("CONSULT_BASE_URL", "https://check.invalid")
    assert examine()[0]["address"].startswith("note https://check.invalid cannot be reached")


def test_the_mail_server_is_asked_and_takes_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_MAIL_FROM", "Relay Check <relay@example.com>")
    with mail_server() as server:
        monkeypatch.setenv("CONSULT_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        assert examine()[0]["mail"].startswith("ok the mail server takes our login")
        assert server.accepted == []
        assert "took a test" in examine("--mail-to", "ada@example.com")[0]["mail"]
        assert [mail["To"] for mail in server.mails()] == ["ada@example.com"]
        server.on_recipient = "550 no such user"
        lines, _ = examine("--mail-to", "bob@example.com")
        assert lines["mail"].startswith("PROBLEM The mail server rejected the address")
    assert examine()[0]["mail"].endswith("be reached, or didn’t respond: Connection refused")


def test_a_clock_that_is_behind_and_a_worker_that_is_not_there() -> None:
    late = utc_now() + timedelta(hours=3)
    write(AuditRow(at=late, action="lead.viewed", facts={}))
    early = utc_now() - timedelta(hours=1)
    with closing(Database(load_settings().database_url)) as database, database.writing() as session:
        jobs.enqueue(session, jobs.NOTIFY, {}, run_at=early)
    lines, result = examine()
    assert f"something was stored at {late:%Y-%m-%d %H:%M} UTC" in lines["clock"]
    assert lines["jobs"].startswith("PROBLEM one has been waiting for 60 minutes")
    assert result.stderr == "consult: 2 problems, see above\n"


def test_jobs_that_failed_are_a_note() -> None:
    with closing(Database(load_settings().database_url)) as database, database.writing() as session:
        jobs.enqueue(session, jobs.NOTIFY, {})
        session.execute(update(JobRow).values(state="failed", finished_at=utc_now()))
    words = "note 1 job failed; the page of its lead or webhook says why"
    assert examine()[0]["jobs"] == words


def test_a_locked_database_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_ANSWER_SECONDS", 0.1)
    with closing(Database(load_settings().database_url)) as database, database.writing() as other:
        other.connection()
        lines, _ = examine()
    assert lines["database"].startswith("PROBLEM the database does not answer")


def test_the_database_of_a_newer_version_is_not_to_be_upgraded(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "var" / "consult.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "use the newer version that wrote it" in examine()[0]["database"]


def test_what_is_wrong_with_the_machine_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Renderer, _page: str) -> bytes:
        raise RenderError("no Pango")

    monkeypatch.setattr(Renderer, "render", fail)
    monkeypatch.setattr(doctor, "_NO_DISK", 2**60)
    key = tmp_path / "var" / "secret-key"
    key.write_text("k" * 64)
    key.chmod(0o644)
    made = tmp_path / "var" / "last-backup"
    made.write_text("/backups/one\n")
    os.utime(made, (0, 0))
    monkeypatch.setenv("CONSULT_DATABASE_URL", f"sqlite:///{key}")
    monkeypatch.setenv("CONSULT_BRAND_FILE", "/no/such/brand.toml")
    lines, _ = examine()
    assert lines["brand"].startswith("PROBLEM /no/such/brand.toml: cannot be read")
    assert lines["PDFs"].startswith("PROBLEM none can be made: no Pango")
    assert "saving stops when nothing is left" in lines["disk"]
    assert lines["folders"] == f"PROBLEM others may read {key}; run: chmod 600 {key}"
    assert lines["backup"].startswith("PROBLEM /backups/one was made")
    assert "file is not a database" in lines["database"]
