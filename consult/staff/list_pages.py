"""The list of leads: search, filters and order, all of them in the address."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from consult.staff import list_views
from consult.staff.access import member
from consult.staff.blueprint import blueprint
from consult.staff.rights import for_staff
from consult.storage.deliveries import pdf_states
from consult.storage.lead_finding import find
from consult.storage.lead_search import LeadSearch, Viewer
from consult.web.services import services

PAGE_SIZE = 50


@blueprint.get("/")
@for_staff
def lead_list() -> ResponseReturnValue:
    """Show a page of the leads that the address selects, newest first unless it says otherwise."""
    search = LeadSearch.from_query(request.args.to_dict(flat=False))
    viewer = Viewer(member().id, services().settings.office.zone)
    after = request.args.get("after", "")
    with services().database.reading() as session:
        found = find(session, search, viewer, after=after, limit=PAGE_SIZE)
        states = pdf_states(session, [lead.id for lead in found.leads])
        now = session.now()
    return render_template(
        "staff/lead_list.html",
        rows=[list_views.row(lead, now) for lead in found.leads],
        pdfs=states,
        older=found.after and search.query(after=found.after),
        first_page=not found.before,
    )
