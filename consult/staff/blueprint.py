"""The blueprint of the staff pages. They are behind the door in `access`: somebody is signed in."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from consult.staff.accounts.permissions import NotForThisRole
from consult.storage.db.base import HIGHEST_ID

ID = f"int(max={HIGHEST_ID})"

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


@blueprint.errorhandler(404)
def not_found(error: HTTPException) -> ResponseReturnValue:
    """Say that a lead or a session is not there, or no longer."""
    return render_template("staff/not_found.html"), 404


def not_for_this_role(error: NotForThisRole) -> ResponseReturnValue:
    """Say whose page this is to somebody whose role may not open it."""
    return render_template("staff/forbidden.html"), 403


def form_expired(error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is missing or from another session."""
    return render_template("staff/form_expired.html"), 400
