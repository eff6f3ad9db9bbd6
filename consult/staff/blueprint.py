"""The blueprint of the staff pages, who may open which page, and what waits for its user.

Each view declares its required role under its route. A view without a declaration is for admins
only, so a forgotten one shows too little and not too much; a test finds it. Objects of other users
are no matter of roles: they are not found (404).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, TypedDict, TypeVar

from flask import Blueprint, current_app, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, HTTPException, ServiceUnavailable, Unauthorized
from wtforms.form import BaseForm

from consult.crypto import Purpose, new_token, sign, verify
from consult.questionnaire.editions import newest
from consult.storage.db.base import HIGHEST_ID
from consult.storage.second_factors import factors
from consult.web.monitoring import RETRY_SECONDS
from consult.web.services import secret_key, services
from consult.web.text import has_secret
from consult.workflow.stages import MEANINGS, NAMES

ID = f"int(max={HIGHEST_ID})"

Role = Literal["staff", "admin"]
"""Everyone who is signed in, or admins only."""

_View = TypeVar("_View", bound=Callable[..., Any])
_REQUIRED_ROLE = "required_role"

# As long as it may take to find the phone with the code on it.
_FORM_PENDING_FOR = timedelta(hours=1)

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


class RoleRequired(Forbidden):
    """The signed-in user's role may not open this page."""


class SignedOut(Unauthorized):
    """A form was submitted whose user is no longer signed in."""


class NotRecorded(ServiceUnavailable):
    """The audit log cannot take an entry just now, so what needs one is not shown."""


def for_staff(view: _View) -> _View:
    view.__dict__[_REQUIRED_ROLE] = "staff"
    return view


def for_admins(view: _View) -> _View:
    view.__dict__[_REQUIRED_ROLE] = "admin"
    return view


def declared_role(view: Callable[..., Any]) -> Role | None:
    """Return the role that a view declares; None where the declaration was forgotten."""
    role: Role | None = view.__dict__.get(_REQUIRED_ROLE)
    return role


def required_role(endpoint: str) -> Role:
    return declared_role(current_app.view_functions[endpoint]) or "admin"


@blueprint.get("/help")
@for_staff
def help_page() -> str:
    """Explain stages, scores, bands, archetypes and the other terms of the staff area."""
    findings = newest().texts.findings
    settings = services().settings
    return render_template(
        "staff/help.html",
        stages=[(NAMES[stage], MEANINGS[stage]) for stage in NAMES],
        bands=findings["bands"],
        archetypes={
            # The owner reads which of the two it is.
            id: {
                **words,
                "says": words["says"].format(
                    strong="marketing or sales", weak="sales or marketing"
                ),
            }
            for id, words in findings["archetypes"].items()
        },
        hours=settings.reply_within_hours,
        drafts_days=settings.retention_days_drafts,
    )


@blueprint.errorhandler(404)
def not_found(error: HTTPException) -> ResponseReturnValue:
    return render_template("staff/not_found.html"), 404


def role_required(error: RoleRequired) -> ResponseReturnValue:
    return render_template("staff/forbidden.html"), 403


def not_recorded(error: NotRecorded) -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    page = render_template("staff/not_recorded.html", here=here)
    return page, 503, {"Retry-After": str(RETRY_SECONDS)}


def first_errors(form: BaseForm) -> dict[str, str]:
    """What is wrong with a form, by id of the field: of each, what is said first."""
    return {field.id: str(field.errors[0]) for field in form if field.errors}


# --- What waits for its user ----------------------------------------------------------------------
# A step, such as the second factor of a sign-in, is stored in the signed cookie of the browser that
# began it. The cookie can be copied, so the database knows which steps were taken.


def begin(step: str, **values: Any) -> None:
    """Let this browser take a step, for which the values are needed then."""
    since = services().database.clock().timestamp()
    session[step] = {**values, "id": new_token(), "since": since}


def begun(step: str, valid: timedelta) -> dict[str, Any] | None:
    """The values of a step that this browser may take, and `since` when, in seconds since 1970."""
    values: dict[str, Any] | None = session.get(step)
    now = services().database.clock().timestamp()
    if values is None or now - values["since"] >= valid.total_seconds():
        return None
    return values


def take(step: str, valid: timedelta) -> dict[str, Any] | None:
    """Take a step that this browser may take, once, and return its values; None otherwise."""
    values = begun(step, valid)
    session.pop(step, None)
    if values is None:
        return None
    with services().database.writing() as writing:
        return values if factors.use_once(writing, values["id"], valid) else None


class PendingForm(TypedDict):
    """A submitted form that waits for a sign-in, or for a re-authentication.

    Of `files` only names are stored: of the field, and of the chosen file.
    """

    user: int
    action: str
    fields: list[tuple[str, str]]
    files: list[tuple[str, str]]


def submitted_form(user_id: int) -> str:
    """The form that this request submits, signed, to be submitted again by this user."""
    fields = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"]
    files = [(name, file.filename) for name, file in request.files.items(True) if file.filename]
    action = request.full_path.rstrip("?")
    form = PendingForm(user=user_id, action=action, fields=fields, files=files)
    return sign(secret_key(), Purpose.PENDING_FORM, form)


def pending_form(signed: str, user_id: int) -> PendingForm | None:
    """This user's own form that waits; None if there is none."""
    form: PendingForm | None = verify(
        secret_key(), Purpose.PENDING_FORM, signed, max_age=_FORM_PENDING_FOR
    )
    return form if form and form["user"] == user_id else None


def may_be_held() -> bool:
    """Whether anything was typed, and nothing that is secret."""
    typed = set(request.form) - {"csrf_token"}
    return bool(typed) and not has_secret(typed)
