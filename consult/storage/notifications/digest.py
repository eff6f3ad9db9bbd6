"""What the morning digest of a person is about: leads that are new, due, or waiting for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from consult.storage.db.database import Session
from consult.storage.notifications.notifications import has_contact
from consult.storage.tables.lead_tables import LeadRow, is_open, is_overdue, is_waiting
from consult.storage.tables.submission_tables import ContactRow

_SHOWN = 10

# What a list is sorted by, and its lines may tell.
_Column = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
_Day = InstrumentedAttribute[date | None]


@dataclass(frozen=True, slots=True)
class DigestLead:
    """A lead in a digest: the business, if it is known, and the moment or day it is there for."""

    id: int
    business: str
    at: datetime | date | None


@dataclass(frozen=True, slots=True)
class Found:
    """The first few leads of a kind, and how many there are in all."""

    leads: Sequence[DigestLead]
    count: int


@dataclass(frozen=True, slots=True)
class Times:
    """What a digest looks at.

    Attributes:
        since: what came in after it is new.
        now: what was due before it is overdue.
        day: today at the agency, from ``begins`` to ``ends``.
    """

    since: datetime
    now: datetime
    day: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """What a person finds in the morning: of leads that they hold or nobody does, but for `new`.

    Attributes:
        new: checks that were handed in since the digest before, whoever holds them; of these,
            ``named`` left a contact.
        offered: handed over to this person, and waiting for their yes or no.
        follow_up: "not now" until today, or until a day that has passed.
    """

    new: int
    named: Found
    overdue: Found
    due: Found
    offered: Found
    consults: Found
    follow_up: Found

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        lists = (self.overdue, self.due, self.offered, self.consults, self.follow_up)
        return not self.new and not any(found.count for found in lists)


def digest_for(session: Session, user_id: int, times: Times) -> Digest:
    """What there is to tell a person. Demo leads are never part of it."""
    mine = or_(LeadRow.assignee_id == user_id, LeadRow.assignee_id.is_(None))
    named = has_contact()
    new = (LeadRow.submitted_at >= times.since, LeadRow.demo.is_(False))
    due = (LeadRow.due_at > times.now, LeadRow.due_at < times.ends)
    return Digest(
        new=session.scalar(select(func.count()).select_from(LeadRow).where(*new)) or 0,
        named=_found(session, LeadRow.submitted_at, *new, named),
        overdue=_found(session, LeadRow.due_at, is_overdue(LeadRow, times.now), mine),
        due=_found(session, LeadRow.due_at, *due, mine, is_waiting(LeadRow)),
        offered=_found(session, LeadRow.offered_at, LeadRow.offered_to_id == user_id),
        consults=_found(
            session,
            LeadRow.consult_at,
            mine,
            LeadRow.stage == "consult_booked",
            LeadRow.consult_at >= times.begins,
            LeadRow.consult_at < times.ends,
        ),
        follow_up=_found(
            session, LeadRow.follow_up_on, mine, is_open(LeadRow), LeadRow.follow_up_on <= times.day
        ),
    )


def _found(session: Session, order: _Column | _Day, *where: ColumnElement[bool]) -> Found:
    conditions = (*where, LeadRow.demo.is_(False))
    rows = session.execute(
        select(LeadRow.submission_id, ContactRow.business, order)
        .outerjoin(ContactRow, ContactRow.submission_id == LeadRow.submission_id)
        .where(*conditions)
        .order_by(order, LeadRow.submission_id)
        .limit(_SHOWN + 1)
    ).all()
    leads = [DigestLead(id, business or "", at) for id, business, at in rows[:_SHOWN]]
    if len(rows) <= _SHOWN:
        return Found(leads, len(rows))
    count = session.scalar(select(func.count()).select_from(LeadRow).where(*conditions))
    return Found(leads, count or 0)
