"""Find the leads that a `LeadSearch` selects: a page at a time, or all of them in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from consult.questionnaire import Axis
from consult.relay.stages import CLOSED
from consult.scoring.axis import BANDS, CUTS
from consult.storage.database import Session
from consult.storage.desk_tables import LeadRow
from consult.storage.lead_search import LeadSearch, Viewer
from consult.storage.models import ContactRow, SubmissionRow
from consult.storage.staff_tables import StaffUserRow

PAGE_SIZE = 50
_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Condition = ColumnElement[bool]
_KEYS: dict[str, Any] = {
    "newest": LeadRow.submitted_at,
    "separation": LeadRow.separation,
    "handoff": LeadRow.handoff,
    "due": LeadRow.due_at,
}


@dataclass(frozen=True, slots=True)
class FoundLead:
    """A lead as a list shows it. Names are empty where there is no contact, holder or offer."""

    id: int
    version: int
    submitted_at: datetime
    edition: str
    demo: bool
    name: str
    business: str
    separation: float
    handoff: float
    archetype: str
    source: str
    wants_consult: bool
    stage: str
    stage_since: datetime
    holder_id: int | None
    holder: str
    offered_to_id: int | None
    offered_to: str
    due_at: datetime | None
    first_contact_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of leads in order, and the places before and after it; empty at either end."""

    leads: Sequence[FoundLead]
    before: str
    after: str


def find(
    session: Session,
    search: LeadSearch,
    viewer: Viewer,
    *,
    after: str = "",
    before: str = "",
    limit: int = PAGE_SIZE,
) -> FoundPage:
    """A page of the leads that a search selects, in its order.

    Args:
        session: any.
        search: what to select.
        viewer: who looks.
        after: the place at the end of the page before, as `FoundPage.after` has it. Leads that
            come in while somebody reads move nothing. A place that makes no sense is the start.
        before: the place at the beginning of the page after; wins over nothing but the start.
        limit: how many at most.
    """
    order = _Order.of(search)
    back = _place(search, before)
    start = back or _place(search, after)
    if back:
        order = order.reversed()
    query = order.apply(_selected(search, viewer, session.now()), start).limit(limit + 1)
    ids = list(session.scalars(query))
    more = len(ids) > limit
    ids = ids[:limit]
    if back:
        ids.reverse()
    leads = _leads(session, ids)
    is_first, is_last = (not more, False) if back else (start is None, not more)
    return FoundPage(
        leads,
        before="" if is_first or not leads else place_of(search, leads[0]),
        after="" if is_last or not leads else place_of(search, leads[-1]),
    )


def every_id(session: Session, search: LeadSearch, viewer: Viewer) -> Iterator[int]:
    """The ids of all leads that a search selects, in its order, read some hundreds at a time."""
    after = ""
    while True:
        page = find(session, search, viewer, after=after, limit=_AT_ONCE)
        yield from (lead.id for lead in page.leads)
        if not page.after:
            return
        after = page.after


def how_many(session: Session, search: LeadSearch, viewer: Viewer) -> int:
    """How many leads a search selects, every one of them counted."""
    selected = _selected(search, viewer, session.now()).subquery()
    return session.scalar(select(func.count()).select_from(selected)) or 0


def place_of(search: LeadSearch, lead: FoundLead) -> str:
    """Where a lead stands in the order of a search, as a short text for an address."""
    match search.sort.removeprefix("-"):
        case "separation":
            key = repr(lead.separation)
        case "handoff":
            key = repr(lead.handoff)
        case "due":
            key = _microseconds(lead.due_at or _EPOCH)
        case _:
            key = _microseconds(lead.submitted_at)
    return f"{key}_{lead.id}"


def _microseconds(moment: datetime) -> str:
    return str((moment - _EPOCH) // timedelta(microseconds=1))


def _place(search: LeadSearch, text: str) -> tuple[datetime | float, int] | None:
    found = re.fullmatch(r"(-?[0-9]{1,17}(?:\.[0-9]{1,20})?)_([0-9]{1,10})", text)
    if found is None or int(found[2]) > 2**31 - 1:
        return None
    if search.sort.removeprefix("-") in ("separation", "handoff"):
        return float(found[1]), int(found[2])
    try:
        return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class _Order:
    """A column and the id after it, both in one direction, so that one index serves both ways."""

    key: Any
    down: bool

    @classmethod
    def of(cls, search: LeadSearch) -> _Order:
        if search.sort in ("newest", "oldest"):
            return cls(_KEYS["newest"], down=search.sort == "newest")
        return cls(_KEYS[search.sort.removeprefix("-")], down=search.sort.startswith("-"))

    def reversed(self) -> _Order:
        return _Order(self.key, not self.down)

    def apply(self, query: Select[int], start: tuple[datetime | float, int] | None) -> Select[int]:
        here = tuple_(self.key, LeadRow.submission_id)
        if start is not None:
            query = query.where(here < start if self.down else here > start)
        columns = (self.key, LeadRow.submission_id)
        return query.order_by(*(column.desc() if self.down else column for column in columns))


def _selected(search: LeadSearch, viewer: Viewer, now: datetime) -> Select[int]:
    return select(LeadRow.submission_id).where(*_conditions(search, viewer, now))


def _conditions(search: LeadSearch, viewer: Viewer, now: datetime) -> Iterator[_Condition]:
    """What a lead must be, one condition for each filter that is set."""
    if search.stages:
        yield LeadRow.stage.in_(search.stages)
    if search.holder:
        yield _held(search.holder, viewer)
    yield from _facts(search)
    yield from _times(search, viewer, now)
    for word in search.text.split():
        yield _named(word)


def _facts(search: LeadSearch) -> Iterator[_Condition]:
    """The filters on what was frozen when the lead came in."""
    if search.archetype:
        yield LeadRow.archetype == search.archetype
    if search.separation:
        yield _in_band("separation", search.separation)
    if search.handoff:
        yield _in_band("handoff", search.handoff)
    if search.source is not None:
        yield LeadRow.source == search.source
    if search.consult:
        yield LeadRow.wants_consult.is_(search.consult == "yes")
    if search.demo:
        yield LeadRow.demo.is_(search.demo == "only")


def _times(search: LeadSearch, viewer: Viewer, now: datetime) -> Iterator[_Condition]:
    if search.due:
        yield waiting()
    if search.due == "overdue":
        yield LeadRow.due_at < now
    if search.since:
        yield LeadRow.submitted_at >= _start_of(search.since, viewer)
    if search.until:
        yield LeadRow.submitted_at < _start_of(search.until + timedelta(days=1), viewer)


def waiting() -> _Condition:
    """Open leads that nobody at the agency has answered yet, though it was promised."""
    return and_(
        LeadRow.first_contact_at.is_(None),
        LeadRow.due_at.is_not(None),
        LeadRow.stage.not_in(sorted(CLOSED)),
    )


def _held(holder: str, viewer: Viewer) -> _Condition:
    match holder:
        case "me":
            return LeadRow.holder_id == viewer.id
        case "nobody":
            return LeadRow.holder_id.is_(None)
        case "offered":
            return LeadRow.offered_to_id == viewer.id
    return LeadRow.holder_id == int(holder)


def _in_band(axis: Axis, band: str) -> _Condition:
    """A band begins at its cut and ends before the next; the last one holds 100 as well."""
    low, high = dict(zip(BANDS[axis], pairwise((0, *CUTS, 101)), strict=True))[band]
    score = _KEYS[axis]
    return and_(score >= low, score < high)


def _start_of(day: date, viewer: Viewer) -> datetime:
    return datetime.combine(day, time(), viewer.zone)


def _named(word: str) -> _Condition:
    texts = (ContactRow.business, ContactRow.name, ContactRow.email)
    return exists().where(
        ContactRow.submission_id == LeadRow.submission_id,
        or_(*(func.lower(text).contains(word.lower(), autoescape=True) for text in texts)),
    )


def _leads(session: Session, ids: Sequence[int]) -> list[FoundLead]:
    """What the list shows of these leads, in this order; one query by primary keys."""
    holder, offered = aliased(StaffUserRow), aliased(StaffUserRow)
    rows = session.execute(
        select(
            LeadRow,
            SubmissionRow.edition,
            ContactRow.name,
            ContactRow.business,
            holder.name,
            offered.name,
        )
        .join(SubmissionRow, SubmissionRow.id == LeadRow.submission_id)
        .outerjoin(ContactRow, ContactRow.submission_id == LeadRow.submission_id)
        .outerjoin(holder, holder.id == LeadRow.holder_id)
        .outerjoin(offered, offered.id == LeadRow.offered_to_id)
        .where(LeadRow.submission_id.in_(ids))
    )
    found = {row[0].submission_id: _found(*row) for row in rows}
    return [found[lead_id] for lead_id in ids]


def _found(
    row: LeadRow,
    edition: str,
    name: str | None,
    business: str | None,
    holder: str | None,
    offered_to: str | None,
) -> FoundLead:
    return FoundLead(
        id=row.submission_id,
        version=row.version,
        submitted_at=row.submitted_at,
        edition=edition,
        demo=row.demo,
        name=name or "",
        business=business or "",
        separation=row.separation,
        handoff=row.handoff,
        archetype=row.archetype,
        source=row.source,
        wants_consult=row.wants_consult,
        stage=row.stage,
        stage_since=row.stage_since,
        holder_id=row.holder_id,
        holder=holder or "",
        offered_to_id=row.offered_to_id,
        offered_to=offered_to or "",
        due_at=row.due_at,
        first_contact_at=row.first_contact_at,
    )
