"""Mails to owners: asked for when an address is left, written down when they were handed over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, String, cast, exists, literal, select, update
from sqlalchemy.orm import aliased

from consult.storage.db.database import Session
from consult.storage.jobs import MAIL_REPORT, enqueue
from consult.storage.tables.submission_tables import JobRow, MailRow

HandedTo = Literal["server", "folder"]
"""Who took a mail: a mail server, or the mail folder for want of one."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with an owner's report.

    Attributes:
        is_current: it is the last one asked for; one before it went, or would go, to an address
            that has been corrected since.
        body: its text, without the link to the result. Empty until it is sent, like ``subject``.
    """

    id: int
    submission_id: int
    address: str
    created_at: datetime
    is_current: bool
    sent_at: datetime | None
    handed_to: str | None
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class MailDelivery:
    """A mail and how far its job got; `state` is None when the job is long done and forgotten."""

    mail: Mail
    state: str | None
    run_at: datetime | None
    last_error: str


def ask_for_mail(session: Session, submission_id: int, address: str, link: str) -> None:
    """Ask for the report to be mailed to an address.

    The job carries the ``link`` to the result, whose token is stored nowhere else; ``forget_link``
    takes it out when the job is done.
    """
    row = MailRow(submission_id=submission_id, address=address, created_at=session.now())
    session.add(row)
    session.flush()
    enqueue(
        session,
        MAIL_REPORT,
        {"mail_id": row.id, "link": link},
        dedupe_key=_key(row.id),
        submission_id=submission_id,
    )


def get(session: Session, mail_id: int) -> Mail | None:
    """The mail with this id, or None."""
    found = session.execute(
        select(MailRow, _is_current()).where(MailRow.id == mail_id)
    ).one_or_none()
    return _mail(*found) if found else None


def record_sent(
    session: Session, mail_id: int, *, subject: str, body: str, handed_to: HandedTo
) -> None:
    """Write down that a mail was taken, and what it says."""
    session.execute(
        update(MailRow)
        .where(MailRow.id == mail_id)
        .values(sent_at=session.now(), subject=subject, body=body, handed_to=handed_to)
    )


def forget_link(session: Session, mail_id: int) -> None:
    """Take the link to the result out of the job of a mail."""
    session.execute(
        update(JobRow)
        .where(JobRow.dedupe_key == _key(mail_id))
        .values(payload={"mail_id": mail_id})
    )


def mails_of(session: Session, lead_id: int) -> list[MailDelivery]:
    """The mails to a lead's owner, the first first."""
    key = literal(_key("")) + cast(MailRow.id, String)
    rows = session.execute(
        select(MailRow, _is_current(), JobRow)
        .outerjoin(JobRow, JobRow.dedupe_key == key)
        .where(MailRow.submission_id == lead_id)
        .order_by(MailRow.id)
    )
    return [
        MailDelivery(
            mail=_mail(row, is_current),
            state=job.state if job else None,
            run_at=job.run_at if job else None,
            last_error=(job.last_error or "") if job else "",
        )
        for row, is_current, job in rows
    ]


def _key(mail_id: int | str) -> str:
    return f"{MAIL_REPORT}:{mail_id}"


def _is_current() -> ColumnElement[bool]:
    later = aliased(MailRow)
    return ~exists().where(later.submission_id == MailRow.submission_id, later.id > MailRow.id)


def _mail(row: MailRow, is_current: bool) -> Mail:
    return Mail(
        id=row.id,
        submission_id=row.submission_id,
        address=row.address,
        created_at=row.created_at,
        is_current=is_current,
        sent_at=row.sent_at,
        handed_to=row.handed_to,
        subject=row.subject or "",
        body=row.body or "",
    )
