"""`consult doctor`: whether what the app needs is there and in order, one line for each thing.

Each check returns what is in order, or raises Note or Problem with what is not and what to do.
"""

import shutil
import ssl
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import click
from sqlalchemy import func, select

from consult.commands import CommandError, reason
from consult.commands.database_commands import embedded_file, existing_folder, open_database
from consult.delivery.mail.transport import SmtpTransport
from consult.delivery.notifications.dispatch import send_at_once
from consult.delivery.worker import PermanentError, RetryableError
from consult.report import FONTS
from consult.report.display import number_of
from consult.report.pdf.renderer import Renderer, RenderError
from consult.settings.brand import BrandError, load_brand
from consult.settings.schema import Settings
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import load_settings
from consult.settings.setting_types import SettingsError, is_this_machine
from consult.storage.accounts import accounts
from consult.storage.db.database import Database
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow

_GB = 1024**3
_LITTLE_DISK, _NO_DISK = 2 * _GB, _GB // 5
_CLOCK_OFF = timedelta(seconds=5)
_BACKUP_AGE = timedelta(hours=36)
_JOB_WAIT = timedelta(minutes=15)
_CERTIFICATE_DAYS = 14
_ANSWER_SECONDS = 10
_FONT_FILES = frozenset({".otf", ".ttf"})
_PAGE = (
    '<html lang="en"><head><title>Test</title></head><body><h1>Separation 41</h1>'
    "<p>Two legs of one relay: žluťoučký, Ελένη, Ольга</p></body></html>"
)


class Note(Exception):
    """Works, and may not be what was meant."""


class Problem(Exception):
    """Does not work, or will stop working; the text says what to do."""


@click.command()
@click.option("--mail-to", metavar="ADDRESS", help="Also send a test email to ADDRESS.")
def doctor(mail_to: str | None) -> None:
    """Check what the app needs on this machine, one line each; exit code 1 if anything is wrong.

    Changes nothing. Run it as the user that runs the app.
    """
    settings = load_settings()
    checks: dict[str, Callable[[], str]] = {
        "folders": partial(_check_folders, settings),
        "brand": partial(_check_brand, settings),
        "disk": partial(_check_disk, settings),
        "PDFs": partial(_check_pdf, settings),
        "mail": partial(_check_mail, settings, mail_to),
        "address": partial(_check_address, settings),
        "backup": partial(_check_backup, settings),
    }
    problems = [_report(name, check) for name, check in checks.items()]
    if count := sum(problems) + _database_problems(settings):
        raise CommandError(f"{number_of(count, 'problem')}, see above")


def _report(name: str, check: Callable[[], str]) -> bool:
    """Print the line of a check; returns whether it found a problem."""
    try:
        state, text = "ok", check()
    except Note as note:
        state, text = "note", str(note)
    except (Problem, CommandError, SettingsError, BrandError) as problem:
        state, text = "PROBLEM", str(problem)
    except OSError as error:
        state, text = "PROBLEM", reason(error)
    _say(state, name, text)
    return state == "PROBLEM"


def _say(state: str, name: str, text: str) -> None:
    click.echo(f"{state:8} {name}: {' '.join(text.split())}")


def _database_problems(settings: Settings) -> int:
    """Check the database, and what is in it if it can be opened; returns how many problems."""
    file = embedded_file(settings)
    if file and not file.exists():
        _say("note", "database", "there is none yet; the first start creates it")
        return 0
    checks = {"database": _check_database, "clock": _check_clock, "jobs": _check_jobs}
    try:
        with open_database(settings) as database:
            return sum(_report(name, partial(check, database)) for name, check in checks.items())
    except CommandError as error:
        _say("PROBLEM", "database", str(error))
        return 1


def _check_folders(settings: Settings) -> str:
    folders = [settings.var_dir, *([] if settings.smtp_url else [settings.mail_dir])]
    for folder in folders:
        with tempfile.TemporaryFile(dir=existing_folder(folder)):
            pass
    key = settings.secret_key_file
    if settings.secret_key is None and key.exists():
        settings.signing_key()
        if key.stat().st_mode & 0o077:
            raise Problem(f"others may read {key}; run: chmod 600 {key}")
    return f"{settings.var_dir} can be written to"


def _check_brand(settings: Settings) -> str:
    load_brand(settings.brand_file)
    return f"{settings.brand_file} can be used" if settings.brand_file else "no file is named"


def _check_disk(settings: Settings) -> str:
    folder = existing_folder(settings.var_dir)
    free = shutil.disk_usage(folder).free
    text = f"{free / _GB:.1f} GB free in {folder}"
    if free < _NO_DISK:
        raise Problem(f"{text}; saving stops when nothing is left")
    if free < _LITTLE_DISK:
        raise Note(text)
    return text


def _check_database(database: Database) -> str:
    with database.writing(timeout=_ANSWER_SECONDS) as session:
        if not accounts.any_user(session):
            raise Note("nobody can sign in yet; run: consult staff invite EMAIL --admin")
    return f"{database.engine.url} can be written to, and is up to date"


def _check_clock(database: Database) -> str:
    with database.reading() as session:
        ours, now = datetime.now(UTC), session.now()
        stored = [
            session.scalar(select(func.max(column))) or now
            for column in (SubmissionRow.submitted_at, AuditRow.at)
        ]
    if max(stored) > now + _CLOCK_OFF:
        raise Problem(f"is behind: something was stored at {max(stored):%Y-%m-%d %H:%M} UTC")
    if abs(ours - now) > _CLOCK_OFF:
        off = abs(ours - now).total_seconds()
        raise Note(f"differs by {off:.0f} seconds from that of the database; is NTP on?")
    return f"{now:%Y-%m-%d %H:%M} UTC"


def _check_jobs(database: Database) -> str:
    with database.reading() as session:
        first = session.scalar(select(func.min(JobRow.run_at)).where(JobRow.state == "ready"))
        waited = session.now() - first if first else timedelta()
        failed = session.scalar(select(func.count()).where(JobRow.state == "failed")) or 0
    if waited > _JOB_WAIT:
        minutes = number_of(waited // timedelta(minutes=1), "minute")
        raise Problem(f"one has been waiting for {minutes}; is a worker running?")
    if failed:
        raise Note(f"{number_of(failed, 'job')} failed; the page of its lead or webhook says why")
    return "none are waiting for a worker"


def _check_pdf(settings: Settings) -> str:
    fonts = [file for file in FONTS.parent.rglob("*") if file.suffix in _FONT_FILES]
    if not fonts:
        raise Problem(f"the fonts are not there, in {FONTS.parent}")
    begin = time.monotonic()
    with closing(Renderer(settings.pdf_timeout_seconds, settings.pdf_memory_mb)) as renderer:
        try:
            pdf = renderer.render(_PAGE)
        except RenderError as error:
            raise Problem(f"none can be made: {error}; see the README for what it needs") from error
    seconds = time.monotonic() - begin
    return f"one of {len(pdf):,} bytes was made in {seconds:.1f} seconds; {len(fonts)} fonts"


def _check_mail(settings: Settings, mail_to: str | None) -> str:
    if settings.smtp_url is None:
        raise Note(f"no {PREFIX}SMTP_URL: emails are written to {settings.mail_dir}")
    if mail_to is None:
        try:
            SmtpTransport(settings.smtp_url.get_secret_value()).check()
        except (RetryableError, PermanentError) as error:
            raise Problem(str(error)) from error
        return "the mail server takes our login; --mail-to ADDRESS sends a test"
    text = f"Emails from {settings.base_url} arrive here.\n"
    problem = send_at_once(settings, mail_to, "A test from Relay Check", text, datetime.now(UTC))
    if problem:
        raise Problem(problem)
    return f"the mail server took a test to {mail_to}; see whether it arrives"


def _check_address(settings: Settings) -> str:
    """The address that people use: its certificate, and that the app behind it sees HTTPS."""
    url = settings.base_url
    parts = urlsplit(url)
    if is_this_machine(url):
        raise Note(f"{PREFIX}BASE_URL is {url}, which only this machine can open")
    if parts.scheme != "https":
        raise Problem(f"{url} is not encrypted; put a proxy with TLS in front, see docs/running.md")
    try:
        context = ssl.create_default_context()
        with closing(
            HTTPSConnection(parts.netloc, timeout=_ANSWER_SECONDS, context=context)
        ) as connection:
            connection.request("GET", "/health/live")
            certificate = connection.sock.getpeercert() or {}
            answer = connection.getresponse()
            is_ours = answer.status == HTTPStatus.OK and answer.read(10) == b"ok\n"
    except ssl.SSLCertVerificationError as error:
        raise Problem(f"the certificate of {url} is refused: {error.verify_message}") from error
    except (OSError, HTTPException) as error:
        raise Note(f"{url} cannot be reached from this machine: {reason(error)}") from error
    if not is_ours:
        raise Problem(f"{url}/health/live says {answer.status}; the proxy does not lead to the app")
    if "Strict-Transport-Security" not in answer.headers:
        raise Problem(
            f"the app does not see that {url} is encrypted: {PREFIX}PROXY_HOPS is "
            f"{settings.proxy_hops}, and the proxy has to set X-Forwarded-Proto"
        )
    days = round((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86_400)
    left = number_of(days, "day")
    if days < _CERTIFICATE_DAYS:
        raise Problem(f"the certificate of {url} ends in {left}")
    return (
        f"{url} leads here, {number_of(settings.proxy_hops, 'proxy hop')}, certificate for {left}"
    )


def _check_backup(settings: Settings) -> str:
    made = settings.last_backup_file
    if not made.exists():
        raise Note("none was made by this machine; every night, run: consult db backup --to FOLDER")
    age = timedelta(seconds=time.time() - made.stat().st_mtime)
    hours = number_of(age // timedelta(hours=1), "hour")
    text = f"{made.read_text('utf-8').strip()} was made {hours} ago"
    if age > _BACKUP_AGE:
        raise Problem(text)
    return text
