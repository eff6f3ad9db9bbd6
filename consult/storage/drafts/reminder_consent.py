"""Permission to send one reminder about an unfinished response: granted, revoked, used, deleted."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    select,
)

from consult.storage.db.base import Base, same_address
from consult.storage.db.database import Session, affects_row
from consult.storage.drafts.drafts import is_unsubmitted
from consult.storage.jobs import EMAIL_REMINDER, enqueue
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DraftRow, PageVisitRow, ReminderConsentRow
from consult.workflow.spam import Signs

_UNUSED = ReminderConsentRow.sent_at.is_(None)


def grant(
    session: Session,
    draft_id: int,
    address: str,
    consent_text: str,
    encrypted_token: bytes,
    signs: Signs | None = None,
) -> None:
    """Store the permission; granted again, it replaces one for which no reminder was requested.

    `consent_text` is the text beside the box that was checked; `signs` are those of a robot, for
    staff, who alone request the reminder.
    """
    row = of_draft(session, draft_id)
    if row is None:
        row = ReminderConsentRow(draft_id=draft_id)
        session.add(row)
    elif row.sent_at or row.requested_at:
        return
    row.address, row.consent_text, row.encrypted_token = address, consent_text, encrypted_token
    row.granted_at, row.signs = session.now(), dict(signs or {})
    session.flush()


def revoke(session: Session, draft_id: int) -> None:
    """Delete a permission that was not used; one that was stays, without an address."""
    of_it = ReminderConsentRow.draft_id == draft_id
    session.execute(delete(ReminderConsentRow).where(of_it, _UNUSED))


def delete_of_draft(session: Session, draft_id: int) -> None:
    session.connection().execute(_DELETE, {"of_draft": draft_id})


_DELETE = delete(Base.metadata.tables[ReminderConsentRow.__tablename__]).where(
    ReminderConsentRow.draft_id == bindparam("of_draft")
)


def of_draft(session: Session, draft_id: int) -> ReminderConsentRow | None:
    of_it = ReminderConsentRow.draft_id == draft_id
    return session.scalar(select(ReminderConsentRow).where(of_it))


def get(session: Session, consent_id: int) -> ReminderConsentRow | None:
    """The permission with this id, unless its draft has expired."""
    query = (
        select(ReminderConsentRow)
        .join(DraftRow, DraftRow.id == ReminderConsentRow.draft_id)
        .where(ReminderConsentRow.id == consent_id, _is_alive(session))
    )
    return session.scalar(query)


def expires_at(session: Session, consent: ReminderConsentRow) -> datetime:
    """When the draft and its permission are deleted, unless its owner continues."""
    saved_at = select(DraftRow.updated_at).where(DraftRow.id == consent.draft_id)
    return session.scalars(saved_at).one() + session.draft_life


def has_address(session: Session, address: str) -> bool:
    """Whether a permission that was not used has this email address, in any case."""
    is_it = same_address(ReminderConsentRow.address, address)
    return session.scalar(select(ReminderConsentRow.id).where(is_it).limit(1)) is not None


def request_send(session: Session, consent_id: int) -> bool:
    """Have the reminder sent, once. Other permissions of the same address are deleted.

    Returns whether there was a permission, and it was not used or sending it failed.
    """
    row = session.get(ReminderConsentRow, consent_id)
    if row is None or row.address is None:
        return False
    key = _key(consent_id)
    session.execute(delete(JobRow).where(JobRow.dedupe_key == key, JobRow.state == "failed"))
    row.requested_at = row.requested_at or session.now()
    session.flush()
    of_address = same_address(ReminderConsentRow.address, row.address)
    others = ReminderConsentRow.id != consent_id
    session.execute(delete(ReminderConsentRow).where(of_address, others))
    payload = {"consent_id": consent_id}
    return enqueue(session, EMAIL_REMINDER, payload, dedupe_key=key) is not None


def record_sent(session: Session, consent_id: int) -> None:
    """Record that the reminder was sent, and delete its address."""
    if row := session.get(ReminderConsentRow, consent_id):
        row.address, row.encrypted_token, row.sent_at = None, None, session.now()
        session.flush()


def delete_unused(session: Session, consent_id: int) -> bool:
    """Delete a permission that was not used; whether there was one."""
    this = ReminderConsentRow.id == consent_id
    return affects_row(session, delete(ReminderConsentRow).where(this, _UNUSED))


def delete_addresses(session: Session, addresses: Collection[str]) -> None:
    """Delete the permissions that have one of these addresses, in lower case."""
    if addresses:
        has_one = func.lower(ReminderConsentRow.address).in_(addresses)
        session.execute(delete(ReminderConsentRow).where(has_one))


def unused(session: Session) -> list[tuple[ReminderConsentRow, str, bool]]:
    """The permissions that were not used, the oldest first.

    Each with the page on which its owner stopped, and whether sending the reminder failed.
    """
    job_key = literal(_key("")) + cast(ReminderConsentRow.id, String)
    rows = session.execute(
        select(ReminderConsentRow, PageVisitRow.page, JobRow.state)
        .join(DraftRow, DraftRow.id == ReminderConsentRow.draft_id)
        .outerjoin(PageVisitRow, _is_last_page())
        .outerjoin(JobRow, JobRow.dedupe_key == job_key)
        .where(_UNUSED, _is_alive(session))
        .order_by(ReminderConsentRow.granted_at, ReminderConsentRow.id)
    )
    return [(row, page or "", state == "failed") for row, page, state in rows]


def sent_count(session: Session) -> int:
    """To how many owners of drafts that are still stored the reminder was sent."""
    return session.scalar(select(func.count()).select_from(ReminderConsentRow).where(~_UNUSED)) or 0


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


def _is_last_page() -> ColumnElement[bool]:
    return and_(PageVisitRow.draft_id == DraftRow.id, PageVisitRow.is_last)


def _is_alive(session: Session) -> ColumnElement[bool]:
    return DraftRow.updated_at >= session.now() - session.draft_life
