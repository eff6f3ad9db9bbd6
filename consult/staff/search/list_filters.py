"""The filters of the list of leads: read from an address, written into one, and in words.

A new filter gets its label in `LABELS` and the names of its values in `choices_for`; the list, the
saved views and the exports show it by themselves.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import request, url_for

from consult.questionnaire.editions import load, names
from consult.questionnaire.questions import Axis
from consult.scoring.axis import BANDS, CUTS
from consult.staff.accounts.access import signed_in_user
from consult.staff.times import written_date
from consult.storage.db.database import Session
from consult.storage.search import find_leads
from consult.storage.search.lead_filter import DEFINITIONS, OPEN, LeadFilter, Sort, Viewer
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.services import services
from consult.web.text import unknown_values
from consult.workflow.stages import NAMES

MAX_SOURCES = 50

LABELS: Mapping[str, str] = {
    "text": "Search",
    "similar": "Names like",
    "stages": "Stage",
    "assignee": "Assigned to",
    "due": "Next",
    "consult": "Consult",
    "source": "Source",
    "archetype": "Archetype",
    "separation": "Separation",
    "handoff": "Handoff",
    "demo": "Demo leads",
    "spam": "Spam",
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
    "next": "due soonest first",
    "-next": "due latest first",
}
_ASSIGNEES = {"me": "Me", "unassigned": "Unassigned", "offered": "Handed to me"}
_NEXT = {
    "waiting": "Waiting for a first reply",
    "overdue": "Overdue",
    "first_reply": "First reply, not snoozed",
    "follow_up": "Follow up today",
    "confirm": "Time to confirm",
    "consult": "Consult today",
    "no_answer": "Nothing planned yet",
    "unconfirmed": "Consult over, not marked as done",
}


def list_address(wanted: LeadFilter, **more: str) -> str:
    query = wanted.query(**more)
    return url_for(".lead_list") + (f"?{query}" if query else "")


def filter_in_address() -> LeadFilter:
    return LeadFilter.from_query(request.args.to_dict(flat=False))


def current_viewer() -> Viewer:
    return Viewer(signed_in_user().id, services().settings.office.zone)


def unknown_filters() -> list[tuple[str, str]]:
    """The names and values in the address that `filter_in_address` left out."""
    return unknown_values(request.args, LeadFilter.readers())


def choices_for(session: Session, wanted: LeadFilter) -> Mapping[str, Mapping[str, str]]:
    """The values of each filter that has one of a list, as an address has them, and their names.

    The values of the filters that are on are always among them.
    """
    people = find_leads.colleagues(session)
    if wanted.assignee.isdecimal() and (id := int(wanted.assignee)) not in dict(people):
        former = session.get(StaffUserRow, id)
        people += [(id, former.name)] if former else []
    sources = set(find_leads.sources(session, MAX_SOURCES))
    if wanted.source is not None:
        sources.add(wanted.source)
    choices = {
        "assignee": {
            **_ASSIGNEES,
            **{str(id): name for id, name in people},
        },
        "due": _NEXT,
        "consult": {
            "yes": "Requested",
            "no": "Not requested",
            "pressed": "Opened the calendar, didn’t book",
        },
        "source": {_written("source", source): source or "Direct" for source in sorted(sources)},
        "archetype": _archetypes(),
        "separation": _bands("separation"),
        "handoff": _bands("handoff"),
        "demo": {"only": "Only demo leads", "without": "No demo leads"},
        "spam": {"only": "Only probable spam", "with": "Include probable spam"},
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
        case "text" | "similar":
            return f"“{value}”"
        case "stages":
            return "Open" if value == OPEN else " or ".join(NAMES[stage] for stage in value)
        case "since" | "until":
            return written_date(value)
    return choices[field][_written(field, value)]


def _written(field: str, value: object) -> str:
    """The value of a filter with only one, as an address has it."""
    (written,) = DEFINITIONS[field].write(value)
    return written


def _without(wanted: LeadFilter, field: str) -> LeadFilter:
    """The filter with one field off."""
    changes: dict[str, Any] = {field: getattr(LeadFilter(), field)}
    return replace(wanted, **changes)


def _archetypes() -> dict[str, str]:
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
