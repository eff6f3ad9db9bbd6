"""The list of leads: search, filters and order, all of them in the address."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.insights.own_performance_presenter import own_health_view
from consult.staff.search import list_filters, list_presenter
from consult.staff.search.list_filters import MOST_OVERDUE, MOST_SOURCES, ORDERS, Words
from consult.storage.db.database import Session
from consult.storage.notifications.deliveries import pdf_states
from consult.storage.search import filter_options
from consult.storage.search.find_leads import find
from consult.storage.search.lead_filter import LeadSearch, Viewer
from consult.web.services import services

PAGE_SIZE = 50


@blueprint.get("/")
@for_staff
def lead_list() -> ResponseReturnValue:
    """Show a page of the leads that the address selects, newest first unless it says otherwise."""
    search = searched()
    if "" in request.args.values():
        # The form sends its empty fields along. Without them, the address is worth keeping.
        return redirect(list_address(search), 303)
    places = {name: request.args.get(name, "") for name in ("after", "before")}
    with services().database.reading() as session:
        found = find(session, search, viewer(), limit=PAGE_SIZE, **places)
        states = pdf_states(session, [lead.id for lead in found.leads])
        words = words_for(session, search)
        offers, overdue = filter_options.waiting(session, signed_in_user().id, MOST_OVERDUE + 1)
        shows_health = search.is_everything and not any(places.values())
        own_health = own_health_view(session, services().settings.office) if shows_health else None
        now = session.now().astimezone(viewer().zone)
    return render_template(
        "staff/search/lead_list.html",
        rows=[list_presenter.row(lead, states, signed_in_user().id, now) for lead in found.leads],
        found=found,
        search=search,
        order=ORDERS[search.sort],
        views=list_filters.views_of(search, offers=offers, overdue=overdue),
        headings=list_filters.headings_of(search),
        chips=words.chips(search),
        form=words.form(search),
        first_page=not any(places.values()),
        own_health=own_health,
    )


def list_address(search: LeadSearch) -> str:
    """The address of the list of what a search selects."""
    query = search.query()
    return url_for(".lead_list") + (f"?{query}" if query else "")


def searched() -> LeadSearch:
    """The search in the address."""
    return LeadSearch.from_query(request.args.to_dict(flat=False))


def viewer() -> Viewer:
    """Who looks at the list."""
    return Viewer(signed_in_user().id, services().settings.office.zone)


def words_for(session: Session, search: LeadSearch) -> Words:
    """The filters in words, with the people and sources that there are."""
    people = filter_options.colleagues(session)
    if search.assignee.isdecimal() and int(search.assignee) not in dict(people):
        people.append((int(search.assignee), filter_options.name_of(session, int(search.assignee))))
    return Words(
        [person for person in people if person[1]], filter_options.sources(session, MOST_SOURCES)
    )
