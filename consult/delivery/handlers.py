"""What each kind of job does. A handler does the slow part and returns the effect to commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from consult.delivery.document_writers import (
    DocumentWriter,
    brief_writer,
    report_writer,
)
from consult.delivery.exports.export_files import clear_temp_folders
from consult.delivery.mail.messages import House
from consult.delivery.mail.reminder_mail import ReminderContext, mail_reminder
from consult.delivery.mail.report_mail import mail_report
from consult.delivery.mail.transport import MailFolder, MailServer, Post
from consult.delivery.notifications.digest_mail import DIGEST, send_digests
from consult.delivery.notifications.dispatch import LOOK_ROUND, look_round, tell
from consult.delivery.notifications.staff_mail import StaffPost, mail_staff
from consult.delivery.outbox import Job
from consult.delivery.privacy.erase_leads import (
    delete_old_pdfs,
    empty_old_mails,
    end_old_leads,
    forget,
)
from consult.delivery.webhooks.http_client import WebPost
from consult.delivery.webhooks.webhook_delivery import WebhookPost, send_webhook
from consult.delivery.worker import Effect, Handler, nothing
from consult.settings import Settings
from consult.settings.brand import Brand
from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.leads import documents, leads
from consult.storage.privacy import retention
from consult.storage.privacy.erasure import How
from consult.storage.settings.setting_overrides import SettingsProvider

PURGE = "purge"


@dataclass(frozen=True, slots=True)
class Mailing:
    """What it takes to send mail.

    Attributes:
        house: whose mails they are.
        post: takes the mails.
        folder: where mails are kept while no mail server is set, or were kept until one was.
    """

    house: House
    post: Post
    folder: MailFolder


@dataclass(frozen=True, slots=True)
class Keep:
    """How long everything is kept, in days; ``retention`` says what each means.

    Mails in the folder go with the texts of mails. ``scratch`` is where files in the making are,
    should somebody have been killed while making one.
    """

    lead_days: int
    mail_days: int
    pdf_days: int | None = None
    log_days: int = retention.LOG_DAYS
    at_the_end: How = "delete"
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What it takes to tell staff and other programs what happened.

    Attributes:
        staff: what it takes to write to staff.
        webhooks: what it takes to send webhooks.
        fixed_url: the address that the environment sets for them, if it does.
    """

    staff: StaffPost
    webhooks: WebhookPost
    fixed_url: str | None


def handlers_of(
    settings: Settings, brand: Brand, database: Database, render: Callable[[str], bytes]
) -> dict[str, Handler]:
    """The handlers as the settings and the brand want them; ``render`` makes a PDF of HTML."""
    folder = MailFolder(settings.mail_dir)
    address = _plain(settings.smtp_url)
    server = MailServer(address) if address else None
    house = House(brand, settings.mail_from, settings.base_url)
    others: dict[str, Handler] = {
        jobs.FORGET: partial(forget, database),
        jobs.MAIL_REMINDER: partial(
            mail_reminder,
            database,
            ReminderContext(house, settings.signing_key(), server),
        ),
    }
    return others | make_handlers(
        database,
        telling=_telling_of(settings, house, server or folder),
        write_report=report_writer(brand, settings.paper),
        write_brief=brief_writer(brand, settings.paper),
        render=render,
        mailing=Mailing(house, server or folder, folder),
        keep=Keep(
            lead_days=settings.retention_days_leads,
            mail_days=min(settings.retention_days_mails, settings.retention_days_leads),
            pdf_days=min(settings.retention_days_pdfs, settings.retention_days_leads),
            log_days=settings.retention_days_logs,
            at_the_end=settings.retention_leads,
            scratch=settings.temp_dir,
        ),
    )


def _telling_of(settings: Settings, house: House, post: Post) -> Telling:
    return Telling(
        staff=StaffPost(house, settings.signing_key(), post, settings.office),
        webhooks=WebhookPost(
            web=WebPost(loopback=settings.webhook_loopback),
            secret_key=settings.signing_key(),
            fixed_secret=_plain(settings.webhook_secret) or "",
            base_url=settings.base_url,
        ),
        fixed_url=_plain(settings.webhook_url),
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def current_handlers(
    provider: SettingsProvider, database: Database, render: Callable[[str], bytes]
) -> Mapping[str, Handler]:
    """The handlers as the settings in force want them at the moment of each job."""

    def run(kind: str, job: Job) -> Effect:
        return handlers_of(provider.settings, provider.brand, database, render)[kind](job)

    kinds = handlers_of(provider.settings, provider.brand, database, render)
    return {kind: partial(run, kind) for kind in kinds}


def make_handlers(
    database: Database,
    *,
    write_report: DocumentWriter,
    write_brief: DocumentWriter,
    render: Callable[[str], bytes],
    mailing: Mailing,
    telling: Telling,
    keep: Keep,
) -> dict[str, Handler]:
    """The handlers of this application, by kind of job.

    Args:
        database: the one the worker works on.
        write_report: a lead's report as one HTML document; see ``reports.report_writer``.
        write_brief: the brief for staff, likewise.
        render: HTML to PDF, with its own time limit.
        mailing: what it takes to send mail.
        telling: what it takes to tell staff and other programs what happened.
        keep: how long everything is kept.
    """
    return {
        jobs.RENDER_REPORT: partial(
            render_document, database, documents.REPORT, write_report, render
        ),
        jobs.RENDER_BRIEF: partial(render_document, database, documents.BRIEF, write_brief, render),
        jobs.MAIL_REPORT: partial(mail_report, database, mailing.house, mailing.post),
        jobs.TELL: partial(tell, database, telling.fixed_url),
        jobs.MAIL_STAFF: partial(mail_staff, database, telling.staff),
        jobs.WEBHOOK: partial(send_webhook, database, telling.webhooks),
        LOOK_ROUND: partial(look_round, database, telling.staff.office),
        DIGEST: send_digests,
        PURGE: partial(purge, database, mailing.folder, keep),
    }


def render_document(
    database: Database,
    kind: str,
    write: DocumentWriter,
    render: Callable[[str], bytes],
    job: Job,
) -> Effect:
    """Make a PDF of a submission at the revision the job names, unless there is no need."""
    lead_id: int = job.payload["submission_id"]
    revision: int = job.payload["revision"]
    with database.reading() as session:
        lead = leads.by_id(session, lead_id)
        stored = documents.stored_revision(session, lead_id, kind)
    if lead is None or stored >= revision or lead.report_revision > revision:
        return nothing  # deleted, made already, or a later job makes the one that counts
    content = render(write(lead))

    def keep(session: Session) -> None:
        documents.put(session, lead_id, kind, revision, content)

    return keep


def purge(database: Database, folder: MailFolder, keep: Keep, _job: Job) -> Effect:
    """Delete what has been kept long enough, and do so again tomorrow."""
    with database.writing() as session:
        schedule_purge(session)  # first: a night that fails, and is given up, is not the last one
    end_old_leads(database, folder, keep.lead_days, keep.at_the_end)
    empty_old_mails(database, keep.mail_days)
    if keep.pdf_days is not None:
        delete_old_pdfs(database, keep.pdf_days)
    with database.writing() as session:
        retention.purge(
            session,
            lead_days=keep.lead_days,
            log_days=keep.log_days,
            at_the_end=keep.at_the_end,
        )
    database.forget_deleted()
    folder.forget(before=database.clock() - timedelta(days=keep.mail_days))
    if keep.scratch:
        clear_temp_folders(keep.scratch)
    return nothing


def schedule_purge(session: Session) -> None:
    """Make sure that the next purge is planned; workers call this when they start."""
    tomorrow = session.now().date() + timedelta(days=1)
    jobs.enqueue(
        session,
        PURGE,
        {},
        dedupe_key=f"{PURGE}:{tomorrow}",
        run_at=datetime.combine(tomorrow, time(hour=3), UTC),
    )
