"""The list of leads: search, filters and order, all of them in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.report.display import whole
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.search.list_filters import (
    LABELS,
    ORDERS,
    active_filters,
    choices_for,
    current_viewer,
    filter_in_address,
    list_address,
    unknown_filters,
)
from consult.staff.search.today_pages import next_in_words
from consult.staff.times import agency_time, short
from consult.storage.db.database import Session
from consult.storage.search import find_leads, saved_views, today
from consult.storage.search.lead_filter import OPEN, LeadFilter, Sort, Viewer
from consult.web.services import services
from consult.workflow.stages import NAMES

PAGE_SIZE = 50
MAX_COUNTED = 99

VIEWS: Sequence[tuple[str, LeadFilter, str]] = (
    ("All", LeadFilter(), ""),
    ("New", LeadFilter(stages=("new",)), "No new leads. All have been picked up."),
    ("My open leads", LeadFilter(stages=OPEN, assignee="me"), "You have no open leads."),
    ("Overdue", LeadFilter(due="overdue", sort="next"), "Nothing is overdue."),
    ("Handed to me", LeadFilter(assignee="offered"), "No leads are waiting for your answer."),
    (
        "Consult requested",
        LeadFilter(stages=("new", "taken", "reached"), consult="yes"),
        "Everyone who requested a consult has one scheduled or had one.",
    ),
    ("Probably spam", LeadFilter(spam="only"), "Nothing looks like spam."),
)
"""The usual lists: name, what they select, and what the page says when that is nothing."""

_LINKED_VIEWS = [(*view, view[1].query()) for view in VIEWS]

_COLUMNS: Mapping[str, tuple[Sort, Sort]] = {
    "Received": ("newest", "oldest"),
    "Next": ("next", "-next"),
    "Separation": ("separation", "-separation"),
    "Handoff": ("handoff", "-handoff"),
}
_DESCENDING = frozenset({"newest", "-separation", "-handoff", "-next"})


@blueprint.get("/leads")
@for_staff
def lead_list() -> ResponseReturnValue:
    """Show a page of the leads that the address selects, newest first unless it says otherwise."""
    asked, viewer = filter_in_address(), current_viewer()
    if "go" in request.args or "" in request.args.values():
        # The form submits its empty fields, too. Without them, the address is worth a bookmark.
        return redirect(_only_lead(asked) or list_address(asked), 303)
    first_page = not (request.args.get("after") or request.args.get("before"))
    with services().database.reading() as session:
        wanted, found = _find(session, asked, viewer)
        choices = choices_for(session, wanted)
        saved = [
            (view, saved_views.filter_of(view), saved_views.may_change(view, signed_in_user()))
            for view in saved_views.visible(session, viewer.id)
        ]
        offers, overdue, suspect = find_leads.waiting(session, viewer.id, MAX_COUNTED + 1)
        left_out = 0
        if suspect and not wanted.spam and first_page:
            left_out = find_leads.how_many(session, replace(wanted, spam="only"), viewer)
        facts = today.next_facts(session, found.leads)
        now = agency_time(session.now())
    return render_template(
        "staff/search/lead_list.html",
        found=found,
        lines=[_line(lead, viewer, now, facts.get(lead.id)) for lead in found.leads],
        count_to=find_leads.COUNT_TO,
        viewer=viewer,
        stages=NAMES,
        filter=wanted,
        order=ORDERS[wanted.sort],
        views=_LINKED_VIEWS,
        saved_views=saved,
        unsaved=_unsaved_query(wanted, [selects for _, selects, _ in saved]),
        waiting={
            "Overdue": _counted(overdue),
            "Handed to me": offers,
            "Probably spam": _counted(suspect),
        },
        left_out=left_out,
        left_out_query=replace(wanted, spam="only").query(),
        headings=headings_of(wanted),
        labels=LABELS,
        choices=choices,
        active=active_filters(wanted, choices),
        unknown=unknown_filters(),
        not_exact=wanted != asked,
        similar=similar_query(wanted),
        nothing_selected="selected" in request.args,
        first_page=first_page,
    )


def _find(
    session: Session, wanted: LeadFilter, viewer: Viewer
) -> tuple[LeadFilter, find_leads.FoundPage]:
    """The page of leads in the address; with the filter for names like it if none is exact."""
    after, before = request.args.get("after", ""), request.args.get("before", "")
    found = find_leads.find(session, wanted, viewer, limit=PAGE_SIZE, after=after, before=before)
    if wanted.text and not (found.leads or after or before):
        similar = replace(wanted, text="", similar=wanted.text)
        nearly = find_leads.find(session, similar, viewer, limit=PAGE_SIZE)
        if nearly.leads:
            return similar, nearly
    return wanted, found


class _Line(NamedTuple):
    """A lead, and what its line says of it: Jinja takes several times as long for a call."""

    lead: Any
    title: str
    next: str
    is_late: bool
    received: str
    received_in_words: str
    separation: int
    handoff: int


def _line(lead: Any, viewer: Viewer, now: datetime, facts: Any) -> _Line:
    received = lead.submitted_at
    return _Line(
        lead,
        lead.business or f"Lead {lead.id}",
        *next_in_words(lead, viewer.id, now, facts),
        received.isoformat(timespec="seconds"),
        short(received.astimezone(now.tzinfo), now),
        _whole(lead.separation),
        _whole(lead.handoff),
    )


@lru_cache(maxsize=4_096)
def _whole(score: float) -> int:
    """A score as a whole number. For 100 scores of a page, this took a 25th of its time."""
    return whole(Fraction(score))


def _only_lead(wanted: LeadFilter) -> str:
    """Where the only lead is that a search finds: a phone that rings is one step from its lead.

    Its page leads back to the list. Empty if there is no such lead, or no search was sent.
    """
    if not (wanted.text and "go" in request.args):
        return ""
    with services().database.reading() as session:
        ids, more = find_leads.next_ids(session, wanted, current_viewer(), 1)
    if more or not ids:
        return ""
    return url_for(".lead", lead_id=ids[0]) + f"?{wanted.query()}"


def without_words(wanted: LeadFilter) -> LeadFilter:
    """What a view saves: no searched words, which may be the name of a person."""
    return replace(wanted, text="", similar="")


def _unsaved_query(wanted: LeadFilter, saved: Sequence[LeadFilter]) -> str:
    """The query to save as a view; empty for what is one already."""
    bare = without_words(wanted)
    return "" if bare in (*saved, *(view for _, view, _ in VIEWS)) else bare.query()


def similar_query(wanted: LeadFilter) -> str:
    """The query that also finds names that sound like those searched for; empty for others."""
    if not any(letter.isalpha() for letter in wanted.text):
        return ""
    return replace(wanted, text="", similar=wanted.text).query()


def _counted(count: int) -> str:
    return f"{MAX_COUNTED}+" if count > MAX_COUNTED else str(count or "")


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
