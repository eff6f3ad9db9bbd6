"""Find the leads that a `LeadFilter` selects: a page at a time, or all of them.

A list is one plain query, continued behind the last lead of the page before (keyset paging). If an
index leads to a filter's leads and they are few, those are read first and the rest is checked on
them: a database that guesses wrong would read all leads in the order wanted instead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, Row, Select, bindparam, column, func, select, table, true, tuple_

from consult.storage.db.base import HIGHEST_ID
from consult.storage.db.database import Session
from consult.storage.documents import pdf_failed
from consult.storage.search.lead_filter import Context, LeadFilter, Sort, Viewer
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow, is_overdue
from consult.storage.tables.submission_tables import ContactRow

FEW, FEW_WITH_WORD = 2_000, 8_000
"""If a filter selects at most so many leads, they are read first; or a word of a search.

To look whether a lead has a word takes longer than to look at its columns.
"""

COUNT_TO = 1_000
"""More leads than this are not counted one by one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = {"newest": "submitted_at", "oldest": "submitted_at", "next": "next_at"}
_PLACE = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,3})?)_([0-9]{1,10})")

Place = tuple[datetime | float, int]
"""A lead's place in an order: the value it is sorted by, and its id."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of leads in order; what there is of each is that of `by_ids`, and `pdf_failed`.

    `before` is the place to go back from, empty on the first page; `after` the place to go on from,
    empty on the last. The first page has the `count` of all leads, up to `COUNT_TO` + 1.
    """

    leads: Sequence[Row[Any]]
    before: str
    after: str
    count: int | None = None


def find(
    session: Session,
    wanted: LeadFilter,
    viewer: Viewer,
    *,
    after: str = "",
    before: str = "",
    limit: int,
) -> FoundPage:
    """Return a page of at most `limit` leads that a filter selects, in its order.

    `after` is `FoundPage.after` of the page before, or `before` is `FoundPage.before` of the page
    after. A place that makes no sense is the start. Leads that come in do not move the others.
    """
    query = _Query(session, wanted, viewer)
    if start := query.parse(before):
        rows = query.shown(limit + 1, start, backward=True)
        leads = rows[:limit][::-1]
        return FoundPage(leads, query.place(leads[:1], len(rows) > limit), query.place(leads[-1:]))
    if start := query.parse(after):
        rows = query.shown(limit + 1, start)
        leads = rows[:limit]
        return FoundPage(leads, query.place(leads[:1]), query.place(leads[-1:], len(rows) > limit))
    rows = query.first_shown(limit + 1, COUNT_TO + 1)
    leads, count = rows[:limit], rows[0].total if rows else 0
    return FoundPage(leads, "", query.place(leads[-1:], len(rows) > limit), count)


def neighbors(
    session: Session, wanted: LeadFilter, viewer: Viewer, lead_id: int
) -> tuple[int | None, int | None]:
    """Return the leads before and after one in the order of a filter; None at either end.

    The lead itself need not be selected: it may have changed since it was.
    """
    query = _Query(session, wanted, viewer)
    row = session.get(LeadRow, lead_id)
    key = getattr(row, query.column) if row else None
    if key is None:
        return None, None
    sides = (query.places(1, (key, lead_id), backward=backward).cte() for backward in (True, False))
    ids = (select(side.c.id).scalar_subquery() for side in sides)
    before, after = session.execute(select(*ids)).one()
    return before, after


def next_ids(
    session: Session, wanted: LeadFilter, viewer: Viewer, limit: int, after: str = ""
) -> tuple[list[int], str]:
    """Return the ids of the leads that follow a place, and the place to go on from, if any."""
    query = _Query(session, wanted, viewer)
    ids = query.ids(limit + 1, query.parse(after))
    if len(ids) <= limit:
        return ids, ""
    last = session.get_one(LeadRow, ids[limit - 1])
    return ids[:limit], _place_text(getattr(last, query.column), last.submission_id)


def is_place(text: str) -> bool:
    """Whether a text is a place among the newest leads, such as one that `next_ids` returns."""
    return _parse(text, _column("newest")) is not None


def how_many(session: Session, wanted: LeadFilter, viewer: Viewer) -> int:
    conditions = wanted.conditions(LeadRow, Context(viewer, session.now()))
    return session.scalar(select(func.count()).select_from(LeadRow).where(*conditions)) or 0


class _Query:
    """The query of a filter, ready to be asked for parts of its result."""

    def __init__(self, session: Session, wanted: LeadFilter, viewer: Viewer) -> None:
        self._session = session
        self._wanted = wanted
        self._context = Context(viewer, session.now())
        self._few = self._find_few()
        self.column = _column(wanted.sort)
        self._descending = wanted.sort == "newest" or wanted.sort.startswith("-")

    def ids(self, limit: int, start: Place | None) -> list[int]:
        """The ids of the leads that follow a place, nearest first."""
        return [row.id for row in self._session.rows(self.places(limit, start))]

    def shown(
        self, limit: int, start: Place | None = None, *, backward: bool = False
    ) -> Sequence[Row[Any]]:
        """What a list shows of the leads that follow a place, nearest first; or of those before."""
        page = self.places(limit, start, backward=backward).cte("page")
        order = _in_order(_PAGE.c.key, _PAGE.c.id, self._descending != backward)
        return self._session.rows(_SHOWN_PAGE.add_cte(page).order_by(*order)).all()

    def first_shown(self, limit: int, count_to: int) -> Sequence[Row[Any]]:
        """The same of the first leads, and the `total` of all leads in each row, up to a number.

        One query finds them for both, as reading leads is most of its cost.
        """
        found = self.places(count_to).cte("found")
        order = _in_order(_FOUND.c.key, _FOUND.c.id, self._descending)
        page = select(_FOUND).order_by(*order).limit(limit).cte("page")
        order = _in_order(_PAGE.c.key, _PAGE.c.id, self._descending)
        query = _SHOWN_FIRST_PAGE.add_cte(found, page).order_by(*order)
        return self._session.rows(query).all()

    def places(
        self, limit: int, start: Place | None = None, *, backward: bool = False
    ) -> Select[int, Any]:
        """The query for the `id` of such leads, and for the `key` that they are sorted by."""
        lead: Any = _FEW.c if self._few is not None else LeadRow
        descending = self._descending != backward
        key, id = getattr(lead, self.column), lead.submission_id
        query = select(id.label("id"), key.label("key")).limit(limit)
        query = query.where(*self._wanted.conditions(lead, self._context))
        query = query.order_by(*_in_order(key, id, descending))
        if start:
            here: Any = tuple_(key, id)
            query = query.where(here < start if descending else here > start)
        return query if self._few is None else query.add_cte(self._few)

    def parse(self, text: str) -> Place | None:
        return _parse(text, self.column)

    def place(self, leads: Sequence[Row[Any]], exists: bool = True) -> str:
        """The place of a lead, if there is one, as an address has it."""
        return _place_text(getattr(leads[0], self.column), leads[0].id) if leads and exists else ""

    def _find_few(self) -> CTE | None:
        """The leads of the condition that selects the fewest, if those are few: for `_FEW`."""
        by_word, by_column = self._wanted.indexed_ids(self._context)
        indexed = [*((ids, FEW_WITH_WORD) for ids in by_word), *((ids, FEW) for ids in by_column)]
        if not indexed:
            return None
        capped = (ids.limit(most + 1).subquery() for ids, most in indexed)
        counts = (select(func.count()).select_from(ids).scalar_subquery() for ids in capped)
        numbers = self._session.rows(select(*counts)).one()
        counted = [(number, at) for at, number in enumerate(numbers) if number <= indexed[at][1]]
        if not counted:
            return None
        ids, most = indexed[min(counted)[1]]
        # A subquery with a limit is read on its own by both engines, whatever the order.
        return _LEADS.where(LeadRow.submission_id.in_(ids.limit(most))).limit(most).cte("few")


# Parts of a query by name: SQLAlchemy would derive the columns of each again, which takes longer
# than running it.
_LEADS = select(LeadRow.__table__)
_FEW = table("few", *(column(one.name, one.type) for one in _LEADS.selected_columns))
_FOUND, _PAGE = (table(name, column("id"), column("key")) for name in ("found", "page"))


def _in_order(key: Any, id: Any, descending: bool) -> tuple[Any, Any]:
    return (key.desc(), id.desc()) if descending else (key, id)


def _column(sort: Sort) -> str:
    """The column that an order sorts by."""
    column = sort.removeprefix("-")
    return _COLUMNS.get(column, column)


def _parse(text: str, column: str) -> Place | None:
    """Read a place from an address; None if it makes no sense."""
    found = _PLACE.fullmatch(text)
    if found is None or int(found[2]) > HIGHEST_ID:
        return None
    if column in ("separation", "handoff"):
        return float(found[1]), int(found[2])
    try:
        return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
    except (ValueError, OverflowError):
        return None


def _place_text(key: datetime | float, lead_id: int) -> str:
    """A place as an address has it: a time or a score, and no personal data."""
    value = (key - _EPOCH) // timedelta(microseconds=1) if isinstance(key, datetime) else key
    return f"{value}_{lead_id}"


def by_ids(session: Session, ids: Sequence[int]) -> list[Row[Any]]:
    """Return what a list shows of these leads, in this order, without those that do not exist.

    Names are empty without a contact, assignee or offer.
    """
    found = {row.id: row for row in session.rows(_SHOWN, {"ids": ids})}
    return [found[lead_id] for lead_id in ids if lead_id in found]


# Of the tables themselves: SQLAlchemy looks longer at attributes of their classes.
_LEAD, _CONTACT = LeadRow.__table__, ContactRow.__table__
_ASSIGNEE, _OFFERED_TO = StaffUserRow.__table__.alias(), StaffUserRow.__table__.alias()
# Columns, and no rows of tables: those take as long as all the rest.
_SHOWN_COLUMNS: Sequence[Any] = (
    _LEAD.c.submission_id.label("id"),
    *(_LEAD.c.submitted_at, _LEAD.c.demo, _LEAD.c.source, _LEAD.c.wants_consult),
    *(_LEAD.c.separation, _LEAD.c.handoff, _LEAD.c.archetype),
    *(_LEAD.c.stage, _LEAD.c.suspect, _LEAD.c.assignee_id, _LEAD.c.offered_to_id),
    *(_LEAD.c.due_at, _LEAD.c.first_contact_at, _LEAD.c.consult_at, _LEAD.c.follow_up_on),
    *(_LEAD.c.next_at, _LEAD.c.version, _LEAD.c.anonymised_at),
    func.coalesce(_CONTACT.c.name, "").label("name"),
    func.coalesce(_CONTACT.c.business, "").label("business"),
    func.coalesce(_CONTACT.c.phone, "").label("phone"),
    func.coalesce(_CONTACT.c.email, "").label("email"),
    func.coalesce(_ASSIGNEE.c.name, "").label("assignee"),
    func.coalesce(_OFFERED_TO.c.name, "").label("offered_to"),
)


def _shown(leads: Any, *more: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*_SHOWN_COLUMNS, *more)
        .select_from(leads)
        .outerjoin(_CONTACT, _CONTACT.c.submission_id == _LEAD.c.submission_id)
        .outerjoin(_ASSIGNEE, _ASSIGNEE.c.id == _LEAD.c.assignee_id)
        .outerjoin(_OFFERED_TO, _OFFERED_TO.c.id == _LEAD.c.offered_to_id)
    )


_SHOWN = _shown(_LEAD).where(_LEAD.c.submission_id.in_(bindparam("ids", expanding=True)))
_OF_PAGE = _PAGE.join(_LEAD, _LEAD.c.submission_id == _PAGE.c.id)
_PDF_FAILED = pdf_failed(_LEAD.c.submission_id).label("pdf_failed")
_SHOWN_PAGE = _shown(_OF_PAGE, _PDF_FAILED)
_SHOWN_FIRST_PAGE = _shown(
    _OF_PAGE, _PDF_FAILED, select(func.count()).select_from(_FOUND).scalar_subquery().label("total")
)


def colleagues(session: Session) -> list[tuple[int, str]]:
    return [(row.id, row.name) for row in session.rows(_COLLEAGUES)]


# Queries of every page are built once: that takes longer than running them.
_COLLEAGUES = (
    select(StaffUserRow.id, StaffUserRow.name)
    .where(StaffUserRow.active)
    .order_by(StaffUserRow.name, StaffUserRow.id)
)


def waiting(session: Session, user_id: int, most: int) -> tuple[int, int, int]:
    """Count leads handed to a user who has not answered, overdue ones, and probable spam.

    Of the latter two no more than `most` are counted.
    """
    values = {"user_id": user_id, "now": session.now(), "most": most}
    offers, overdue, suspect = session.rows(_WAITING, values).one()
    return offers, overdue, suspect


_LATE = select(LeadRow.submission_id).where(is_overdue(LeadRow, bindparam("now")))
_SUSPECT = select(LeadRow.submission_id).where(LeadRow.suspect == true())
_WAITING = select(
    select(func.count()).where(LeadRow.offered_to_id == bindparam("user_id")).scalar_subquery(),
    *(
        select(func.count()).select_from(ids.limit(bindparam("most")).subquery()).scalar_subquery()
        for ids in (_LATE, _SUSPECT)
    ),
)


def sources(session: Session, most: int) -> list[str]:
    """Return the first sources in alphabetical order; an empty one stands for none.

    It jumps along the index from one source to the next, without reading the leads between.
    """
    return [row.source for row in session.rows(_SOURCES, {"most": most})]


_FIRST = select(func.min(LeadRow.source).label("source")).cte("found", recursive=True)
_FOLLOWING = select(func.min(LeadRow.source)).where(LeadRow.source > _FIRST.c.source)
_EVERY = _FIRST.union_all(select(_FOLLOWING.scalar_subquery()).where(_FIRST.c.source.is_not(None)))
_SOURCES = select(_EVERY.c.source).where(_EVERY.c.source.is_not(None)).limit(bindparam("most"))
