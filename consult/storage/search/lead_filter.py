"""Which leads to show, and in which order: one frozen `LeadFilter`, its address and its SQL.

Each field of `LeadFilter` says its default, how it is read from an address and written back, and
which condition it puts on a lead. To add one, add its labels in `staff/search/list_filters.py`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args, get_origin, get_type_hints
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, union_all

from consult.questionnaire.questions import Axis
from consult.scoring.axis import BANDS, CUTS
from consult.storage.db.base import HIGHEST_ID
from consult.storage.search_index import Alternatives, query_terms
from consult.storage.tables.lead_tables import (
    TIME_TO_BOOK,
    LeadRow,
    LeadWordRow,
    did_not_book,
    is_overdue,
    is_waiting,
    to_do,
)
from consult.workflow.stages import CLOSED, STAGES, Stage, ToDo

Sort = Literal[
    "newest", "oldest", "separation", "-separation", "handoff", "-handoff", "next", "-next"
]
SORTS: tuple[Sort, ...] = get_args(Sort)
OPEN: tuple[Stage, ...] = tuple(stage for stage in STAGES if stage not in CLOSED)
TEXT_MAX = 100
_SOURCE_MAX = 200
_NO_SOURCE = "-"
_DAY = timedelta(days=1)
_LAST_LETTER = "\U0010ffff"
# No stored text has one, no page may show one, and PostgreSQL takes no NUL in a query.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

Lead = type[LeadRow]
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at leads: "me" is this account, and a day is one in the agency's `zone`."""

    id: int
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Context:
    """What a condition may depend on besides the value of its filter."""

    viewer: Viewer
    now: datetime


@dataclass(frozen=True, slots=True)
class Definition:
    """How one field of `LeadFilter` works.

    `read` returns the value for those in an address, None if they make no sense; `write` is its
    inverse, and `parameter` the name in an address, if it is not that of the field. `where` is what
    a value demands of a lead, and `indexed` whether an index leads to the leads that it selects.
    """

    read: Callable[[Sequence[str]], Any]
    where: Callable[[Lead, Any, Context], Condition]
    write: Callable[[Any], Sequence[str]] = lambda value: (str(value),)
    parameter: str = ""
    indexed: bool = True


def _choice(
    choices: Mapping[str, Callable[[Lead, Context], Condition]], *, indexed: bool = True
) -> Definition:
    """A filter that is empty or one of some words, each with its condition."""
    return Definition(
        partial(_one_of, tuple(choices)),
        lambda lead, value, context: choices[value](lead, context),
        indexed=indexed,
    )


def _flag(column: str, if_true: str, if_false: str, **others: Any) -> Definition:
    """A filter by a column that is true or false, with the word for each; or by `others`."""
    found = {
        if_true: lambda lead, _: getattr(lead, column).is_(True),
        if_false: lambda lead, _: getattr(lead, column).is_(False),
    }
    return _choice(found | others, indexed=False)


def _one_of(known: Sequence[str], values: Iterable[str]) -> str | None:
    return next((value for value in values if value in known), None)


def _has_similar(lead: Lead, text: str, _context: Context) -> Condition:
    # Each name has so many alternatives that asking about lead after lead takes a second.
    words = query_terms(text, similar=True)
    # SQLite reads one range after the other sooner than all at once.
    found = (union_all(*(_with_terms((term,)) for term in terms)) for terms in words)
    return and_(true(), *(lead.submission_id.in_(ids) for ids in found))


def _with_terms(terms: Alternatives) -> Select[int]:
    begins = (LeadWordRow.word.between(term, term + _LAST_LETTER) for term in terms)
    return select(LeadWordRow.submission_id).where(or_(*begins))


def _has_terms(lead: Lead, text: str, _context: Context) -> Condition:
    found = (or_(*(_has_term(lead, term) for term in terms)) for terms in query_terms(text))
    return and_(true(), *found)


def _has_term(lead: Lead, term: str) -> Condition:
    # The offset keeps PostgreSQL from reading all leads with the term first.
    of_lead = _with_terms((term,)).where(LeadWordRow.submission_id == lead.submission_id)
    return of_lead.correlate_except(LeadWordRow).offset(0).exists()


def _read_stages(values: Sequence[str]) -> tuple[Stage, ...] | None:
    all_open = OPEN if "open" in values else ()
    return tuple(stage for stage in STAGES if stage in (*values, *all_open))


def _read_assignee(values: Iterable[str]) -> str | None:
    value = next(iter(values))
    if value in ("me", "unassigned", "offered"):
        return value
    is_id = re.fullmatch(r"[0-9]{1,10}", value) and 0 < int(value) <= HIGHEST_ID
    return str(int(value)) if is_id else None


def _is_assigned(lead: Lead, assignee: str, context: Context) -> Condition:
    match assignee:
        case "me":
            return lead.assignee_id == context.viewer.id
        case "offered":
            return lead.offered_to_id == context.viewer.id
        case "unassigned":
            return lead.assignee_id.is_(None)
    return lead.assignee_id == int(assignee)


def _read_id(values: Iterable[str]) -> str | None:
    return next((value for value in values if re.fullmatch(r"[a-z0-9_]{1,64}", value)), None)


def _band(axis: Axis) -> Definition:
    """A band begins at its cut and ends before the next; the last one includes 100."""

    def within(low: float, high: float, lead: Lead, _context: Context) -> Condition:
        score = getattr(lead, axis)
        return and_(score >= low, score < high)

    ranges = zip(BANDS[axis], pairwise((0, *CUTS, 101)), strict=True)
    return _choice({band: partial(within, low, high) for band, (low, high) in ranges})


def _pressed(lead: Lead, at: Context) -> Condition:
    return did_not_book(lead, at.now - TIME_TO_BOOK)


def _waits_for(what: ToDo, lead: Lead, at: Context) -> Condition:
    day = at.now.astimezone(at.viewer.zone).date()
    return to_do(lead, at.now, day, _start_of(day + _DAY, at))[what]


def _read_source(values: Iterable[str]) -> str | None:
    value = next(iter(values))
    could_be = len(value) <= _SOURCE_MAX + 1 and not _CONTROLS.search(value)
    return value.removeprefix(_NO_SOURCE) if could_be else None


def _write_source(source: str) -> Sequence[str]:
    """A hyphen means no source; one at the beginning is doubled."""
    return (_NO_SOURCE + source if not source or source.startswith(_NO_SOURCE) else source,)


def _read_day(values: Iterable[str]) -> date | None:
    try:
        day = date.fromisoformat(next(iter(values)))
    except ValueError:
        return None
    # The first and last days of the calendar cannot be converted to all other time zones.
    return day if 1970 <= day.year <= 9000 else None


def _start_of(day: date, context: Context) -> datetime:
    return datetime.combine(day, time(), context.viewer.zone)


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Filters and order of a list of leads. The defaults mean every lead, newest first.

    Values are taken as they are; `from_query` validates those that a person may have typed.

    Attributes:
        text: each word of it begins a term of the lead (``storage.search_index``).
        similar: the same, and names that sound alike or are one letter off are found as well.
        stages: any of these; none means all.
        assignee: ``me``, ``unassigned``, ``offered`` (handed to me and waiting for my answer), or
            the id of an account in digits.
        archetype: its id.
        separation: the id of the band of the confirmed score; ``handoff`` likewise.
        source: as the list shows it; empty for leads that came directly, None for all.
        consult: ``yes`` or ``no``: whether one was requested; or ``pressed`` (``did_not_book``).
        due: what it waits for (``to_do``), ``waiting`` (for a first reply), or ``overdue`` (that).
        since: the first day of submission, in the viewer's time zone; ``until`` the last.
        demo: ``only`` demo leads, or ``without`` them.
        spam: ``only`` what is probably spam, or leads ``with`` it; else they are left out.
        sort: the order; a leading ``-`` reverses it.
    """

    text: Annotated[str, Definition(" ".join, _has_terms, indexed=False)] = ""
    similar: Annotated[str, Definition(" ".join, _has_similar, indexed=False)] = ""
    stages: Annotated[
        tuple[Stage, ...],
        Definition(
            _read_stages,
            lambda lead, stages, _: lead.stage.in_(stages),
            write=lambda stages: ("open",) if stages == OPEN else stages,
            parameter="stage",
        ),
    ] = ()
    assignee: Annotated[str, Definition(_read_assignee, _is_assigned)] = ""
    archetype: Annotated[str, Definition(_read_id, lambda lead, id, _: lead.archetype == id)] = ""
    separation: Annotated[str, _band("separation")] = ""
    handoff: Annotated[str, _band("handoff")] = ""
    source: Annotated[
        str | None,
        Definition(_read_source, lambda lead, name, _: lead.source == name, write=_write_source),
    ] = None
    consult: Annotated[str, _flag("wants_consult", "yes", "no", pressed=_pressed)] = ""
    due: Annotated[
        str,
        _choice(
            {
                "waiting": lambda lead, _: is_waiting(lead),
                "overdue": lambda lead, context: is_overdue(lead, context.now),
                **{what: partial(_waits_for, what) for what in get_args(ToDo)},
            }
        ),
    ] = ""
    since: Annotated[
        date | None,
        Definition(_read_day, lambda lead, day, at: lead.submitted_at >= _start_of(day, at)),
    ] = None
    until: Annotated[
        date | None,
        Definition(_read_day, lambda lead, day, at: lead.submitted_at < _start_of(day + _DAY, at)),
    ] = None
    demo: Annotated[str, _flag("demo", "only", "without")] = ""
    spam: Annotated[
        str,
        _choice({"only": lambda lead, _: lead.suspect == true(), "with": lambda _, __: true()}),
    ] = ""
    sort: Sort = "newest"

    def __post_init__(self) -> None:
        """Bring what means the same into one form."""
        for name in ("text", "similar"):
            words = _CONTROLS.sub(" ", getattr(self, name)).split()
            object.__setattr__(self, name, " ".join(words)[:TEXT_MAX].rstrip())
        chosen = tuple(stage for stage in STAGES if stage in self.stages)
        object.__setattr__(self, "stages", () if chosen == STAGES else chosen)

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """Read a query: a list of values for each name. What makes no sense is left out."""
        found: dict[str, Any] = {}
        for name, definition in DEFINITIONS.items():
            given = [one for one in query.get(definition.parameter or name, ()) if one.strip()]
            if given and (value := definition.read(given)) is not None:
                found[name] = value
        if sort := _one_of(SORTS, query.get("sort", ())):
            found["sort"] = sort
        return cls(**found)

    @staticmethod
    def readers() -> dict[str, Callable[[str], Any]]:
        """How one value of each name is read: None or () for those that `from_query` leaves out."""
        reads = {one.parameter or name: one.read for name, one in DEFINITIONS.items()}
        reads["sort"] = partial(_one_of, SORTS)
        return {name: partial(lambda read, one: read([one]), read) for name, read in reads.items()}

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of a query that `from_query` reads as an equal filter."""
        pairs = [
            (DEFINITIONS[name].parameter or name, value)
            for name in self.active
            for value in DEFINITIONS[name].write(getattr(self, name))
        ]
        return pairs if self.sort == "newest" else [*pairs, ("sort", self.sort)]

    def query(self, **more: str) -> str:
        """As a query string without the question mark; `more` is added at its end."""
        return urlencode([*self.pairs(), *more.items()])

    @property
    def recorded(self) -> str:
        """What it selects by, for the audit log: without what a person typed."""
        typed = ("text", "similar", "source")
        pairs = [(name, value) for name, value in self.pairs() if name != "sort"]
        parts = (name if name in typed else f"{name}: {value}" for name, value in pairs)
        return "; ".join(parts) or "none"

    @property
    def active(self) -> list[str]:
        return [name for name in DEFINITIONS if getattr(self, name) != _DEFAULTS[name]]

    def conditions(self, lead: Lead, context: Context) -> list[Condition]:
        active = [(DEFINITIONS[name].where, getattr(self, name)) for name in self.active]
        found = [where(lead, value, context) for where, value in active]
        # Not as an equation: an index would be used that selects nearly every lead.
        return found if self.spam else [*found, lead.suspect.is_not(True)]

    def indexed_ids(self, context: Context) -> tuple[list[Select[int]], list[Select[int]]]:
        """The leads that each word selects, maybe twice, and each other condition with an index."""
        all_terms = (*query_terms(self.text), *query_terms(self.similar, similar=True))
        by_column = [
            select(LeadRow.submission_id).where(
                DEFINITIONS[name].where(LeadRow, getattr(self, name), context)
            )
            for name in self.active
            if DEFINITIONS[name].indexed
        ]
        return list(map(_with_terms, all_terms)), by_column


DEFINITIONS: Mapping[str, Definition] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(LeadFilter, include_extras=True).items()
    if get_origin(hint) is Annotated
}
"""How each filter works, by the field of `LeadFilter`."""

_DEFAULTS: Mapping[str, object] = {field.name: field.default for field in fields(LeadFilter)}
