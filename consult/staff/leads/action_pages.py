"""What staff do with a lead from its page: each form there ends in one verb of the desk."""

from collections.abc import Callable
from datetime import date

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.leads import action_forms
from consult.staff.leads.action_forms import Act, Fields, WrongFieldsError
from consult.staff.leads.lead_pages import back_to, lead_page
from consult.staff.leads.status_presenter import Attempt
from consult.storage.leads import actions, leads
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.office_hours import Office

_LEAD = f"/leads/<{ID}:lead_id>"


@blueprint.post(f"{_LEAD}/take")
@for_staff
def take(lead_id: int) -> ResponseReturnValue:
    """Make whoever presses it the assignee of a lead."""
    return _do(lead_id, "take", action_forms.take)


@blueprint.post(f"{_LEAD}/contact")
@for_staff
def log_contact(lead_id: int) -> ResponseReturnValue:
    """Note that somebody called or wrote."""
    return _do(lead_id, "contact", lambda fields: action_forms.contact(fields, _today()))


@blueprint.post(f"{_LEAD}/stage")
@for_staff
def move(lead_id: int) -> ResponseReturnValue:
    """Move a lead on to its next stage."""
    form = f"stage-{request.form.get('stage', '')}"
    return _do(lead_id, form, lambda fields: action_forms.stage(fields, _office()))


@blueprint.post(f"{_LEAD}/rebook")
@for_staff
def rebook(lead_id: int) -> ResponseReturnValue:
    """Give a consult that is booked another date."""
    return _do(lead_id, "rebook", lambda fields: action_forms.rebook(fields, _office()))


@blueprint.post(f"{_LEAD}/not-now")
@for_staff
def not_now(lead_id: int) -> ResponseReturnValue:
    """Note the day on which to ask again."""
    return _do(lead_id, "not-now", lambda fields: action_forms.not_now(fields, _today()))


@blueprint.post(f"{_LEAD}/offer")
@for_staff
def hand_over(lead_id: int) -> ResponseReturnValue:
    """Offer a lead to a colleague."""
    return _do(lead_id, "offer", action_forms.offer)


@blueprint.post(f"{_LEAD}/accept")
@for_staff
def accept(lead_id: int) -> ResponseReturnValue:
    """Say yes to a lead that is offered."""
    return _do(lead_id, "answer", action_forms.accept, done="accept")


@blueprint.post(f"{_LEAD}/return")
@for_staff
def give_back(lead_id: int) -> ResponseReturnValue:
    """Say no to a lead that is offered, with a reason."""
    return _do(lead_id, "answer", action_forms.give_back, done="return")


@blueprint.post(f"{_LEAD}/withdraw")
@for_staff
def withdraw(lead_id: int) -> ResponseReturnValue:
    """Take an offer back."""
    return _do(lead_id, "withdraw", action_forms.withdraw)


@blueprint.post(f"{_LEAD}/verdicts")
@for_staff
def judge(lead_id: int) -> ResponseReturnValue:
    """Note what the call showed of each dimension."""
    with services().database.reading() as session:
        found = leads.by_id(session, lead_id) or abort(404)
    return _do(lead_id, "verdicts", lambda fields: action_forms.judge(fields, found.edition))


def _do(
    lead_id: int, form: str, read: Callable[[Fields], Act], *, done: str = ""
) -> ResponseReturnValue:
    """Do what a form asks for and go back to the lead, which says so by the name of `done`.

    What cannot be done leaves the lead as it is and shows it with the form as it was filled in:
    409 with what changed since, when somebody else was quicker; 422 with what is wrong, otherwise.
    """
    fields = request.form.to_dict()
    version = request.form.get("version", type=parse_id)
    if version is None:
        abort(400)
    try:
        act = read(fields)
        with services().database.writing() as session:
            act(session, lead_id, signed_in_user().id, version)
    except actions.UnknownLeadError:
        abort(404)
    except actions.ConflictError:
        page = lead_page(lead_id, Attempt(form, fields), since=version)
        return page, 409
    except WrongFieldsError as wrong:
        return lead_page(lead_id, Attempt(form, fields, wrong.errors)), 422
    except actions.NotAllowedError as refusal:
        return lead_page(lead_id, Attempt(form, fields, {"": str(refusal)})), 422
    return redirect(back_to(lead_id, done or form), 303)


def _office() -> Office:
    return services().settings.office


def _today() -> date:
    made = services()
    return made.settings.office.today(made.database.clock())
