"""Mails to members of staff: planned by the worker, written down when they were handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex

from sqlalchemy import String, cast, delete, literal, select, update

from consult.storage.db.database import Session
from consult.storage.jobs import MAIL_STAFF, enqueue
from consult.storage.notifications.report_mails import HandedTo
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.notification_tables import NoticeRow, StaffMailRow
from consult.storage.tables.submission_tables import JobRow

WEBHOOK_OFF = "webhook_off"
"""The kind of a mail that tells admins that a webhook was switched off."""


@dataclass(frozen=True, slots=True)
class StaffMail:
    """A mail to a member of staff.

    Attributes:
        kind: the kind of news, that of ``account_news``, or `WEBHOOK_OFF`.
        notice_id: what it is about; or else the ``day`` of a digest, or an ``endpoint_id``.
            Nothing where it is about the person's own account.
        token: random, and the same with every try.
        address: where it goes: the person's present address.
        role: the person's present role.
        may_go: the person still has an account.
    """

    id: int
    user_id: int
    kind: str
    notice_id: int | None
    day: date | None
    endpoint_id: int | None
    token: str
    address: str
    name: str
    role: str
    may_go: bool
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class StaffMailDelivery:
    """A mail about a lead and how far its job got; `state` is None when the job is forgotten."""

    notice_id: int
    kind: str
    to: str
    sent_at: datetime | None
    handed_to: str | None
    created_at: datetime
    state: str | None
    run_at: datetime | None
    last_error: str


def plan(
    session: Session,
    user_id: int,
    kind: str,
    *,
    notice_id: int | None = None,
    lead_id: int | None = None,
    day: date | None = None,
    endpoint_id: int | None = None,
) -> int:
    """Ask for a mail to be written and sent; returns its id."""
    row = StaffMailRow(
        user_id=user_id,
        kind=kind,
        notice_id=notice_id,
        day=day,
        endpoint_id=endpoint_id,
        token=token_hex(16),
        created_at=session.now(),
    )
    session.add(row)
    session.flush()
    enqueue(
        session,
        MAIL_STAFF,
        {"mail_id": row.id},
        dedupe_key=f"{MAIL_STAFF}:{row.id}",
        submission_id=lead_id,
    )
    return row.id


def get(session: Session, mail_id: int) -> StaffMail | None:
    """The mail with this id, or None."""
    found = session.execute(
        select(StaffMailRow, StaffUserRow)
        .join(StaffUserRow, StaffUserRow.id == StaffMailRow.user_id)
        .where(StaffMailRow.id == mail_id)
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    return StaffMail(
        id=row.id,
        user_id=row.user_id,
        kind=row.kind,
        notice_id=row.notice_id,
        day=row.day,
        endpoint_id=row.endpoint_id,
        token=row.token,
        address=user.email,
        name=user.name,
        role=user.role,
        may_go=user.active,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )


def record_sent(session: Session, mail_id: int, *, handed_to: HandedTo) -> None:
    """Write down that a mail was taken."""
    session.execute(
        update(StaffMailRow)
        .where(StaffMailRow.id == mail_id)
        .values(sent_at=session.now(), handed_to=handed_to)
    )


def drop(session: Session, mail_id: int) -> None:
    """Forget a mail that there was no need to send."""
    session.execute(delete(StaffMailRow).where(StaffMailRow.id == mail_id))


def of_lead(session: Session, lead_id: int) -> Sequence[StaffMailDelivery]:
    """The mails to staff about a lead, the first first."""
    rows = session.execute(
        select(StaffMailRow, StaffUserRow.name, JobRow)
        .join(NoticeRow, NoticeRow.id == StaffMailRow.notice_id)
        .join(StaffUserRow, StaffUserRow.id == StaffMailRow.user_id)
        .outerjoin(
            JobRow,
            JobRow.dedupe_key == literal(f"{MAIL_STAFF}:") + cast(StaffMailRow.id, String),
        )
        .where(NoticeRow.submission_id == lead_id)
        .order_by(StaffMailRow.id)
    )
    return [
        StaffMailDelivery(
            notice_id=row.notice_id or 0,
            kind=row.kind,
            to=name,
            sent_at=row.sent_at,
            handed_to=row.handed_to,
            created_at=row.created_at,
            state=job.state if job else None,
            run_at=job.run_at if job else None,
            last_error=(job.last_error or "") if job else "",
        )
        for row, name, job in rows
    ]
