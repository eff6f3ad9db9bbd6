"""Find the leads that a `LeadSearch` selects: a page at a time, or all of them in turn.

No page costs more because there are more leads. If any filter leaves few leads over, those are read
and the other filters looked at for each. Otherwise the leads are walked in the order wanted, along
an index, until the page is full. A walk that meets very few ends after some hundreds and says so:
its page has a place to go on from, and may be empty.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Select,
    bindparam,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql import visitors

from consult.storage.db.base import HIGHEST_ID
from consult.storage.db.database import Session
from consult.storage.search.filter_conditions import Filter, filters_of, using
from consult.storage.search.index_scan import Place, Walk, among, beyond, ordered
from consult.storage.search.lead_filter import LeadSearch, Viewer
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow

PAGE_SIZE = 50
FEW, SOME = 2_000, 4_000
"""So many leads are read in one go; of so many, those that another such filter selects too."""

COUNT_TO = 1_000
"""Up to so many are counted, among those read or walked over for the first page."""

_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = {"newest": "submitted_at", "oldest": "submitted_at", "due": "due_at"}


@dataclass(frozen=True, slots=True)
class FoundLead:
    """A lead as a list shows it. Names are empty where there is no contact, assignee or offer."""

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
    assignee_id: int | None
    assignee: str
    offered_to_id: int | None
    offered_to: str
    due_at: datetime | None
    first_contact_at: datetime | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many leads a search selects: exactly, or at least so many."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of leads in order, and the places before and after it; empty at either end.

    `cut_short` says that the walk ended before the page was full: there may be more further on.
    `count` is told with the first page only.
    """

    leads: Sequence[FoundLead]
    before: str
    after: str
    cut_short: bool
    count: Count | None


class Finding:
    """A search, ready to be answered on one session.

    Args:
        session: any.
        search: what to select.
        viewer: who looks.
    """

    def __init__(self, session: Session, search: LeadSearch, viewer: Viewer) -> None:
        self._session = session
        self._filters = filters_of(search, viewer, session.now())
        self._few = self._fewest()
        self._walks: dict[tuple[Place | None, bool], Walk] = {}
        column = search.sort.removeprefix("-")
        self._column = _COLUMNS.get(column, column)
        self._down = search.sort == "newest" or search.sort.startswith("-")

    def page(self, *, after: str = "", before: str = "", limit: int = PAGE_SIZE) -> FoundPage:
        """A page of leads.

        Args:
            after: the place at the end of the page before, as `FoundPage.after` has it. Leads that
                come in while somebody reads move nothing. A place that makes no sense is the start.
            before: the place at the beginning of the page after; if given, `after` says nothing.
            limit: how many at most.
        """
        back = self._start(before)
        start = back or self._start(after)
        down = self._down if back is None else not self._down
        # The first page is counted as well: with the same look at the leads, as that is most of it.
        wanted = (limit if start else max(limit, COUNT_TO)) + 1
        found = self._ids(start, down, wanted)
        turn = "" if len(found) == wanted else self._turn(start, down, wanted)
        more, ids = len(found) > limit, found[:limit]
        leads = by_ids(self._session, ids)
        cut_short = bool(turn) and not more
        further = self._place(leads[-1]) if more else turn
        behind = self._place(leads[0]) if leads and start else ""
        if back:
            return FoundPage(leads[::-1], further, behind, cut_short, None)
        exact = not turn and len(found) <= COUNT_TO
        count = None if start else Count(min(len(found), COUNT_TO), exact)
        return FoundPage(leads, behind, further, cut_short, count)

    def beside(self, lead_id: int) -> tuple[int | None, int | None]:
        """The leads before and after one; None at either end, and where a walk finds none.

        It need not be among those that are selected: it may have been done with meanwhile.
        """
        row = self._session.get(LeadRow, lead_id)
        key = getattr(row, self._column) if row else None
        if key is None:
            return None, None
        found = [self._ids((key, lead_id), down, 1) for down in (not self._down, self._down)]
        before, after = (ids[0] if ids else None for ids in found)
        return before, after

    def everything(self) -> Select[int]:
        """All ids in order, in one query."""
        query = select(LeadRow.submission_id)
        query = query.where(*(found.holds(LeadRow) for found in self._filters))
        return query.order_by(*ordered(LeadRow, self._column, down=self._down))

    def _fewest(self) -> Sequence[Filter]:
        """The filter that selects few leads, or the two that select some; none if all do many."""
        indexed = [found for found in self._filters if found.ids is not None]
        if not indexed:
            return ()
        most = SOME if len(indexed) > 1 else FEW
        capped = [
            found.ids.limit(most + 1).subquery() for found in indexed if found.ids is not None
        ]
        counts = [select(func.count()).select_from(ids).scalar_subquery() for ids in capped]
        numbers = self._session.execute(select(*counts)).one()
        ranked = sorted((number, at) for at, number in enumerate(numbers) if number <= most)
        if ranked and ranked[0][0] <= FEW:
            return [indexed[ranked[0][1]]]
        return [indexed[at] for _, at in ranked[:2]] if len(ranked) > 1 else ()

    def _ids(self, start: Place | None, down: bool, limit: int) -> list[int]:
        return list(self._session.scalars(self._matching(start, down, limit).limit(limit)))

    @property
    def _is_sqlite(self) -> bool:
        return self._session.get_bind().dialect.name == "sqlite"

    def _matching(self, start: Place | None, down: bool, wanted: int) -> Select[int]:
        """The ids of those among the candidates that all filters hold for, in order."""
        candidates = self._candidates(start, down).limit(self._most(start, down, wanted))
        looked_at = list(self._looked_at(start, down))
        if not self._few and not looked_at:
            return candidates.with_only_columns(LeadRow.submission_id)
        needed = {"submission_id", self._column, *_columns_of(looked_at)}
        columns = [getattr(LeadRow, name) for name in sorted(needed)]
        lead = aliased(LeadRow, candidates.with_only_columns(*columns).subquery())
        query = select(lead.submission_id).where(*(found.holds(lead) for found in looked_at))
        if self._few and start:
            # Few leads are read whatever their order, so that the place has to be looked at here.
            query = query.where(beyond(lead, self._column, start, down=down))
        if self._is_sqlite and not self._few:
            # It gives a walk's rows in the order walked; told to, it would sort them all once more.
            return query
        return query.order_by(*ordered(lead, self._column, down=down))

    def _most(self, start: Place | None, down: bool, wanted: int) -> int:
        """How many candidates there may be."""
        if self._few:
            return 2 * SOME
        length = self._walk(start, down).length
        # Where an index tells all, no lead has to be read.
        return length if any(self._looked_at(start, down)) else max(length, wanted)

    def _looked_at(self, start: Place | None, down: bool) -> Iterator[Filter]:
        """The filters to look at for each candidate: not those that chose them.

        Without these, an index often tells all, and no lead has to be read.
        """
        chosen = self._few or self._walk(start, down).by
        for found in self._filters:
            # On the way, a walk begins at its place, which may be before the range.
            is_half = found.bounds and start and not self._few
            if is_half or all(found is not one for one in chosen):
                yield found

    def _candidates(self, start: Place | None, down: bool) -> Select[LeadRow]:
        """Where to look for leads: the few of some filter, or all along the order wanted.

        It becomes a subquery with a limit, which neither engine looks into when it plans the rest:
        left to themselves, both may choose to walk over all leads for the sake of the order.
        """
        if not self._few:
            return self._walk(start, down).met()
        few, *others = self._few
        index = next(iter(few.indexes.values()), None)
        query = using(index, select(LeadRow).where(*_given(few.leads)))
        return query.where(*(among(found.ids) for found in others if found.ids is not None))

    def _walk(self, start: Place | None, down: bool) -> Walk:
        if (start, down) not in self._walks:
            walk = Walk(self._session, self._filters, self._column, start, down=down)
            self._walks[start, down] = walk
        return self._walks[start, down]

    def _turn(self, start: Place | None, down: bool, wanted: int) -> str:
        """The place at which a walk ends; empty if it comes to the end of the leads before."""
        if self._few:
            return ""
        walk = self._walk(start, down)
        # Where the index tells all, a page that is not full holds all that the walk met.
        tells_all = not any(self._looked_at(start, down))
        turn = walk.end if tells_all else walk.turn(self._most(start, down, wanted))
        return _as_text(*turn) if turn else ""

    def _place(self, lead: FoundLead) -> str:
        return _as_text(getattr(lead, self._column), lead.id)

    def _start(self, place: str) -> Place | None:
        found = re.fullmatch(r"(-?[0-9]{1,17}(?:\.[0-9]{1,20})?)_([0-9]{1,10})", place)
        if found is None or int(found[2]) > HIGHEST_ID:
            return None
        if self._column in ("separation", "handoff"):
            return float(found[1]), int(found[2])
        try:
            return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
        except (ValueError, OverflowError):
            return None


def find(
    session: Session,
    search: LeadSearch,
    viewer: Viewer,
    *,
    after: str = "",
    before: str = "",
    limit: int = PAGE_SIZE,
) -> FoundPage:
    """A page of the leads that a search selects, in its order: see `Finding.page`."""
    return Finding(session, search, viewer).page(after=after, before=before, limit=limit)


def neighbours(
    session: Session, search: LeadSearch, viewer: Viewer, lead_id: int
) -> tuple[int | None, int | None]:
    """The leads before and after one in the order of a search: see `Finding.beside`."""
    return Finding(session, search, viewer).beside(lead_id)


def every_id(session: Session, search: LeadSearch, viewer: Viewer) -> Iterator[int]:
    """The ids of all leads that a search selects, in its order, read some hundreds at a time."""
    finding = Finding(session, search, viewer)
    after = ""
    while True:
        page = finding.page(after=after, limit=_AT_ONCE)
        yield from (lead.id for lead in page.leads)
        if not page.after:
            return
        after = page.after


def ids_at_once(session: Session, search: LeadSearch, viewer: Viewer) -> array[int]:
    """The ids of all leads that a search selects, in its order, as they all stand at one moment.

    It looks at every lead, so no page should wait for that. Read page by page instead, a lead would
    be met twice or never if what it is sorted by is changed meanwhile.
    """
    finding = Finding(session, search, viewer)
    return array("q", session.scalars(finding.everything()))


def how_many(session: Session, search: LeadSearch, viewer: Viewer) -> int:
    """How many leads a search selects, every one of them counted: no page should wait for that."""
    conditions = (found.holds(LeadRow) for found in filters_of(search, viewer, session.now()))
    return session.scalar(select(func.count()).select_from(LeadRow).where(*conditions)) or 0


def _columns_of(filters: Sequence[Filter]) -> Iterator[str]:
    """The columns of leads that filters look at."""
    lead = aliased(LeadRow)
    table = inspect(lead).selectable
    conditions = select(lead.submission_id).where(*(found.holds(lead) for found in filters))
    for part in visitors.iterate(conditions):
        if isinstance(part, ColumnClause) and part.table is table:
            yield part.key


def _given(*conditions: ColumnElement[bool] | None) -> list[ColumnElement[bool]]:
    return [condition for condition in conditions if condition is not None]


def _as_text(key: datetime | float | None, lead_id: int) -> str:
    """A place in the order, as an address holds it: it names a moment or a score, and no person."""
    if isinstance(key, datetime):
        key = (key - _EPOCH) // timedelta(microseconds=1)
    return f"{key}_{lead_id}"


def by_ids(session: Session, ids: Sequence[int]) -> list[FoundLead]:
    """What the list shows of these leads, in this order, without those that are not there."""
    rows = session.execute(_SHOWN, {"ids": ids})
    # Columns in the order of the fields, and no records: those take as long as all the rest.
    found = {row[0]: FoundLead(*row) for row in rows}
    return [found[lead_id] for lead_id in ids if lead_id in found]


def _shown() -> Select[Any]:
    """All fields of `FoundLead` in their order, of the leads with some `ids`."""
    assignee, offered = aliased(StaffUserRow), aliased(StaffUserRow)
    elsewhere: Mapping[str, Any] = {
        "id": SubmissionRow.id,
        "edition": SubmissionRow.edition,
        "name": func.coalesce(ContactRow.name, ""),
        "business": func.coalesce(ContactRow.business, ""),
        "assignee": func.coalesce(assignee.name, ""),
        "offered_to": func.coalesce(offered.name, ""),
    }
    columns = [
        elsewhere[field.name] if field.name in elsewhere else getattr(LeadRow, field.name)
        for field in fields(FoundLead)
    ]
    return (
        select(*columns)
        .select_from(LeadRow)
        .join(SubmissionRow, SubmissionRow.id == LeadRow.submission_id)
        .outerjoin(ContactRow, ContactRow.submission_id == LeadRow.submission_id)
        .outerjoin(assignee, assignee.id == LeadRow.assignee_id)
        .outerjoin(offered, offered.id == LeadRow.offered_to_id)
        .where(LeadRow.submission_id.in_(bindparam("ids", expanding=True)))
    )


_SHOWN = _shown()
