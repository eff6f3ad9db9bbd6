"""Workers for the tests: the real handlers, with stand-ins for what takes time or leaves home."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from consult.delivery.handlers import Keep, Mailing, Telling, make_handlers
from consult.delivery.mail.messages import House
from consult.delivery.mail.transport import MailFolder, Post
from consult.delivery.notifications.staff_mail import StaffPost
from consult.delivery.webhooks.http_client import WebPost
from consult.delivery.webhooks.webhook_delivery import WebhookPost
from consult.delivery.worker import Worker
from consult.settings.brand import Brand
from consult.storage.db.database import Database
from consult.storage.notifications.report_mails import HandedTo
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.office_hours import Office

BASE_URL = "https://check.example"
SENDER = "Relay Check <relay@check.example>"
SECRET_KEY = "secret key of workers in tests"
BRAND = Brand(email="hello@maven.example", phone="+1 555 0100")


class Press:
    """Stands in for the PDF renderer and remembers what it was given."""

    def __init__(self) -> None:
        self.printed: list[str] = []

    def write(self, lead: SubmissionRow) -> str:
        return f"Report for {lead.contact.business if lead.contact else 'nobody yet'}"

    def render(self, html: str) -> bytes:
        self.printed.append(html)
        return b"%PDF " + html.encode()


class Box:
    """Stands in for the post: takes every mail, or fails as it is told to."""

    name: HandedTo = "server"

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.problem: Exception | None = None

    def send(self, message: EmailMessage, accepted: Callable[[], None]) -> None:
        if self.problem:
            raise self.problem
        self.mails.append(message)
        accepted()


@contextmanager
def worker_processes() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes of `tests.delivery.worker_process`; none outlives the block."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.delivery.worker_process", *map(str, arguments)]
        started.append(subprocess.Popen(command))
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
    post: Post | None = None,
    folder: Path = Path("never-used"),
    *,
    web: WebPost | None = None,
    fixed: tuple[str, str] | None = None,
    office: Office | None = None,
    lease_seconds: float = 60,
    poll_seconds: float = 0.25,
) -> Worker:
    """A worker with stand-ins for everything that is not given.

    `web` posts the webhooks; `fixed` is the address and secret that the environment sets; `office`
    is when the agency is open.
    """
    press, box = press or Press(), post or Box()
    house = House(BRAND, SENDER, BASE_URL)
    telling = Telling(
        staff=StaffPost(house, SECRET_KEY, box, office or Office()),
        webhooks=WebhookPost(web or WebPost(), SECRET_KEY, fixed[1] if fixed else "", BASE_URL),
        fixed_url=fixed[0] if fixed else None,
    )
    handlers = make_handlers(
        database,
        write_report=press.write,
        write_brief=lambda lead: f"Brief of lead {lead.id}",
        render=press.render,
        mailing=Mailing(house, box, MailFolder(folder)),
        telling=telling,
        keep=Keep(lead_days=730, mail_days=730),
    )
    return Worker(database, handlers, lease_seconds=lease_seconds, poll_seconds=poll_seconds)
