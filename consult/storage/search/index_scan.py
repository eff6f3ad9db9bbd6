"""Walking along an index: the leads that come next in an order, and where a walk ends.

Where two filters have an index in that order, both are walked abreast, and only the leads that both
select are met: of filters that rarely meet, that goes many times further than looking at each lead
of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, tuple_, union_all

from consult.storage.db.database import Session
from consult.storage.search.filter_conditions import Filter, Lead, using
from consult.storage.tables.lead_tables import LeadRow

WALK, WALK_ON = 300, 600
"""So many leads are looked at on a walk for a first page, and for one on the way."""

ABREAST = 900
"""So many of each are walked over where two filters are walked abreast."""

_INDEXES = {
    "submitted_at": "ix_leads_newest",
    "separation": "ix_leads_separation",
    "handoff": "ix_leads_handoff",
}
Place = tuple[datetime | float, int]
"""Where a lead is in an order: its value there, and its id."""


class Walk:
    """A walk over the leads in an order.

    Args:
        session: any.
        filters: what a lead must be.
        column: what the leads are in order of; `down` from the greatest.
        start: behind which lead it begins; None for the first of all.

    Attributes:
        by: the filters by whose indexes it goes: none, one or two. The others hold for any lead
            that is met, or not.
        length: how many of those met are looked at.
        end: the last place that it comes to, if there is more behind.
    """

    def __init__(
        self,
        session: Session,
        filters: Sequence[Filter],
        column: str,
        start: Place | None,
        *,
        down: bool,
    ) -> None:
        self._session = session
        self._filters = filters
        self._column = column
        self._start = start
        self._down = down
        self.length = WALK_ON if start else WALK
        self.end: Place | None = None
        self.by = self._ways()

    def met(self) -> Select[LeadRow]:
        """The leads that it meets, in order, without end where it goes by one index."""
        query = self._along(self.by[0] if self.by else None)
        for other in self.by[1:]:
            as_well = self._along(other).with_only_columns(LeadRow.submission_id)
            query = query.where(among(as_well.order_by(None)))
        return query

    def turn(self, most: int) -> Place | None:
        """Where it ends after `most` leads; None if it comes to the last of all before."""
        if self.end or len(self.by) > 1:
            return self.end
        met = self.met().with_only_columns(*self._place)
        row = self._session.execute(met.offset(most - 1).limit(1)).first()
        return (row[0], row[1]) if row else None

    @property
    def _place(self) -> tuple[Any, Any]:
        return getattr(LeadRow, self._column), LeadRow.submission_id

    def _ways(self) -> Sequence[Filter]:
        """By which filters to go: those whose leads are furthest between from here on."""
        ordering = [found for found in self._filters if self._column in found.indexes]
        selecting = [found for found in ordering if found.walked is not None]
        if len(selecting) < 2:
            return selecting or ordering[:1]
        far = self._far(selecting)
        ran_out = [at for at in range(len(selecting)) if at not in far]
        ends = sorted(far, key=lambda at: far[at], reverse=not self._down)
        first, second, *_ = [*ran_out, *ends]
        self.end = far.get(second)
        if self.end:
            near = self._ahead(selecting[first], self.length)
            place = self._session.execute(near).first()
            here = (place[0], place[1]) if place else None
            # Where the other one's leads lie close, looking at each lead of this one goes further.
            if here is None or (here < self.end if self._down else here > self.end):
                self.end = here
                return [selecting[first]]
        self.length = ABREAST
        return [selecting[first], selecting[second]]

    def _far(self, filters: Sequence[Filter]) -> dict[int, Place]:
        """How far so many leads of each filter go, of those that have so many left."""
        ahead = (self._ahead(found, ABREAST).subquery() for found in filters)
        ends = (select(literal(at), *end.c) for at, end in enumerate(ahead))
        return {at: (key, lead_id) for at, key, lead_id in self._session.execute(union_all(*ends))}

    def _ahead(self, by: Filter, number: int) -> Select[Any]:
        """The place of a filter's lead that is so many ahead."""
        return self._along(by).with_only_columns(*self._place).offset(number - 1).limit(1)

    def _along(self, by: Filter | None) -> Select[LeadRow]:
        """The leads of a filter in order, from where the walk begins to where it ends."""
        index = by.indexes[self._column] if by else _INDEXES.get(self._column)
        query = using(index, select(LeadRow))
        if by and by.walked is not None:
            query = query.where(by.walked)
        query = query.where(*self._bounds())
        if self._start:
            query = query.where(beyond(LeadRow, self._column, self._start, down=self._down))
        if self.end:
            query = query.where(~beyond(LeadRow, self._column, self.end, down=self._down))
        return query.order_by(*ordered(LeadRow, self._column, down=self._down))

    def _bounds(self) -> Iterator[ColumnElement[bool]]:
        """Where the walk begins and ends because of a filter on the very column of the order.

        On the way, the place to go on from is where it begins: with two, SQLite may take the other.
        """
        for found in self._filters:
            if found.bounds == self._column:
                lower, upper = found.limits
                begin, end = (upper, lower) if self._down else (lower, upper)
                if self._start is None and begin is not None:
                    yield begin
                if end is not None:
                    yield end


def among(ids: Select[int]) -> ColumnElement[bool]:
    """Whether a lead is one of these.

    Said so that PostgreSQL looks them up in a table of their own. As a plain IN it may go through
    all of them for each lead, where it expects few and there are many.
    """
    return LeadRow.submission_id.in_(select(ids.subquery())).is_(True)


def ordered(lead: Lead, column: str, *, down: bool) -> tuple[Any, Any]:
    """What puts leads in order."""
    key, lead_id = getattr(lead, column), lead.submission_id
    return (key.desc(), lead_id.desc()) if down else (key, lead_id)


def beyond(lead: Lead, column: str, place: Place, *, down: bool) -> ColumnElement[bool]:
    """Whether a lead comes behind a place."""
    here = tuple_(getattr(lead, column), lead.submission_id)
    return here < place if down else here > place
