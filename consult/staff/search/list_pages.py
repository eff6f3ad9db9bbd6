"""The list of leads: search, filters and order, all of them in the address."""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from consult.questionnaire.editions import load
from consult.report.display import whole
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.insights.own_performance_presenter import own_performance
from consult.staff.search.filter_form import (
    LABELS,
    ORDERS,
    VIEWS,
    active_filters,
    choices_of,
    headings_of,
)
from consult.staff.times import agency_time
from consult.storage.db.database import Session
from consult.storage.documents import pdf_states
from consult.storage.search import find_leads
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.services import services
from consult.workflow.stages import CLOSED, NAMES

PAGE_SIZE = 50
MAX_SOURCES = 50
MAX_OVERDUE = 99


@blueprint.get("/")
@for_staff
def lead_list() -> ResponseReturnValue:
    """Show a page of the leads that the address selects, newest first unless it says otherwise."""
    wanted, viewer = filter_in_address(), current_viewer()
    if "" in request.args.values():
        # The form submits its empty fields, too. Without them, the address is worth a bookmark.
        return redirect(list_address(wanted), 303)
    places = {name: request.args.get(name, "") for name in ("after", "before")}
    first_page = not any(places.values())
    with services().database.reading() as session:
        found = find_leads.find(session, wanted, viewer, limit=PAGE_SIZE, **places)
        pdfs = pdf_states(session, [lead.id for lead in found.leads])
        choices = choices_for(session, wanted)
        offers, overdue = find_leads.waiting(session, viewer.id, MAX_OVERDUE + 1)
        shows_own = first_page and not wanted.active
        own_items, are_demo = (
            own_performance(session, services().settings.office) if shows_own else ([], False)
        )
        now = agency_time(session.now())
    late = f"{MAX_OVERDUE}+" if overdue > MAX_OVERDUE else overdue
    return render_template(
        "staff/search/lead_list.html",
        found=found,
        count_to=find_leads.COUNT_TO,
        pdfs=pdfs,
        viewer=viewer,
        now=now,
        stages=NAMES,
        closed=CLOSED,
        archetype_name=_archetype_name,
        whole=_whole,
        filter=wanted,
        order=ORDERS[wanted.sort],
        views=VIEWS,
        waiting={"Overdue": late, "Handed to me": offers},
        headings=headings_of(wanted),
        labels=LABELS,
        choices=choices,
        active=active_filters(wanted, choices),
        first_page=first_page,
        own_items=own_items,
        own_items_are_demo=are_demo,
    )


@lru_cache(maxsize=4_096)
def _whole(score: float) -> int:
    """A score as a whole number. Exact fractions are slow, and many leads have the same scores."""
    return whole(Fraction(score))


def _archetype_name(lead: Row[Any]) -> str:
    """An archetype as the edition of a lead calls it."""
    name: str = load(lead.edition).texts.findings["archetypes"][lead.archetype]["name"]
    return name


def list_address(wanted: LeadFilter) -> str:
    """The address of the list of what a filter selects."""
    query = wanted.query()
    return url_for(".lead_list") + (f"?{query}" if query else "")


def filter_in_address() -> LeadFilter:
    """The filter in the address of this request."""
    return LeadFilter.from_query(request.args.to_dict(flat=False))


def current_viewer() -> Viewer:
    """The user who looks at the list."""
    return Viewer(signed_in_user().id, services().settings.office.zone)


def choices_for(session: Session, wanted: LeadFilter) -> Mapping[str, Mapping[str, str]]:
    """The choices of the form of the filters, with the people and sources that there are."""
    people = find_leads.colleagues(session)
    if wanted.assignee.isdecimal() and (id := int(wanted.assignee)) not in dict(people):
        former = session.get(StaffUserRow, id)
        people += [(id, former.name)] if former else []
    return choices_of(wanted, people, find_leads.sources(session, MAX_SOURCES))
