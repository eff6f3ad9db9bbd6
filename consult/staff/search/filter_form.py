"""The filters of the list in words: what can be chosen, what is active, and the usual views.

A new filter gets its label in `LABELS` and the names of its values in `choices_of`; the template
and the export show it by themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from consult.questionnaire import Axis
from consult.questionnaire.editions import load, names
from consult.scoring.axis import BANDS, CUTS
from consult.storage.search.lead_filter import DEFINITIONS, OPEN, LeadFilter, Sort
from consult.workflow.stages import NAMES

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


def headings_of(shown: LeadFilter) -> Mapping[str, tuple[str, str]]:
    """The columns that leads can be sorted by: the direction as ARIA says it, and a query.

    The query of the column that the list is sorted by reverses the order.
    """
    found = {}
    for column, (first, second) in _COLUMNS.items():
        direction = "descending" if shown.sort in _DESCENDING else "ascending"
        wanted = second if shown.sort == first else first
        query = replace(shown, sort=wanted).query()
        found[column] = (direction if shown.sort in (first, second) else "none", query)
    return found


def choices_of(
    wanted: LeadFilter, people: Iterable[tuple[int, str]], sources: Iterable[str]
) -> Mapping[str, dict[str, str]]:
    """The values of each filter that has one of a list, as an address has them, and their names.

    Args:
        wanted: the filters that are on; their values are always among the choices.
        people: id and name of the users who may be assigned a lead.
        sources: those that there are.
    """
    found = {*sources, *(() if wanted.source is None else (wanted.source,))}
    choices = {
        "assignee": {
            "me": "Me",
            "unassigned": "Unassigned",
            "offered": "Handed to me",
            **{str(id): name for id, name in people},
        },
        "due": {"waiting": "Waiting for a reply", "overdue": "Overdue"},
        "consult": {"yes": "Requested", "no": "Not requested"},
        "source": {_written("source", source): source or "Direct" for source in sorted(found)},
        "archetype": _archetypes(),
        "separation": _bands("separation"),
        "handoff": _bands("handoff"),
        "demo": {"only": "Only demo leads", "without": "No demo leads"},
    }
    for field in choices.keys() & set(wanted.active):
        value = _written(field, getattr(wanted, field))
        choices[field].setdefault(value, "Former colleague" if field == "assignee" else value)
    return choices


def active_filters(
    wanted: LeadFilter, choices: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str, str]]:
    """Label, value in words, and the query of the list without it, of each filter that is on."""
    return [
        (label, _describe(field, getattr(wanted, field), choices), _without(wanted, field).query())
        for field, label in LABELS.items()
        if field in wanted.active
    ]


def _describe(field: str, value: Any, choices: Mapping[str, Mapping[str, str]]) -> str:
    match field:
        case "text":
            return f"“{value}”"
        case "stages":
            return "Open" if value == OPEN else " or ".join(NAMES[stage] for stage in value)
        case "since" | "until":
            return f"{value.day} {value:%b %Y}"
    return choices[field][_written(field, value)]


def _written(field: str, value: object) -> str:
    """The value of a filter with only one, as an address has it."""
    (written,) = DEFINITIONS[field].write(value)
    return written


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
