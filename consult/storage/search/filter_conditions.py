"""The filters of a `LeadSearch` as conditions, and what the database can do with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, not_, select

from consult.questionnaire import Axis
from consult.scoring.axis import BANDS, CUTS
from consult.storage.search.lead_filter import OPEN, LeadSearch, Viewer
from consult.storage.search_index import query_terms
from consult.storage.tables.lead_tables import IS_OPEN, LeadRow
from consult.storage.tables.search_tables import LeadWordRow
from consult.workflow.stages import CLOSED

Condition = ColumnElement[bool]
Lead = type[LeadRow]
Holds = Callable[[Lead], Condition]

_LAST_LETTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a lead.

    Attributes:
        holds: the condition on a row of leads, or on one out of a subquery of them.
        ids: the ids that it selects, where an index leads to them; otherwise it is looked at only.
        leads: the condition that selects leads by that index.
        indexes: the index that gives these leads in the order of a column, by the column; the
            first is that of `ids`.
        walked: the condition that leads are walked by in that order; what `bounds` says is added.
        bounds: the column of which this is a range, from the first of `limits` to the second.
    """

    holds: Holds
    ids: Select[int] | None = None
    leads: Condition | None = None
    indexes: Mapping[str, str] = field(default_factory=dict)
    walked: Condition | None = None
    bounds: str = ""
    limits: tuple[Condition | None, Condition | None] = (None, None)


def filters_of(search: LeadSearch, viewer: Viewer, now: datetime) -> list[Filter]:
    """What a lead must be. Those that tend to select the fewest come first."""
    return [
        *_words(search),
        *_held(search, viewer),
        *_due(search, now),
        *_facts(search),
        *_wishes(search),
        *_stages(search),
        *_bands(search),
        *_days(search, viewer),
    ]


def _indexed(holds: Holds, *columns: str, index: str) -> Filter:
    """A filter with an index, or one for each column that gives an order."""
    condition = holds(LeadRow)
    indexes = {column: f"{index}_{column}" for column in columns[1:]}
    ids = using(index, select(LeadRow.submission_id).where(condition))
    indexes = {columns[0] if columns else "": index, **indexes}
    return Filter(holds, ids=ids, leads=condition, indexes=indexes, walked=condition)


def using(index: str | None, query: Select[Any]) -> Select[Any]:
    """Have SQLite take this index; it has no statistics to choose by, unless told to make some."""
    if index is None:
        return query
    return query.with_hint(LeadRow, f"INDEXED BY {index}", "sqlite")


def _words(search: LeadSearch) -> Iterator[Filter]:
    for term in query_terms(search.text):
        begins = LeadWordRow.word.between(term, term + _LAST_LETTER)
        ids = select(LeadWordRow.submission_id).where(begins)
        yield Filter(partial(_has_word, begins), ids=ids, leads=LeadRow.submission_id.in_(ids))


def _has_word(begins: Condition, lead: Lead) -> Condition:
    # The offset keeps PostgreSQL from reading all leads with the word first, and not one by one.
    return (
        select(LeadWordRow.submission_id)
        .where(LeadWordRow.submission_id == lead.submission_id, begins)
        .correlate_except(LeadWordRow)
        .offset(0)
        .exists()
    )


def _held(search: LeadSearch, viewer: Viewer) -> Iterator[Filter]:
    if search.assignee == "offered":
        yield _indexed(lambda lead: lead.offered_to_id == viewer.id, index="ix_leads_offered_to_id")
    elif search.assignee:
        assignee = {"me": viewer.id, "nobody": None}.get(search.assignee, search.assignee)
        only_open = _only_open(search)
        index = "ix_leads_held_open" if only_open else "ix_leads_held"
        yield _indexed(partial(_is_held, assignee, only_open), "submitted_at", index=index)


def _is_held(assignee: int | str | None, only_open: bool, lead: Lead) -> Condition:
    held = lead.assignee_id.is_(None) if assignee is None else lead.assignee_id == int(assignee)
    return and_(held, is_open(lead)) if only_open else held


def _due(search: LeadSearch, now: datetime) -> Iterator[Filter]:
    if search.due == "waiting":
        yield _indexed(is_waiting, "due_at", index="ix_leads_waiting")
    elif search.due == "overdue":
        found = _indexed(partial(is_overdue, now), "due_at", index="ix_leads_waiting")
        end = LeadRow.due_at < now
        yield replace(found, walked=is_waiting(LeadRow), bounds="due_at", limits=(None, end))


def _facts(search: LeadSearch) -> Iterator[Filter]:
    if search.source is not None:
        yield _indexed(
            lambda lead: lead.source == search.source, "submitted_at", index="ix_leads_source"
        )
    if search.archetype:
        yield _indexed(
            lambda lead: lead.archetype == search.archetype,
            *("submitted_at", "separation", "handoff"),
            index="ix_leads_archetype",
        )


def _wishes(search: LeadSearch) -> Iterator[Filter]:
    for column, index, wanted in (
        ("demo", "ix_leads_demo", {"only": True, "without": False}.get(search.demo)),
        ("wants_consult", "ix_leads_consult", {"yes": True, "no": False}.get(search.consult)),
    ):
        if wanted:
            yield _indexed(partial(_is, column, True), "submitted_at", index=index)
        elif wanted is False:
            yield Filter(partial(_is, column, False))  # always many: no index would help


def _is(column: str, wanted: bool, lead: Lead) -> Condition:
    if lead is LeadRow and wanted:
        return literal_column(column)  # the partial index says no more than this
    value: Condition = getattr(lead, column)
    return value if wanted else not_(value)


def _stages(search: LeadSearch) -> Iterator[Filter]:
    if len(search.stages) == 1:
        yield _indexed(
            lambda lead: lead.stage == search.stages[0], "submitted_at", index="ix_leads_stage"
        )
    elif search.stages:
        # Those held or waiting are asked for by indexes of open ones already.
        told = search.due or search.assignee not in ("", "offered")
        if _only_open(search) and not told:
            yield _indexed(is_open, "submitted_at", index="ix_leads_open")
        if search.stages != OPEN:
            yield Filter(lambda lead: lead.stage.in_(search.stages))


def _only_open(search: LeadSearch) -> bool:
    return bool(search.stages) and CLOSED.isdisjoint(search.stages)


def _bands(search: LeadSearch) -> Iterator[Filter]:
    """A band begins at its cut and ends before the next; the last one holds 100 as well."""
    axes: tuple[tuple[Axis, str], ...] = (
        ("separation", search.separation),
        ("handoff", search.handoff),
    )
    for axis, band in axes:
        if band:
            ranges = dict(zip(BANDS[axis], pairwise((0, *CUTS, 101)), strict=True))
            yield _range(axis, *ranges[band])


def _days(search: LeadSearch, viewer: Viewer) -> Iterator[Filter]:
    first = _start_of(search.since, viewer) if search.since else None
    end = _start_of(search.until + timedelta(days=1), viewer) if search.until else None
    if first or end:
        yield _range("submitted_at", first, end)


def _start_of(day: date, viewer: Viewer) -> datetime:
    return datetime.combine(day, time(), viewer.zone)


def _range(column: str, low: Any, high: Any) -> Filter:
    """From `low` to just before `high`, where None is no limit."""

    def limits(lead: Lead) -> tuple[Condition | None, Condition | None]:
        value = getattr(lead, column)
        return None if low is None else value >= low, None if high is None else value < high

    def holds(lead: Lead) -> Condition:
        return and_(*(limit for limit in limits(lead) if limit is not None))

    index = {"submitted_at": "ix_leads_newest"}.get(column, f"ix_leads_{column}")
    found = _indexed(holds, column, index=index)
    return replace(found, walked=None, bounds=column, limits=limits(LeadRow))


def is_open(lead: Lead) -> Condition:
    """Leads without a clear answer yet."""
    if lead is LeadRow:  # where an index may serve, which wants to hear its own words
        return literal_column(IS_OPEN)
    return lead.stage.not_in(sorted(CLOSED))


def is_overdue(now: datetime, lead: Lead) -> Condition:
    """Leads that wait for an answer longer than was promised."""
    return and_(is_waiting(lead), lead.due_at < now)


def is_waiting(lead: Lead) -> Condition:
    """Open leads that nobody at the agency has answered yet, though it was promised."""
    return and_(lead.first_contact_at.is_(None), lead.due_at.is_not(None), is_open(lead))
