"""The filters of the list in words: what can be chosen, what is chosen, and the usual views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from consult.questionnaire import Axis
from consult.questionnaire.editions import load, names
from consult.scoring.axis import BANDS, CUTS
from consult.storage.search.lead_filter import OPEN, LeadSearch, Sort
from consult.workflow.stages import NAMES, STAGES

MOST_SOURCES = 50
MOST_OVERDUE = 99

VIEWS: Sequence[tuple[str, LeadSearch, str]] = (
    ("All", LeadSearch(), ""),
    ("New", LeadSearch(stages=("new",)), "No lead is new: each was taken."),
    ("My open leads", LeadSearch(stages=OPEN, assignee="me"), "You hold no open lead."),
    (
        "Overdue",
        LeadSearch(due="overdue", sort="due"),
        "Nobody waits longer for a reply than was promised.",
    ),
    ("Offered to me", LeadSearch(assignee="offered"), "Nobody offers you a lead just now."),
    (
        "Wants a consult",
        LeadSearch(stages=("new", "taken", "reached"), consult="yes"),
        "Whoever wanted a consult has one booked, or had it.",
    ),
)
"""The usual lists: name, what they select, and what is said when that is nothing."""

ORDERS: Mapping[Sort, str] = {
    "newest": "newest first",
    "oldest": "oldest first",
    "separation": "least separation first",
    "-separation": "most separation first",
    "handoff": "weakest handoff first",
    "-handoff": "strongest handoff first",
    "due": "first due first",
    "-due": "last due first",
}
_COLUMNS: Mapping[str, tuple[Sort, Sort]] = {
    "When": ("newest", "oldest"),
    "Reply": ("due", "-due"),
    "Separation": ("separation", "-separation"),
    "Handoff": ("handoff", "-handoff"),
}
_DOWN = frozenset({"newest", "-separation", "-handoff", "-due"})
_CONSULT = {"yes": "Wanted", "no": "Not wanted"}
_DUE = {"waiting": "Not yet", "overdue": "Overdue"}
_DEMO = {"only": "Only demo leads", "without": "No demo leads"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a filter may have."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the query of the list without it."""

    name: str
    words: str
    without: str


@dataclass(frozen=True, slots=True)
class View:
    """A link to a usual list: whether it is shown now, and how many wait there, if one counts.

    `empty` is what to say when nothing is in it.
    """

    name: str
    query: str
    here: bool
    waiting: str
    empty: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that leads can be sorted by: `sorted` as ARIA says it, and the query of its link."""

    sorted: str
    query: str


@dataclass(frozen=True, slots=True)
class FilterForm:
    """What the form of the filters offers."""

    text: str
    stages: Sequence[Choice]
    selects: Sequence[tuple[str, str, Sequence[Choice]]]
    since: date | None
    until: date | None
    sort: str


def views_of(search: LeadSearch, *, offers: int, overdue: int) -> list[View]:
    """The usual views, with how many leads are overdue, and how many are offered to who looks."""
    late = f"{MOST_OVERDUE}+" if overdue > MOST_OVERDUE else str(overdue or "")
    waiting = {"Overdue": late, "Offered to me": str(offers or "")}
    return [
        View(name, view.query(), view == search, waiting.get(name, ""), empty)
        for name, view, empty in VIEWS
    ]


def headings_of(search: LeadSearch) -> Mapping[str, Heading]:
    """The columns that can be sorted by; to press the present one turns it round."""
    found = {}
    for column, (first, second) in _COLUMNS.items():
        here = search.sort in (first, second)
        direction = "descending" if search.sort in _DOWN else "ascending"
        wanted = second if search.sort == first else first
        found[column] = Heading(direction if here else "none", replace(search, sort=wanted).query())
    return found


class Words:
    """Filters in words. Needs the people and sources that there are.

    Args:
        people: id and name of everybody who may hold a lead.
        sources: those that there are.
    """

    def __init__(self, people: Sequence[tuple[int, str]], sources: Sequence[str]) -> None:
        self._names = {
            "assignee": {
                "me": "Me",
                "nobody": "Nobody",
                "offered": "Offered to me",
                **{str(id): name for id, name in people},
            },
            "archetype": _archetypes(),
            "separation": _bands("separation"),
            "handoff": _bands("handoff"),
            "consult": _CONSULT,
            "due": _DUE,
            "demo": _DEMO,
        }
        self._sources = sources

    def form(self, search: LeadSearch) -> FilterForm:
        """What can be chosen, with what is chosen."""
        titles = {
            "assignee": "Assignee",
            "due": "Reply",
            "consult": "Consult",
            "archetype": "Archetype",
            "separation": "Separation",
            "handoff": "Handoff",
            "demo": "Demo leads",
        }
        selects = [
            (field, title, self._choices(field, getattr(search, field)))
            for field, title in titles.items()
        ]
        selects.insert(3, ("source", "Source", self._source_choices(search)))
        return FilterForm(
            text=search.text,
            stages=[Choice(stage, NAMES[stage], stage in search.stages) for stage in STAGES],
            selects=selects,
            since=search.since,
            until=search.until,
            sort=search.sort,
        )

    def chips(self, search: LeadSearch) -> list[Chip]:
        """The filters that are on."""
        told: list[tuple[str, str, LeadSearch]] = []
        if search.text:
            told.append(("Search", f"“{search.text}”", replace(search, text="")))
        if search.stages:
            words = " or ".join(NAMES[stage] for stage in search.stages)
            words = "Open" if search.stages == OPEN else words
            told.append(("Stage", words, replace(search, stages=())))
        for field, title, choices in self.form(search).selects:
            words = next((choice.name for choice in choices if choice.chosen and choice.value), "")
            if words:
                told.append((title, words, _without(search, field)))
        if search.since:
            told.append(("From", _day(search.since), replace(search, since=None)))
        if search.until:
            told.append(("To", _day(search.until), replace(search, until=None)))
        return [Chip(name, words, without.query()) for name, words, without in told]

    def _choices(self, field: str, chosen: str) -> list[Choice]:
        known = dict(self._names[field])
        if chosen and chosen not in known:
            known[chosen] = "Somebody who left" if field == "assignee" else chosen
        return [
            Choice("", "All", not chosen),
            *(Choice(value, name, value == chosen) for value, name in known.items()),
        ]

    def _source_choices(self, search: LeadSearch) -> list[Choice]:
        found = list(self._sources)
        if search.source is not None and search.source not in found:
            found.append(search.source)
        chosen = [(LeadSearch(source=source), source) for source in found]
        return [
            Choice("", "All", search.source is None),
            *(
                Choice(dict(one.pairs())["source"], source or "Direct", source == search.source)
                for one, source in chosen
            ),
        ]


def _without(search: LeadSearch, field: str) -> LeadSearch:
    """The search without one filter, and without an order that needs it."""
    changes: dict[str, Any] = {field: None if field == "source" else ""}
    if field == "due" and search.sort in ("due", "-due"):
        changes["sort"] = "newest"
    return replace(search, **changes)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _archetypes() -> dict[str, str]:
    """All that ever were, under their newest names."""
    found: dict[str, str] = {}
    for edition in names():
        archetypes = load(edition).texts.findings["archetypes"]
        found.update({id: words["name"] for id, words in archetypes.items()})
    return found


def _bands(axis: Axis) -> dict[str, str]:
    words = load(names()[-1]).texts.findings["bands"][axis]
    starts = (0, *CUTS)
    ends = (*(cut - 1 for cut in CUTS), 100)
    return {
        band: f"{words[band]['name']} ({start}–{end})"
        for band, start, end in zip(BANDS[axis], starts, ends, strict=True)
    }
