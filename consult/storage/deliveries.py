"""Deliveries: every mail and webhook that was requested, its job, and what came of it.

A delivery is created with its job, in the transaction that makes it necessary. What it says is
worked out when it is sent. Each attempt is the same message: what a receiver recognizes a repeat
by follows from ``token``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from consult.storage import jobs
from consult.storage.db.base import Base
from consult.storage.db.database import Session
from consult.storage.tables.booking_tables import ACTIVE, BookingRow
from consult.storage.tables.delivery_tables import DeliveryRow, EndpointRow, JobRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow

REPORT = "report"
CONFIRM = "confirm"
"""The kind of a mail that asks an owner to confirm their address."""
_JOBS = {REPORT: jobs.EMAIL_REPORT, CONFIRM: jobs.EMAIL_CONFIRM}
BookingEmail = Literal["requested", "booked", "confirmed", "moved", "canceled"]
"""The kind of a mail that tells an owner what became of the consult they booked."""
BOOKING_EMAILS: tuple[BookingEmail, ...] = get_args(BookingEmail)
WEBHOOK_DISABLED = "webhook_disabled"
"""The kind of a mail that tells admins that a webhook was disabled."""
PURGE_STOPPED = "purge_stopped"
"""The kind of a mail that tells admins that nothing was deleted last night."""

SentVia = Literal["server", "folder", "webhook"]
"""What accepted a message; mails go to a folder while no mail server is set."""

State = Literal["sent", "queued", "sending", "retrying", "failed", "not_sent"]


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How far something that was queued got, since when, and why it or the last attempt failed.

    It is ``retrying`` after a failed attempt until the next one at `at`, and ``not_sent`` if it
    turned out that there was no need.
    """

    state: State
    at: datetime
    error: str = ""


def delivery_status(delivery: DeliveryRow) -> DeliveryStatus:
    if delivery.sent_at:
        return DeliveryStatus("sent", delivery.sent_at)
    job = delivery.job
    if job is None or job.state == "done":
        return DeliveryStatus("not_sent", delivery.created_at)
    if job.state == "failed":
        return DeliveryStatus("failed", job.finished_at or job.run_at, job.last_error or "")
    if job.last_error:
        return DeliveryStatus("retrying", job.run_at, job.last_error)
    return DeliveryStatus("sending" if job.state == "leased" else "queued", delivery.created_at)


def email_owner(session: Session, kind: str, submission_id: int, address: str, link: str) -> None:
    """Request that an owner is mailed their `REPORT`, or asked to `CONFIRM` their address.

    Earlier ones not sent yet are canceled. The job has the ``link`` until it is done. The token in
    it is stored nowhere else, or only encrypted.
    """
    unsent = select(DeliveryRow.job_id).where(
        DeliveryRow.submission_id == submission_id,
        DeliveryRow.kind.in_(_JOBS),
        DeliveryRow.sent_at.is_(None),
    )
    _cancel(session, JobRow.id.in_(unsent))
    row = DeliveryRow(kind=kind, recipient="owner", submission_id=submission_id)
    row.address = address
    _enqueue(session, _JOBS[kind], row, payload={"link": link})


def _cancel(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(
        update(JobRow)
        .where(which)
        .values(
            state="done", lease_token=None, payload={}, finished_at=session.now(), last_error=None
        )
    )


def email_bookings(session: Session, lead_id: int) -> None:
    """Invite the owner of a lead to the consult to come that they booked in our own calendar.

    For an address that is new, or was not to be written to until now.
    """
    for booking in session.scalars(_OURS_TO_COME, {"lead_id": lead_id, "now": session.now()}):
        email_booking(session, booking, "requested" if booking.state == "requested" else "booked")


_OURS_TO_COME = select(BookingRow).where(
    BookingRow.submission_id == bindparam("lead_id"),
    BookingRow.state.in_(ACTIVE),
    BookingRow.calendar == "own",
    BookingRow.ends_at > bindparam("now"),
)
"""Built once, which takes as long as to ask for them."""


def email_booking(session: Session, booking: BookingRow, kind: BookingEmail) -> None:
    """Request a mail to an owner about a booking, instead of those about it not sent yet.

    None is sent while the lead is probably spam or the address is to be confirmed; see
    ``email_bookings``.
    """
    lead_id = booking.submission_id
    lead, contact = session.get_one(LeadRow, lead_id), session.get(ContactRow, lead_id)
    if contact is None or contact.waiting_token or lead.suspect or lead.demo:
        return
    _cancel(session, JobRow.id.in_(_open_booking_emails(session, booking)))
    row = DeliveryRow(kind=kind, recipient="owner", submission_id=lead_id)
    row.address = contact.email
    about = {"booking_id": booking.id, "sequence": booking.sequence}
    _enqueue(session, jobs.EMAIL_BOOKING, row, payload=about)


def _open_booking_emails(session: Session, booking: BookingRow) -> list[int]:
    query = select(JobRow).where(
        JobRow.submission_id == booking.submission_id,
        JobRow.kind == jobs.EMAIL_BOOKING,
        JobRow.state.in_(jobs.OPEN_STATES),
    )
    return [job.id for job in session.scalars(query) if job.payload["booking_id"] == booking.id]


def enqueue_staff_email(
    session: Session,
    user_id: int,
    kind: str,
    *,
    notification: NotificationRow | None = None,
    day: date | None = None,
    endpoint_id: int | None = None,
) -> None:
    """Request a mail to a user: about a notification, a day, an endpoint, or their account."""
    row = DeliveryRow(kind=kind, recipient="staff", user_id=user_id, day=day)
    row.endpoint_id = endpoint_id
    if notification:
        row.submission_id, row.notification_id = notification.submission_id, notification.id
    _enqueue(session, jobs.EMAIL_STAFF, row)


def has_webhook(session: Session, event: str) -> bool:
    """Whether an active endpoint gets an event."""
    subscriptions = session.scalars(select(EndpointRow.events).where(EndpointRow.active))
    return any(event in events for events in subscriptions)


def enqueue_webhook(
    session: Session,
    endpoint_id: int,
    notification: NotificationRow | None = None,
    *,
    deleted_lead_id: int | None = None,
) -> int:
    """Request a webhook about a notification, a deleted lead, or to test; returns its id."""
    row = DeliveryRow(kind="test", recipient="webhook", endpoint_id=endpoint_id)
    if deleted_lead_id is not None:
        row.kind, row.deleted_lead_id = "deleted", deleted_lead_id
    if notification:
        row.kind = notification.kind
        row.submission_id, row.notification_id = notification.submission_id, notification.id
    _enqueue(session, jobs.WEBHOOK, row)
    return row.id


def resend_webhook(session: Session, delivery_id: int) -> None:
    """Send a webhook once more as the same message; does nothing while it is still queued."""
    row = session.get_one(DeliveryRow, delivery_id, with_for_update=True)
    job = session.get(JobRow, row.job_id) if row.job_id else None
    if job and job.state in jobs.OPEN_STATES:
        return
    row.sent_at = row.sent_via = None
    row.job_id = jobs.enqueue(session, jobs.WEBHOOK, {}, submission_id=row.submission_id)
    session.flush()


def get(session: Session, delivery_id: int) -> DeliveryRow | None:
    """The delivery with this id, with its job; or None."""
    return session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.id == delivery_id)
        .options(joinedload(DeliveryRow.job))
    )


def for_job(session: Session, job_id: int) -> DeliveryRow | None:
    """The delivery that a job is to send, with all that it is about.

    None when it was deleted, or the job is no longer the one that sends it.
    """
    return session.scalar(_FOR_JOB, {"job_id": job_id})


_ABOUT = joinedload(DeliveryRow.notification)
_FOR_JOB = (
    select(DeliveryRow)
    .where(DeliveryRow.job_id == bindparam("job_id"))
    .options(
        joinedload(DeliveryRow.user),
        joinedload(DeliveryRow.endpoint),
        _ABOUT.joinedload(NotificationRow.lead),
        _ABOUT.joinedload(NotificationRow.actor),
    )
)
"""Built once, which takes as long as to ask for it."""


def record_sent(
    session: Session, delivery_id: int, via: SentVia, *, subject: str = "", body: str = ""
) -> None:
    """Record that a message was accepted, and for a mail to an owner what it says."""
    sent = {"sent_at": session.now(), "sent_via": via, "subject": subject, "body": body}
    session.connection().execute(_RECORD, {**sent, "delivery_id": delivery_id})


_DELIVERIES = Base.metadata.tables[DeliveryRow.__tablename__]
_RECORD = update(_DELIVERIES).where(_DELIVERIES.c.id == bindparam("delivery_id"))


def forget_link(session: Session, job_id: int) -> None:
    """Remove the link to the result from the job of a report mail."""
    session.execute(update(JobRow).where(JobRow.id == job_id).values(payload={}))


def discard(session: Session, delivery: DeliveryRow) -> None:
    """Delete a delivery that there was no need to send."""
    if row := session.get(DeliveryRow, delivery.id):
        session.delete(row)


def for_lead(session: Session, lead_id: int) -> Sequence[DeliveryRow]:
    """All mails and webhooks about a lead with their recipients and jobs, the first first."""
    query = _WITH_STATUS.where(DeliveryRow.submission_id == lead_id)
    return session.scalars(query.order_by(DeliveryRow.id)).all()


def report_emails(session: Session, lead_id: int) -> Sequence[DeliveryRow]:
    """The mails to a lead's owner, the first first."""
    return [row for row in for_lead(session, lead_id) if row.recipient == "owner"]


def report_tokens(session: Session, lead_ids: Collection[int]) -> Sequence[str]:
    is_report = DeliveryRow.recipient == "owner"
    query = select(DeliveryRow.token).where(is_report, DeliveryRow.submission_id.in_(lead_ids))
    return session.scalars(query).all()


def for_endpoint(
    session: Session,
    endpoint_id: int,
    limit: int,
    *,
    before: int | None = None,
    failed: bool = False,
) -> Sequence[DeliveryRow]:
    """The webhooks to an endpoint, the newest first.

    `before` is an id that all are below; `failed` selects those that were not received: attempted
    in vain, failed, or not sent.
    """
    query = _WITH_STATUS.where(
        DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.recipient == "webhook"
    )
    if before is not None:
        query = query.where(DeliveryRow.id < before)
    if failed:
        attempted = cast(DeliveryRow.attempts, Text) != "[]"
        is_over = or_(JobRow.state.is_(None), JobRow.state.not_in(jobs.OPEN_STATES))
        query = query.outerjoin(DeliveryRow.job).where(
            DeliveryRow.sent_at.is_(None), or_(attempted, is_over)
        )
    return session.scalars(query.order_by(DeliveryRow.id.desc()).limit(limit)).all()


_STATUS = [joinedload(one) for one in (DeliveryRow.job, DeliveryRow.user, DeliveryRow.endpoint)]
_WITH_STATUS: Select[DeliveryRow] = select(DeliveryRow).options(*_STATUS)


def newest_webhooks(session: Session) -> Mapping[int, DeliveryRow]:
    """The newest webhook to each endpoint that ever got one, by the endpoint's id."""
    return dict(session.execute(_NEWEST_WEBHOOKS).all())


_WEBHOOK = aliased(DeliveryRow)
# For each endpoint the first one along an index: grouping would read all that is kept.
_LAST_WEBHOOK = (
    select(_WEBHOOK.id)
    .where(_WEBHOOK.endpoint_id == EndpointRow.id, _WEBHOOK.recipient == "webhook")
    .order_by(_WEBHOOK.id.desc())
    .limit(1)
)
_NEWEST_WEBHOOKS = (
    select(EndpointRow.id, DeliveryRow)
    .join(DeliveryRow, DeliveryRow.id == _LAST_WEBHOOK.correlate(EndpointRow).scalar_subquery())
    .options(*_STATUS)
)


def _enqueue(
    session: Session,
    job_kind: str,
    row: DeliveryRow,
    *,
    payload: Mapping[str, Any] | None = None,
) -> None:
    row.token = token_hex(16)
    row.created_at = session.now()
    row.subject = row.body = ""
    row.attempts = []
    row.job_id = jobs.enqueue(session, job_kind, payload or {}, submission_id=row.submission_id)
    session.add(row)
    session.flush()
