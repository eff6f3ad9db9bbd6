"""From news to those who want them: mails to staff, and webhooks to other programs."""

from datetime import datetime, timedelta

from consult.delivery.notifications.digest_mail import plan_digest
from consult.delivery.outbox import Job
from consult.delivery.worker import Effect, nothing
from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.notifications import notifications, staff_mails
from consult.storage.webhooks import endpoints, webhooks
from consult.workflow.notification_types import WEBHOOK_KINDS
from consult.workflow.office_hours import Office

LOOK_ROUND = "look_round"
_EVERY = timedelta(minutes=5)


def tell(database: Database, webhook_url: str | None, job: Job) -> Effect:
    """Plan a mail for each person and a webhook for each program that wants to know of a notice."""
    with database.reading() as session:
        notice = notifications.get(session, job.payload["notice_id"])
        if notice is None:
            return nothing
        people = notifications.to_tell(session, notice)

    def plan(session: Session) -> None:
        for user_id in people:
            staff_mails.plan(
                session, user_id, notice.kind, notice_id=notice.id, lead_id=notice.lead_id
            )
        if notice.kind in WEBHOOK_KINDS:
            endpoints.keep_fixed(session, webhook_url)
            for endpoint in endpoints.listening(session, notice.kind):
                webhooks.plan(session, endpoint.id, notice)

    return plan


def look_round(database: Database, office: Office, _job: Job) -> Effect:
    """See what the passing of time has made true, and look again soon."""
    with database.writing() as session:
        schedule_look(session)  # first: a look that fails, and is given up, is not the last one

    def plan(session: Session) -> None:
        notifications.note_overdue(session)
        plan_digest(session, office)

    return plan


def schedule_look(session: Session) -> None:
    """Make sure that the next look is planned; workers call this when they start."""
    slot = next_slot(session.now())
    jobs.enqueue(
        session, LOOK_ROUND, {}, dedupe_key=f"{LOOK_ROUND}:{slot:%Y-%m-%dT%H:%M}", run_at=slot
    )


def next_slot(now: datetime) -> datetime:
    """The next full five minutes. Slots are named in UTC, which no clock change repeats."""
    past = timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    return now - past + _EVERY
