"""Permission to send one reminder about an unfinished response: granted, revoked, used, deleted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, String, and_, cast, delete, func, literal, select, update

from consult.storage.db.database import Session
from consult.storage.drafts.drafts import is_unsubmitted
from consult.storage.jobs import EMAIL_REMINDER, enqueue
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.insight_tables import PageVisitRow
from consult.storage.tables.reminder_tables import ReminderConsentRow
from consult.storage.tables.submission_tables import DraftRow

State = Literal["open", "requested", "failed"]
"""No reminder was requested yet; it is being sent; it could not be sent."""


@dataclass(frozen=True, slots=True)
class UnusedConsent:
    """A permission that was not used, as staff see it; `page` is where its owner stopped."""

    id: int
    address: str
    granted_at: datetime
    page: str
    state: State


def grant(
    session: Session, draft_id: int, address: str, consent_text: str, encrypted_token: bytes
) -> None:
    """Store the permission; granted again, it replaces one for which no reminder was requested.

    Args:
        session: a writing one.
        draft_id: the draft that is not submitted.
        address: where the reminder may go.
        consent_text: the text beside the box that was ticked.
        encrypted_token: the token of the draft, encrypted.
    """
    row = of_draft(session, draft_id)
    if row is None:
        row = ReminderConsentRow(draft_id=draft_id)
        session.add(row)
    elif row.sent_at or row.requested_at:
        return
    row.address, row.consent_text, row.encrypted_token = address, consent_text, encrypted_token
    row.granted_at = session.now()
    session.flush()


def revoke(session: Session, draft_id: int) -> None:
    """Delete a permission that was not used; one that was stays, without an address."""
    session.execute(
        delete(ReminderConsentRow).where(
            ReminderConsentRow.draft_id == draft_id, ReminderConsentRow.sent_at.is_(None)
        )
    )


def delete_of_draft(session: Session, draft_id: int) -> None:
    """Delete the permission of a draft that is submitted."""
    session.execute(delete(ReminderConsentRow).where(ReminderConsentRow.draft_id == draft_id))


def of_draft(session: Session, draft_id: int) -> ReminderConsentRow | None:
    """The permission that was granted with a draft, or None."""
    is_its = ReminderConsentRow.draft_id == draft_id
    return session.scalar(select(ReminderConsentRow).where(is_its))


def get(session: Session, consent_id: int) -> ReminderConsentRow | None:
    """The permission with this id, unless its draft has expired; else None."""
    query = (
        select(ReminderConsentRow)
        .join(DraftRow, DraftRow.id == ReminderConsentRow.draft_id)
        .where(ReminderConsentRow.id == consent_id, _is_alive(session))
    )
    return session.scalar(query)


def expires_at(session: Session, consent: ReminderConsentRow) -> datetime:
    """When the draft and its permission are deleted, unless its owner goes on."""
    saved_at = select(DraftRow.updated_at).where(DraftRow.id == consent.draft_id)
    return session.scalars(saved_at).one() + session.draft_life


def has_address(session: Session, address: str) -> bool:
    """Whether a permission that was not used has this email address, in whatever case."""
    is_it = func.lower(ReminderConsentRow.address) == address.lower()
    return session.scalar(select(ReminderConsentRow.id).where(is_it).limit(1)) is not None


def request_send(session: Session, consent_id: int) -> bool:
    """Have the reminder sent, once. Other permissions of the same address are deleted.

    Returns:
        Whether there was a permission to use, or one whose email could not be sent the first time.
    """
    row = session.scalar(
        select(ReminderConsentRow).where(
            ReminderConsentRow.id == consent_id, ReminderConsentRow.sent_at.is_(None)
        )
    )
    if row is None or row.address is None:
        return False
    key = _key(consent_id)
    session.execute(delete(JobRow).where(JobRow.dedupe_key == key, JobRow.state == "failed"))
    row.requested_at = row.requested_at or session.now()
    session.flush()
    session.execute(
        delete(ReminderConsentRow).where(
            func.lower(ReminderConsentRow.address) == row.address.lower(),
            ReminderConsentRow.id != consent_id,
        )
    )
    payload = {"consent_id": consent_id}
    return enqueue(session, EMAIL_REMINDER, payload, dedupe_key=key) is not None


def record_sent(session: Session, consent_id: int) -> None:
    """Record that the reminder was sent, and delete its address."""
    session.execute(
        update(ReminderConsentRow)
        .where(ReminderConsentRow.id == consent_id)
        .values(address=None, encrypted_token=None, sent_at=session.now())
    )


def delete_unused(session: Session, consent_id: int) -> bool:
    """Delete a permission that was not used; whether there was one."""
    deleted = session.execute(
        delete(ReminderConsentRow)
        .where(ReminderConsentRow.id == consent_id, ReminderConsentRow.sent_at.is_(None))
        .returning(ReminderConsentRow.id)
    )
    return deleted.first() is not None


def delete_addresses(session: Session, addresses: Collection[str]) -> None:
    """Delete the permissions that have one of these addresses, in lower case."""
    if addresses:
        has_one = func.lower(ReminderConsentRow.address).in_(addresses)
        session.execute(delete(ReminderConsentRow).where(has_one))


def unused(session: Session) -> list[UnusedConsent]:
    """The permissions that were not used, the oldest first."""
    job_key = literal(_key("")) + cast(ReminderConsentRow.id, String)
    rows = session.execute(
        select(ReminderConsentRow, PageVisitRow.page, JobRow.state)
        .join(DraftRow, DraftRow.id == ReminderConsentRow.draft_id)
        .outerjoin(PageVisitRow, _is_last_page())
        .outerjoin(JobRow, JobRow.dedupe_key == job_key)
        .where(ReminderConsentRow.sent_at.is_(None), _is_alive(session))
        .order_by(ReminderConsentRow.granted_at, ReminderConsentRow.id)
    )
    return [
        UnusedConsent(row.id, row.address or "", row.granted_at, page or "", _state(row, job))
        for row, page, job in rows
    ]


def sent_count(session: Session) -> int:
    """To how many owners of drafts that are still stored the reminder was sent."""
    sent = ReminderConsentRow.sent_at.is_not(None)
    return session.scalar(select(func.count()).select_from(ReminderConsentRow).where(sent)) or 0


def unfinished_by_page(session: Session) -> Mapping[str, int]:
    """How many unfinished responses were left on each page; demo responses do not count."""
    rows = session.execute(
        select(PageVisitRow.page, func.count())
        .select_from(DraftRow)
        .outerjoin(PageVisitRow, _is_last_page())
        .where(is_unsubmitted(), _is_alive(session), DraftRow.demo.is_(False))
        .group_by(PageVisitRow.page)
    )
    return {page or "": count for page, count in rows}


def _key(consent_id: int | str) -> str:
    return f"{EMAIL_REMINDER}:{consent_id}"


def _state(row: ReminderConsentRow, job: str | None) -> State:
    if row.requested_at is None:
        return "open"
    return "failed" if job == "failed" else "requested"


def _is_last_page() -> ColumnElement[bool]:
    return and_(PageVisitRow.draft_id == DraftRow.id, PageVisitRow.is_last)


def _is_alive(session: Session) -> ColumnElement[bool]:
    return DraftRow.updated_at >= session.now() - session.draft_life
