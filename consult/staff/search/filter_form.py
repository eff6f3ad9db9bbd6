"""The filters of the list in words: what can be chosen, what is active, and the usual views.

A new filter gets its label in `LABELS` and the words for its values in `FilterForm`; the template
and the export show it by themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from consult.questionnaire import Axis
from consult.questionnaire.editions import load, names
from consult.scoring.axis import BANDS, CUTS
from consult.storage.search.lead_filter import DEFINITIONS, OPEN, LeadFilter, Sort
from consult.workflow.stages import NAMES, STAGES

MAX_SOURCES = 50
MAX_OVERDUE = 99

VIEWS: Sequence[tuple[str, LeadFilter, str]] = (
    ("All", LeadFilter(), ""),
    ("New", LeadFilter(stages=("new",)), "No new leads. All have been picked up."),
    ("My open leads", LeadFilter(stages=OPEN, assignee="me"), "You have no open leads."),
    ("Overdue", LeadFilter(due="overdue", sort="due"), "Nothing is overdue."),
    (
        "Handed to me",
        LeadFilter(assignee="offered"),
        "No leads are waiting for your answer.",
    ),
    (
        "Consult requested",
        LeadFilter(stages=("new", "taken", "reached"), consult="yes"),
        "Everyone who requested a consult has one scheduled or had one.",
    ),
)
"""The usual lists: name, what they select, and what the page says when that is nothing."""

LABELS: Mapping[str, str] = {
    "text": "Search",
    "stages": "Stage",
    "assignee": "Assigned to",
    "due": "First reply",
    "consult": "Consult",
    "source": "Source",
    "archetype": "Archetype",
    "separation": "Separation",
    "handoff": "Handoff",
    "demo": "Demo leads",
    "since": "From",
    "until": "To",
}
"""What each filter is called, in the order of the form."""

ORDERS: Mapping[Sort, str] = {
    "newest": "newest first",
    "oldest": "oldest first",
    "separation": "lowest Separation first",
    "-separation": "highest Separation first",
    "handoff": "lowest Handoff first",
    "-handoff": "highest Handoff first",
    "due": "due soonest first",
    "-due": "due latest first",
}
_COLUMNS: Mapping[str, tuple[Sort, Sort]] = {
    "Received": ("newest", "oldest"),
    "First reply": ("due", "-due"),
    "Separation": ("separation", "-separation"),
    "Handoff": ("handoff", "-handoff"),
}
_DESCENDING = frozenset({"newest", "-separation", "-handoff", "-due"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a filter may have."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter that is on, in words, and the query of the list without it."""

    name: str
    words: str
    without: str


@dataclass(frozen=True, slots=True)
class View:
    """A link to a usual list.

    `here` says whether it is shown now, `waiting` how many leads wait there, if that is counted,
    and `empty` what to say when nothing is in it.
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


def views_of(shown: LeadFilter, *, offers: int, overdue: int) -> list[View]:
    """The usual views, with how many leads are overdue and how many are handed to the viewer."""
    late = f"{MAX_OVERDUE}+" if overdue > MAX_OVERDUE else str(overdue or "")
    waiting = {"Overdue": late, "Handed to me": str(offers or "")}
    return [
        View(name, view.query(), view == shown, waiting.get(name, ""), empty)
        for name, view, empty in VIEWS
    ]


def headings_of(shown: LeadFilter) -> Mapping[str, Heading]:
    """The columns that can be sorted by; a click on the present one reverses the order."""
    found = {}
    for column, (first, second) in _COLUMNS.items():
        here = shown.sort in (first, second)
        direction = "descending" if shown.sort in _DESCENDING else "ascending"
        wanted = second if shown.sort == first else first
        found[column] = Heading(direction if here else "none", replace(shown, sort=wanted).query())
    return found


class FilterForm:
    """What the form of the filters offers.

    Args:
        wanted: the filters that are on.
        people: id and name of all users who may be assigned a lead.
        sources: those that there are.

    Attributes:
        text, since, until, sort: as they are in the filter.
        stages: the stages to choose from.
        selects: field, label and choices of each filter that has one value of a list.
        active: the filters that are on, in words.
    """

    def __init__(
        self, wanted: LeadFilter, people: Sequence[tuple[int, str]], sources: Sequence[str]
    ) -> None:
        self._wanted = wanted
        self.text, self.sort = wanted.text, wanted.sort
        self.since, self.until = wanted.since, wanted.until
        self.stages = [Choice(stage, NAMES[stage], stage in wanted.stages) for stage in STAGES]
        found = {*sources, *(() if wanted.source is None else (wanted.source,))}
        values: Mapping[str, Mapping[Any, str]] = {
            "assignee": {
                "me": "Me",
                "unassigned": "Unassigned",
                "offered": "Handed to me",
                **{str(id): name for id, name in people},
            },
            "due": {"waiting": "Waiting for a reply", "overdue": "Overdue"},
            "consult": {"yes": "Requested", "no": "Not requested"},
            "source": {source: source or "Direct" for source in sorted(found)},
            "archetype": _archetypes(),
            "separation": _bands("separation"),
            "handoff": _bands("handoff"),
            "demo": {"only": "Only demo leads", "without": "No demo leads"},
        }
        self.selects = [
            (name, label, list(self._choices(name, values[name])))
            for name, label in LABELS.items()
            if name in values
        ]
        self.active = list(self._active())

    def _choices(self, field: str, values: Mapping[Any, str]) -> Iterator[Choice]:
        chosen = getattr(self._wanted, field) if field in self._wanted.active else None
        yield Choice("", "All", chosen is None)
        known = dict(values)
        if chosen is not None and chosen not in known:
            known[chosen] = "Former colleague" if field == "assignee" else chosen
        for value, name in known.items():
            (written,) = DEFINITIONS[field].write(value)
            yield Choice(written, name, value == chosen)

    def _active(self) -> Iterator[ActiveFilter]:
        chosen = {
            field: choice.name
            for field, _, choices in self.selects
            for choice in choices
            if choice.chosen
        }
        chosen["text"] = f"“{self.text}”"
        stages = " or ".join(NAMES[stage] for stage in self._wanted.stages)
        chosen["stages"] = "Open" if self._wanted.stages == OPEN else stages
        for field, day in (("since", self.since), ("until", self.until)):
            chosen[field] = f"{day.day} {day:%b %Y}" if day else ""
        for field, label in LABELS.items():
            if field in self._wanted.active:
                yield ActiveFilter(label, chosen[field], _without(self._wanted, field).query())


def _without(wanted: LeadFilter, field: str) -> LeadFilter:
    """The filter with one field off, and not in an order that needs it."""
    changes: dict[str, Any] = {field: getattr(LeadFilter(), field)}
    if field == "due" and wanted.sort in ("due", "-due"):
        changes["sort"] = "newest"
    return replace(wanted, **changes)


def _archetypes() -> dict[str, str]:
    """Those of every edition, by their newest names."""
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
