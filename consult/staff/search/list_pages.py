"""The list of leads: search, filters and order, all of them in the address."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.insights.own_performance_presenter import own_performance
from consult.staff.search import filter_form, list_presenter
from consult.staff.search.filter_form import MAX_OVERDUE, MAX_SOURCES, ORDERS, FilterForm
from consult.storage.db.database import Session
from consult.storage.documents import pdf_states
from consult.storage.search import find_leads
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.web.services import services

PAGE_SIZE = 50


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
        states = pdf_states(session, [lead.id for lead in found.leads])
        form = form_for(session, wanted)
        offers, overdue = find_leads.waiting(session, viewer.id, MAX_OVERDUE + 1)
        shows_own = first_page and not wanted.active
        own_items, are_demo = (
            own_performance(session, services().settings.office) if shows_own else ([], False)
        )
        now = session.now().astimezone(viewer.zone)
    return render_template(
        "staff/search/lead_list.html",
        rows=[list_presenter.row(lead, states, viewer.id, now) for lead in found.leads],
        found=found,
        filter=wanted,
        order=ORDERS[wanted.sort],
        views=filter_form.views_of(wanted, offers=offers, overdue=overdue),
        headings=filter_form.headings_of(wanted),
        form=form,
        first_page=first_page,
        own_items=own_items,
        own_items_are_demo=are_demo,
    )


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


def form_for(session: Session, wanted: LeadFilter) -> FilterForm:
    """The form of the filters, with the people and sources that there are."""
    people = find_leads.colleagues(session)
    if wanted.assignee.isdecimal() and (id := int(wanted.assignee)) not in dict(people):
        name = find_leads.user_name(session, id)
        people += [(id, name)] if name else []
    return FilterForm(wanted, people, find_leads.sources(session, MAX_SOURCES))
