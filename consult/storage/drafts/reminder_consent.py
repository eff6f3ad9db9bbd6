"""Leave to be written to once about an unfinished check: given, taken back, used, forgotten."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    delete,
    func,
    literal,
    select,
    update,
)

from consult.storage.db.database import Session
from consult.storage.drafts.drafts import is_unsubmitted
from consult.storage.jobs import MAIL_UNFINISHED, enqueue
from consult.storage.tables.insight_tables import PageVisitRow
from consult.storage.tables.reminder_tables import LeaveRow
from consult.storage.tables.submission_tables import DraftRow, JobRow

State = Literal["open", "asked", "failed"]
"""Nobody has written yet; the mail is to go out; it could not be sent."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What somebody allowed. `address` is empty once the one mail was sent."""

    id: int
    draft_id: int
    address: str
    given_at: datetime
    asked_at: datetime | None
    written_at: datetime | None
    sealed_token: bytes
    ends_at: datetime
    """When the check and all of this is deleted, if nobody goes on with it."""


@dataclass(frozen=True, slots=True)
class OpenLeave:
    """A leave that was not used, as staff see it; `page` is where its owner stopped."""

    id: int
    address: str
    given_at: datetime
    page: str
    state: State


def give(session: Session, draft_id: int, address: str, consent_text: str, sealed: bytes) -> None:
    """Keep that somebody may be written to; who gave leave before and was not, corrects it.

    Args:
        session: a writing one.
        draft_id: the check that is not finished.
        address: where to.
        consent_text: the words beside the box that was ticked.
        sealed: the token of the check, encrypted.
    """
    row = session.scalar(select(LeaveRow).where(LeaveRow.draft_id == draft_id))
    if row is None:
        row = LeaveRow(draft_id=draft_id)
        session.add(row)
    elif row.written_at or row.asked_at:
        return
    row.address, row.consent_text, row.sealed_token = address, consent_text, sealed
    row.given_at = session.now()
    session.flush()


def take_back(session: Session, draft_id: int) -> None:
    """Forget a leave that was not used; one that was stays as a mark, without an address."""
    session.execute(
        delete(LeaveRow).where(LeaveRow.draft_id == draft_id, LeaveRow.written_at.is_(None))
    )


def end(session: Session, draft_id: int) -> None:
    """Forget all of it: the check was handed in, or goes."""
    session.execute(delete(LeaveRow).where(LeaveRow.draft_id == draft_id))


def of_check(session: Session, draft_id: int) -> Leave | None:
    """The leave that was given with a check, or None."""
    return _one(session, LeaveRow.draft_id == draft_id)


def get(session: Session, leave_id: int) -> Leave | None:
    """The leave with this id, unless the days of its check are over; else None."""
    return _one(session, and_(LeaveRow.id == leave_id, _is_alive(session)))


def has_address(session: Session, address: str) -> bool:
    """Whether a leave that was not used has this mail address, in whatever case."""
    found = select(LeaveRow.id).where(func.lower(LeaveRow.address) == address.strip().lower())
    return session.scalar(found.limit(1)) is not None


def ask(session: Session, leave_id: int) -> bool:
    """Have the one mail written, if nobody has yet. Other leaves of the same address are used up.

    Returns:
        Whether there was a leave to use, or one whose mail could not be sent the first time.
    """
    row = session.scalar(
        select(LeaveRow).where(LeaveRow.id == leave_id, LeaveRow.written_at.is_(None))
    )
    if row is None or row.address is None:
        return False
    key = _key(leave_id)
    session.execute(delete(JobRow).where(JobRow.dedupe_key == key, JobRow.state == "dead"))
    row.asked_at = row.asked_at or session.now()
    session.flush()
    session.execute(
        delete(LeaveRow).where(
            func.lower(LeaveRow.address) == row.address.lower(), LeaveRow.id != leave_id
        )
    )
    return enqueue(session, MAIL_UNFINISHED, {"leave_id": leave_id}, dedupe_key=key)


def record_written(session: Session, leave_id: int) -> None:
    """Write down that the one mail was sent, and forget where to."""
    session.execute(
        update(LeaveRow)
        .where(LeaveRow.id == leave_id)
        .values(address=None, sealed_token=None, written_at=session.now())
    )


def forget(session: Session, leave_id: int) -> bool:
    """Forget a leave that was not used; whether there was one."""
    gone = session.execute(
        delete(LeaveRow)
        .where(LeaveRow.id == leave_id, LeaveRow.written_at.is_(None))
        .returning(LeaveRow.id)
    )
    return gone.first() is not None


def forget_addresses(session: Session, addresses: Collection[str]) -> None:
    """Forget the leaves that were not used and have one of these addresses, in lower case."""
    if addresses:
        session.execute(delete(LeaveRow).where(func.lower(LeaveRow.address).in_(addresses)))


def open_leaves(session: Session) -> list[OpenLeave]:
    """The leaves that were not used, the oldest first."""
    rows = session.execute(
        select(LeaveRow, PageVisitRow.page, JobRow.state)
        .join(DraftRow, DraftRow.id == LeaveRow.draft_id)
        .outerjoin(PageVisitRow, _is_last_page())
        .outerjoin(JobRow, JobRow.dedupe_key == literal(_key("")) + cast(LeaveRow.id, String))
        .where(LeaveRow.written_at.is_(None), _is_alive(session))
        .order_by(LeaveRow.given_at, LeaveRow.id)
    )
    return [
        OpenLeave(row.id, row.address or "", row.given_at, page or "", _state(row, job))
        for row, page, job in rows
    ]


def written(session: Session) -> int:
    """To how many owners of checks that are still kept the one mail was sent."""
    count = select(func.count()).select_from(LeaveRow).where(LeaveRow.written_at.is_not(None))
    return session.scalar(count) or 0


def unfinished_by_page(session: Session) -> Mapping[str, int]:
    """How many unfinished checks stand on each page; demo checks do not count."""
    rows = session.execute(
        select(PageVisitRow.page, func.count())
        .select_from(DraftRow)
        .outerjoin(PageVisitRow, _is_last_page())
        .where(is_unsubmitted(), _is_alive(session), DraftRow.demo.is_(False))
        .group_by(PageVisitRow.page)
    )
    return {page or "": count for page, count in rows}


def _key(leave_id: int | str) -> str:
    return f"{MAIL_UNFINISHED}:{leave_id}"


def _state(row: LeaveRow, job: str | None) -> State:
    if row.asked_at is None:
        return "open"
    return "failed" if job == "dead" else "asked"


def _is_last_page() -> ColumnElement[bool]:
    return and_(PageVisitRow.draft_id == DraftRow.id, PageVisitRow.is_last)


def _is_alive(session: Session) -> ColumnElement[bool]:
    return DraftRow.updated_at >= session.now() - session.draft_life


def _one(session: Session, which: ColumnElement[bool]) -> Leave | None:
    query: Select[LeaveRow, datetime] = (
        select(LeaveRow, DraftRow.updated_at)
        .join(DraftRow, DraftRow.id == LeaveRow.draft_id)
        .where(which)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    row, updated_at = found
    return Leave(
        id=row.id,
        draft_id=row.draft_id,
        address=row.address or "",
        given_at=row.given_at,
        asked_at=row.asked_at,
        written_at=row.written_at,
        sealed_token=row.sealed_token or b"",
        ends_at=updated_at + session.draft_life,
    )
