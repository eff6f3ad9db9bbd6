"""From events to deliveries: who gets a mail or a webhook, and what only time makes true.

Two mails are no deliveries: staff send them at once, and wait for the answer.

The tick runs every five minutes. Its job and that of the digest are named after their time, so
neither a second worker nor a clock that is set back runs them again.
"""

import secrets
from datetime import date, datetime, timedelta

from consult.delivery.context import Context, plain
from consult.delivery.mail.messages import new_message, render
from consult.delivery.mail.transport import TOTAL_SECONDS, SmtpTransport
from consult.delivery.worker import Commit, PermanentError, RetryableError, no_op
from consult.settings.brand import Brand
from consult.settings.schema import Settings
from consult.storage import deliveries, jobs
from consult.storage.booking import busy_feeds
from consult.storage.db.database import Session
from consult.storage.notifications import notifications
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import WEBHOOK_EVENTS
from consult.workflow.office_hours import Office

_TICK_MINUTES = 5
_PAGE_SECONDS = 8  # while someone waits for the page


def dispatch(context: Context, job: JobRow) -> Commit:
    """Request a mail for each user and a webhook for each endpoint that wants a notification."""
    with context.database.reading() as session:
        notification = notifications.get(session, job.payload["notification_id"])
        if notification is None:
            return no_op
        users, kind = notifications.recipients(session, notification), notification.kind

    def enqueue(session: Session) -> None:
        for user_id in users:
            deliveries.enqueue_staff_email(session, user_id, kind, notification=notification)
        if kind in WEBHOOK_EVENTS:
            endpoints.sync_environment(session, plain(context.settings.webhook_url))
            for endpoint in endpoints.subscribed(session, kind):
                deliveries.enqueue_webhook(session, endpoint.id, notification)

    return enqueue


def tick(context: Context, _job: JobRow) -> Commit:
    """Find overdue leads, have calendars read, and schedule the digest and the next tick."""
    with context.database.writing() as session:
        schedule_tick(session)  # first: a tick that fails is not the last one

    def check(session: Session) -> None:
        notifications.notify_overdue(session)
        busy_feeds.request_reads(session)
        schedule_digest(session, context.office)

    return check


def schedule_tick(session: Session) -> None:
    """Make sure that the next tick is scheduled; workers call this when they start."""
    at = next_tick(session.now())
    jobs.enqueue(session, jobs.TICK, {}, dedupe_key=f"{jobs.TICK}:{at:%Y-%m-%dT%H:%M}", run_at=at)


def next_tick(now: datetime) -> datetime:
    """The next full five minutes, in UTC, which no clock change repeats."""
    past = timedelta(
        minutes=now.minute % _TICK_MINUTES, seconds=now.second, microseconds=now.microsecond
    )
    return now - past + timedelta(minutes=_TICK_MINUTES)


def schedule_digest(session: Session, office: Office) -> None:
    """Schedule today's digest once the agency has opened; when it has closed, it is too late."""
    now = session.now()
    today = office.today(now)
    hours = office.opening(today)
    if hours and hours[0] <= now < hours[1]:
        payload = {"day": today.isoformat()}
        jobs.enqueue(session, jobs.DIGEST, payload, dedupe_key=f"{jobs.DIGEST}:{today}")


def enqueue_digests(_context: Context, job: JobRow) -> Commit:
    """Request the mail of each user who wants a digest; an empty one is not sent."""
    day = date.fromisoformat(job.payload["day"])

    def enqueue(session: Session) -> None:
        for user_id in notifications.subscribers(session, "digest"):
            deliveries.enqueue_staff_email(session, user_id, "digest", day=day)

    return enqueue


def send_account_link(
    settings: Settings,
    brand: Brand,
    address: str,
    link: str,
    *,
    valid_for: str,
    is_new: bool,
    now: datetime,
) -> str:
    """Mail a one-time link to set up an account (`is_new`), or to choose a new password, at once.

    It is not a job: a job would store the link, which opens an account, until the worker runs it.
    Returns what went wrong, for staff; empty when the mail server accepted it.
    """
    values = {"brand": brand, "link": link, "valid_for": valid_for, "is_new": is_new}
    text = render("mail/account_link.txt", **values)
    subject = f"Your account at {brand.product}"
    return send_at_once(settings, address, subject, text, now, _PAGE_SECONDS)


def send_test_email(settings: Settings, brand: Brand, address: str, now: datetime) -> str:
    """Mail a test to a member of staff, at once; returns what went wrong, likewise."""
    text = f"This is a test from {brand.product}. If you can read it, so can owners.\n"
    subject = f"Test email from {brand.product}"
    return send_at_once(settings, address, subject, text, now, _PAGE_SECONDS)


def send_at_once(
    settings: Settings,
    address: str,
    subject: str,
    text: str,
    now: datetime,
    seconds: float = TOTAL_SECONDS,
) -> str:
    """Mail a plain text without a job; returns what went wrong, empty when it was accepted."""
    smtp_url = plain(settings.smtp_url)
    if smtp_url is None:
        return "No mail server is set up."
    token = secrets.token_hex(16)
    try:
        message = new_message(settings, to=address, subject=subject, date=now, token=token)
        message.set_content(text, cte="quoted-printable")
        SmtpTransport(smtp_url, seconds).send(message, lambda: None)
    except (RetryableError, PermanentError) as problem:
        return str(problem)
    return ""
