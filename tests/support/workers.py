"""Workers for the tests: the real handlers, with stand-ins for rendering and the network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr
from sqlalchemy import delete, true

from consult.delivery.context import Context
from consult.delivery.handlers import handlers_with, render_document
from consult.delivery.mail.transport import Transport
from consult.delivery.network import HttpClient
from consult.delivery.worker import Worker
from consult.settings.brand import Brand
from consult.settings.setting_sources import load_settings
from consult.storage import documents, jobs
from consult.storage.db.database import Database
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.office_hours import Office
from tests.support.fork_server import Forked
from tests.support.forks import forks
from tests.support.mail_server import as_read

BASE_URL = "https://check.example"
SENDER = "Relay Check <relay@check.example>"
BRAND = Brand(email="hello@maven.example", phone="+1 555 0100")
SETTINGS = load_settings(
    env_file=None,
    var_dir=Path("never-used"),
    secret_key="tests " * 8,
    base_url=BASE_URL,
    mail_from=SENDER,
    retention_days_leads=730,
    retention_days_mails=730,
)
SECRET_KEY = SETTINGS.signing_key()


class Press:
    """Stands in for the PDF renderer and remembers what it was given."""

    def __init__(self) -> None:
        self.printed: list[str] = []

    def write(self, lead: SubmissionRow, _context: Context) -> str:
        return f"Report for {lead.contact.business if lead.contact else 'nobody yet'}"

    def render(self, html: str) -> bytes:
        self.printed.append(html)
        return b"%PDF " + html.encode()


class Box:
    """Stands in for a mail server: accepts every mail, or fails with `problem`."""

    name: Literal["server", "folder"] = "server"

    def __init__(self, problem: Exception | None = None) -> None:
        self.mails: list[EmailMessage] = []
        self.attempts: list[tuple[str, str]] = []
        self.problem = problem

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        self.attempts.append((message["Message-ID"], message["Date"]))
        if self.problem:
            raise self.problem
        self.mails.append(message)
        accepted()


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def sent_mails(database: Database, **given: Any) -> list[EmailMessage]:
    """Do what is due; returns the mails that were sent, as a mail program reads them."""
    box = Box()
    make_worker(database, transport=box, **given).run_once()
    return [as_read(mail.as_bytes()) for mail in box.mails]


def drop_jobs(database: Database, *kinds: str) -> None:
    """Forget what is to be done, such as the PDFs and mails of leads that a test begins with.

    With `kinds`, only jobs of these.
    """
    with database.writing() as session:
        session.execute(delete(JobRow).where(JobRow.kind.in_(kinds) if kinds else true()))


@contextmanager
def worker_processes() -> Iterator[Callable[..., Forked]]:
    """Starts processes of `tests.delivery.worker_process`; none outlives the block."""
    started: list[Forked] = []

    def start(*arguments: object) -> Forked:
        run = import_module("tests.delivery.worker_process").main
        started.append(forks().start(run, *map(str, arguments)))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()


def make_worker(
    database: Database,
    press: Press | None = None,
    *,
    lease_seconds: float = 60,
    poll_seconds: float = 0.5,
    **given: Any,
) -> Worker:
    """A worker with stand-ins for everything that is not given; see `make_context`."""
    press = press or Press()
    context = make_context(database, press, **given)
    made = {
        jobs.RENDER_REPORT: (documents.REPORT, press.write),
        jobs.RENDER_BRIEF: (documents.BRIEF, lambda lead, _context: f"Brief of lead {lead.id}"),
    }
    handlers = handlers_with(lambda: context)
    for kind, (document, write) in made.items():
        handlers[kind] = partial(
            lambda document, write, job: render_document(context, job, document, write),
            document,
            write,
        )
    return Worker(database, handlers, lease_seconds=lease_seconds, poll_seconds=poll_seconds)


def make_context(
    database: Database,
    press: Press | None = None,
    *,
    transport: Transport | None = None,
    folder: Path = Path("never-used"),
    http: HttpClient | None = None,
    environment: tuple[str, str] | None = None,
    office: Office | None = None,
    sender: str = SENDER,
    brand: Brand = BRAND,
    base_url: str = BASE_URL,
    staff_mails: str = SETTINGS.staff_mails,
) -> Context:
    """What the handlers of `make_worker` work with.

    `environment` is the URL and secret of a webhook that it sets; `office` is when the agency is
    open.
    """
    changes = {"mail_dir": folder, "mail_from": sender, "base_url": base_url}
    settings = SETTINGS.model_copy(update=changes | {"staff_mails": staff_mails})
    if environment:
        url, secret = map(SecretStr, environment)
        settings = settings.model_copy(update={"webhook_url": url, "webhook_secret": secret})
    return replace(
        Context.of(settings, brand, database, (press or Press()).render),
        office=office or Office(),
        transport=transport or Box(),
        http=http or HttpClient(),
    )
