"""What each kind of job does. A handler does the slow part and returns what to commit."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial

from consult.delivery.booking.booking_mail import email_booking
from consult.delivery.booking.feed_reader import read_feed
from consult.delivery.context import Context
from consult.delivery.exports.export_files import clear_temp_folders
from consult.delivery.mail.owner_mail import (
    email_confirmation,
    email_reminder,
    email_report,
    email_resume_link,
)
from consult.delivery.mail.transport import domain_of, has_mail_server
from consult.delivery.notifications.dispatch import dispatch, enqueue_digests, tick
from consult.delivery.notifications.staff_mail import email_staff
from consult.delivery.privacy.erase_leads import delete_in_batches, erase_old_leads, forget
from consult.delivery.webhooks.webhook_delivery import send_webhook
from consult.delivery.worker import Commit, Handler, no_op
from consult.report.brief import brief_html, brief_of
from consult.report.explanations import reasons_of
from consult.report.html_document import Recipient, document_html
from consult.report.report import from_json
from consult.settings.schema import Settings
from consult.storage import deliveries, documents, jobs
from consult.storage.booking import calendar_events, own_calendar
from consult.storage.db.database import Session
from consult.storage.leads import leads, submission
from consult.storage.notifications.notifications import email_admins
from consult.storage.privacy import retention
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow import spam

log = logging.getLogger(__name__)


def handlers_with(context: Callable[[], Context]) -> dict[str, Handler]:
    """The handlers for a worker; each job gets the context as it is at that moment."""

    def bound(handle: Callable[[Context, JobRow], Commit]) -> Handler:
        return lambda job: handle(context(), job)

    return {kind: bound(handle) for kind, handle in HANDLERS.items()}


def render_document(
    context: Context, job: JobRow, kind: str, html_of: Callable[[SubmissionRow, Context], str]
) -> Commit:
    """Make a PDF of a submission at the revision the job names, unless there is no need."""
    lead_id: int = job.payload["submission_id"]
    revision: int = job.payload["revision"]
    with context.database.reading() as session:
        submitted = leads.by_id(session, lead_id)
        stored = documents.stored_revision(session, lead_id, kind)
    if submitted is None or stored >= revision or submitted.report_revision > revision:
        return no_op  # deleted, made already, or a later job makes the one that counts
    content = context.render(html_of(submitted, context))
    return lambda session: documents.put(session, lead_id, kind, revision, content)


def report_html_of(submitted: SubmissionRow, context: Context) -> str:
    brand = context.brand
    if not context.booking_offer.is_elsewhere:
        # A report is forwarded, so it never has the link by which its owner books.
        brand = replace(brand, consult_url="")
    return document_html(
        from_json(submitted.report),
        # The day of the answers and not today: rendered again, it is the same document.
        made_on=submitted.submitted_at.date(),
        recipient=_owner_of(submitted),
        brand=brand,
        paper=context.settings.paper,
    )


def brief_html_of(submitted: SubmissionRow, context: Context) -> str:
    reasons = reasons_of(submitted.edition, submitted.depth, submitted.answers)
    brief = brief_of(from_json(submitted.report), reasons)
    return brief_html(
        brief,
        submitted.id,
        _owner_of(submitted),
        submitted.submitted_at,
        context.brand,
        context.settings.paper,
    )


def _owner_of(submitted: SubmissionRow) -> Recipient:
    if submitted.contact is None:
        return Recipient()
    one = submitted.contact
    return Recipient(
        one.name, one.business, one.email, one.phone or "", one.wants_consult, one.best_time or ""
    )


def check_address(context: Context, job: JobRow) -> Commit:
    """Add a sign to a contact whose address has no mail server, with the domain they may mean.

    Nothing is refused for it: staff see it, and the owner is told while they are still there.
    """
    mode, lead_id = context.settings.spam_mail_server, job.submission_id
    with context.database.reading() as session:
        submitted = leads.by_id(session, lead_id) if lead_id else None
    if submitted is None or submitted.contact is None or mode == "off":
        return no_op
    address, today = submitted.contact.email, context.database.clock().date()
    if has_mail_server(domain_of(address), today) is not False:
        return no_op
    better = spam.likely_domain(domain_of(address))
    meant = better if has_mail_server(better, today) else ""
    signs = spam.weigh({"mail_server": meant}, lambda _layer: mode)
    return lambda session: submission.add_signs(session, submitted.id, address, signs)


def sync_booking(_context: Context, job: JobRow) -> Commit:
    """Move or cancel the consult of a lead that staff have moved on."""
    lead_id, released = job.submission_id or 0, bool(job.payload["released"])
    return lambda session: own_calendar.sync(session, lead_id, released=released)


def work_on_report(context: Context, job: JobRow) -> Commit:
    """Bring a lead to where its calendar's reports say it is."""
    event_id: int = job.payload["event_id"]
    return lambda session: calendar_events.work(session, event_id, context.office)


def purge(context: Context, _job: JobRow) -> Commit:
    """Delete what has been kept long enough, and do so again tomorrow.

    Deletes nothing, and emails the admins, where that would be unusually many leads.
    """
    with context.database.writing() as session:
        schedule_purge(session)  # first: a night that fails is not the last one
        is_unusual = _report_unusual(session, context.settings)
    if not is_unusual:
        _delete_expired(context)
    return no_op


def _report_unusual(session: Session, settings: Settings) -> bool:
    """Tell the admins if unusually many leads have expired; whether they have."""
    expired = retention.count_expired(
        session, lead_days=settings.retention_days_leads, method=settings.retention_leads
    )
    if expired.is_unusual:
        log.error("%d of %d leads have expired: nothing was deleted", expired.leads, expired.total)
        email_admins(session, deliveries.PURGE_STOPPED)
    return expired.is_unusual


def _delete_expired(context: Context) -> None:
    database, settings = context.database, context.settings
    lead_days = settings.retention_days_leads
    mail_days = min(settings.retention_days_mails, lead_days)
    pdf_days = min(settings.retention_days_pdfs, lead_days)
    erase_old_leads(database, context.folder, lead_days, settings.retention_leads)
    delete_in_batches(database, partial(retention.delete_mail_texts, mail_days=mail_days))
    delete_in_batches(database, partial(retention.delete_pdfs, pdf_days=pdf_days))
    with database.writing() as session:
        retention.purge(session, log_days=settings.retention_days_logs)
    database.forget_deleted()
    context.folder.delete_older(database.clock() - timedelta(days=mail_days))
    clear_temp_folders(settings.temp_dir)


def schedule_purge(session: Session) -> None:
    """Make sure that the next purge is scheduled; workers call this when they start."""
    tomorrow = session.now().date() + timedelta(days=1)
    jobs.enqueue(
        session,
        jobs.PURGE,
        {},
        dedupe_key=f"{jobs.PURGE}:{tomorrow}",
        run_at=datetime.combine(tomorrow, time(hour=3), UTC),
    )


HANDLERS: Mapping[str, Callable[[Context, JobRow], Commit]] = {
    jobs.RENDER_REPORT: partial(render_document, kind=documents.REPORT, html_of=report_html_of),
    jobs.RENDER_BRIEF: partial(render_document, kind=documents.BRIEF, html_of=brief_html_of),
    jobs.EMAIL_REPORT: email_report,
    jobs.EMAIL_CONFIRM: email_confirmation,
    jobs.EMAIL_BOOKING: email_booking,
    jobs.EMAIL_STAFF: email_staff,
    jobs.EMAIL_REMINDER: email_reminder,
    jobs.EMAIL_RESUME_LINK: email_resume_link,
    jobs.NOTIFY: dispatch,
    jobs.SYNC_BOOKING: sync_booking,
    jobs.WEBHOOK: send_webhook,
    jobs.FORGET: forget,
    jobs.CHECK_ADDRESS: check_address,
    jobs.CALENDAR_EVENT: work_on_report,
    jobs.READ_FEED: read_feed,
    jobs.TICK: tick,
    jobs.DIGEST: enqueue_digests,
    jobs.PURGE: purge,
}
