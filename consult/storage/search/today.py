"""What waits for a user today: their own leads, then those nobody has, by what they wait for.

It is one query: the leads of the user and of nobody that wait for something, in groups, the first
few of each. What a lead waits for is defined in ``workflow.stages.to_do``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Integer, Row, and_, bindparam, case, exists, false, func, not_, or_, select
from sqlalchemy.orm import aliased

from consult.storage.db.database import Session
from consult.storage.search.find_leads import by_ids
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.tables.booking_tables import ACTIVE, BookingRow
from consult.storage.tables.lead_tables import NEVER, LeadEventRow, LeadRow, to_do

SHOWN = 20
"""So many leads of a group are shown; the list has the others."""

GROUPS = (
    *("first_reply", "follow_up", "confirm", "consult", "handed", "no_answer", "unconfirmed"),
)
"""What leads may wait for, in the order to work; `handed` is an answer to a handover."""


@dataclass(frozen=True, slots=True)
class Group:
    """Leads that wait for the same, the most urgent first, and how many there are in all."""

    what: str
    is_mine: bool
    leads: Sequence[Row[Any]]
    count: int

    @property
    def in_list(self) -> LeadFilter:
        """The filter of the list that selects all leads of the group."""
        if self.what == "handed":
            return LeadFilter(assignee="offered", sort="next")
        assignee = "me" if self.is_mine else "unassigned"
        return LeadFilter(due=self.what, assignee=assignee, sort="next")


def groups_of(session: Session, viewer: Viewer) -> list[Group]:
    """The groups of what waits for a user today, theirs first; empty ones are left out."""
    now = session.now()
    today = now.astimezone(viewer.zone).date()
    ends = datetime.combine(today + timedelta(days=1), time(), viewer.zone)
    values = {"me": viewer.id, "now": now, "today": today, "ends": ends, "most": SHOWN}
    found = session.rows(_TODAY, values).all()
    leads = {lead.id: lead for lead in by_ids(session, [row.id for row in found])}
    groups = []
    for is_mine in (True, False):
        for what in GROUPS:
            rows = [row for row in found if (row.is_mine, row.what) == (is_mine, what)]
            if rows:
                shown = [leads[row.id] for row in rows]
                groups.append(Group(what, is_mine, shown, rows[0].total))
    return groups


_ME = bindparam("me", type_=Integer)
_OFFERED = LeadRow.offered_to_id == _ME
_WAITS_FOR = to_do(LeadRow, bindparam("now"), bindparam("today"), bindparam("ends"))
_WHAT = case((_OFFERED, "handed"), *((condition, what) for what, condition in _WAITS_FOR.items()))
_SOMETHING_IS_NEXT = LeadRow.next_at < NEVER
_WAITING = (
    select(
        LeadRow.submission_id.label("id"),
        LeadRow.next_at,
        or_(LeadRow.assignee_id.is_not(None), func.coalesce(_OFFERED, false())).label("is_mine"),
        _WHAT.label("what"),
    )
    # In three parts, each with an index that leads to it.
    .where(
        LeadRow.suspect.is_not(True),
        or_(
            _OFFERED,
            and_(LeadRow.assignee_id == _ME, _SOMETHING_IS_NEXT),
            and_(LeadRow.assignee_id.is_(None), _SOMETHING_IS_NEXT),
        ),
    )
    .subquery()
)
_GROUP = (_WAITING.c.is_mine, _WAITING.c.what)
_NUMBERED = (
    select(
        *_WAITING.c,
        func.count().over(partition_by=_GROUP).label("total"),
        func.row_number()
        .over(partition_by=_GROUP, order_by=(_WAITING.c.next_at, _WAITING.c.id))
        .label("number"),
    )
    .where(_WAITING.c.what.is_not(None))
    .subquery()
)
_TODAY = (
    select(_NUMBERED.c.id, _NUMBERED.c.is_mine, _NUMBERED.c.what, _NUMBERED.c.total)
    .where(_NUMBERED.c.number <= bindparam("most"))
    .order_by(_NUMBERED.c.number)
)


def next_facts(session: Session, leads: Iterable[Row[Any]]) -> dict[int, Row[Any]]:
    """What a list says of what is next with some of its leads, beside their own columns; by lead.

    `attempts` and `attempted_at` are how often nobody answered, and when last; `state`, `place` and
    `calendar` those of the consult that is booked. `because` says why a lead is followed up, as
    long as nothing was done about it (``stages.CALLED_OFF``).
    """
    ids = [lead.id for lead in leads if _has_facts(lead)]
    found = session.rows(_FACTS, {"ids": ids}) if ids else ()
    return {row.submission_id: row for row in found}


def _has_facts(lead: Row[Any]) -> bool:
    match lead.stage:
        case "taken":
            return lead.first_contact_at is not None
        case "reached":
            return lead.follow_up_on is not None
    return bool(lead.stage == "consult_booked")


NEXT_KINDS: Final = ("moved", "contact", "follow_up", "undone")
"""The kinds of events that decide what is next with a lead: the last of them."""

_EVENT, _UNDO, _BOOKING = aliased(LeadEventRow), aliased(LeadEventRow), aliased(BookingRow)
_OF_LEAD = LeadEventRow.submission_id == LeadRow.submission_id
# As an expression: SQLite would rather read all events of a kind by their index.
_KIND = LeadEventRow.kind + ""
_UNDONE = exists().where(
    _UNDO.submission_id == LeadEventRow.submission_id,
    _UNDO.kind + "" == "undone",
    _UNDO.data["of"].as_integer() == LeadEventRow.version,
)
_IS_ATTEMPT = and_(_OF_LEAD, _KIND == "contact", not_(_UNDONE))
_ATTEMPTS = select(func.count()).where(_IS_ATTEMPT)
_LAST_ATTEMPT = select(func.max(LeadEventRow.at)).where(_IS_ATTEMPT)
_LAST_EVENT = select(func.max(LeadEventRow.id)).where(_OF_LEAD, _KIND.in_(NEXT_KINDS))
_ACTIVE_BOOKING = select(func.max(BookingRow.id)).where(
    BookingRow.submission_id == LeadRow.submission_id, BookingRow.state.in_(ACTIVE)
)
_FACTS = (
    select(
        LeadRow.submission_id,
        *(
            _ATTEMPTS.scalar_subquery().label("attempts"),
            _LAST_ATTEMPT.scalar_subquery().label("attempted_at"),
        ),
        *(_BOOKING.state, _BOOKING.place, _BOOKING.calendar),
        _EVENT.data["because"].as_string().label("because"),
    )
    .select_from(LeadRow)
    .outerjoin(_EVENT, _EVENT.id == _LAST_EVENT.correlate(LeadRow).scalar_subquery())
    .outerjoin(_BOOKING, _BOOKING.id == _ACTIVE_BOOKING.correlate(LeadRow).scalar_subquery())
    .where(LeadRow.submission_id.in_(bindparam("ids", expanding=True)))
)
