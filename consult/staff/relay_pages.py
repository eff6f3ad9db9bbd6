"""What staff do with a lead from its page: each button there ends in one verb of the desk."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from consult.staff.access import member
from consult.staff.blueprint import ID, blueprint
from consult.staff.rights import for_staff
from consult.storage import desk
from consult.web.services import services


@blueprint.post(f"/leads/<{ID}:lead_id>/take")
@for_staff
def take(lead_id: int) -> ResponseReturnValue:
    """Make whoever presses it the holder of a lead."""
    version = request.form.get("version", type=int)
    try:
        with services().database.writing() as session:
            desk.take(session, lead_id, by=member().id, version=version)
    except desk.UnknownLeadError:
        abort(404)
    return redirect(url_for(".lead", lead_id=lead_id), 303)
