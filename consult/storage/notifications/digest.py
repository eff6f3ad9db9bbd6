"""What a user's morning digest is about: leads that are new, due, or waiting for them.

To add a list: a field of `Digest`, its query in `digest_for`, and its heading and its place in the
subject in ``consult.delivery.notifications.digest_mail``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from consult.storage.db.database import Session
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.lead_tables import LeadRow, is_overdue, is_waiting, to_do
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.office_hours import Office

_MAX_LISTED = 10


@dataclass(frozen=True, slots=True)
class LeadList:
    """The first few leads of a kind, and how many there are in all.

    A lead has its `id`, the `business`, `name` and `phone` of its contact ("" without one), and the
    time or day that it is listed for, `at`.
    """

    leads: Sequence[Row[*tuple[Any, ...]]]
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """A user's digest: leads assigned to them or to no one; new ones no matter who has them.

    `new` counts the leads submitted since the digest before; of these, `new_contacts` left contact
    info. `booked` have a consult on a later day, which their owners booked since then. `offered`
    were handed over to this user, who has not answered. No lead is in two lists but the new ones.
    """

    new: int
    new_contacts: LeadList
    overdue: LeadList
    due: LeadList
    to_confirm: LeadList
    consults: LeadList
    booked: LeadList
    offered: LeadList
    follow_up: LeadList

    @property
    def is_empty(self) -> bool:
        values = (getattr(self, field.name) for field in fields(self))
        return not self.new and not any(v.count for v in values if isinstance(v, LeadList))


def digest_for(
    session: Session, user_id: int, since: datetime, day: date, office: Office
) -> Digest:
    """The digest of a user for a day: leads are new `since` the one before.

    Demo leads and probable spam are never part of it.
    """
    now, ends = session.now(), office.start_of(day + timedelta(days=1))
    own = or_(LeadRow.assignee_id == user_id, LeadRow.assignee_id.is_(None))
    is_new = (
        LeadRow.submitted_at >= since,
        LeadRow.demo.is_(False),
        LeadRow.suspect.is_(False),
    )
    is_due = (is_waiting(LeadRow), LeadRow.due_at > now, LeadRow.due_at < ends)
    waits_for = to_do(LeadRow, now, day, ends)
    is_late = is_overdue(LeadRow, now)
    of_lead = (BookingRow.submission_id == LeadRow.submission_id, BookingRow.state == "booked")
    booked = select(BookingRow.id).where(*of_lead, BookingRow.created_at >= since).exists()
    later = (LeadRow.stage == "consult_booked", LeadRow.consult_at >= ends)
    return Digest(
        new=session.scalar(select(func.count()).select_from(LeadRow).where(*is_new)) or 0,
        new_contacts=_list(
            session, LeadRow.submitted_at, *is_new, ContactRow.submission_id.is_not(None)
        ),
        overdue=_list(session, LeadRow.due_at, is_late, own),
        due=_list(session, LeadRow.due_at, *is_due, not_(waits_for["confirm"]), own),
        to_confirm=_list(session, LeadRow.consult_at, waits_for["confirm"], not_(is_late), own),
        consults=_list(session, LeadRow.consult_at, waits_for["consult"], own),
        booked=_list(session, LeadRow.consult_at, booked, *later, own),
        offered=_list(session, LeadRow.offered_at, LeadRow.offered_to_id == user_id),
        follow_up=_list(session, LeadRow.follow_up_on, waits_for["follow_up"], own),
    )


def _list(
    session: Session, order: InstrumentedAttribute[Any], *where: ColumnElement[bool]
) -> LeadList:
    contact = (ContactRow.business, ContactRow.name, ContactRow.phone)
    query = (
        select(
            LeadRow.submission_id.label("id"),
            *(func.coalesce(column, "").label(column.key) for column in contact),
            order.label("at"),
        )
        .outerjoin(ContactRow, ContactRow.submission_id == LeadRow.submission_id)
        .where(*where, LeadRow.demo.is_(False), LeadRow.suspect.is_(False))
    )
    ordered = query.order_by(order, LeadRow.submission_id).limit(_MAX_LISTED)
    rows = session.execute(ordered).all()
    count = len(rows)
    if count == _MAX_LISTED:
        count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return LeadList(rows, count)
