"""The page on which somebody who is signed in proves again who they are."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts import access, reauthentication
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.second_factors import passkeys
from consult.staff.second_factors.verify_code import WRONG_PASSKEY, code_problem
from consult.storage.second_factors import factors
from consult.web.services import services


@blueprint.get("/confirm")
@for_staff
def confirm() -> ResponseReturnValue:
    """Ask for a proof, on the way to the page in `next`."""
    wanted = access.own_path(request.args.get("next", ""))
    if reauthentication.is_fresh():
        return redirect(wanted, 303)
    return reauthentication.confirm_page(wanted=wanted)


@blueprint.post("/confirm")
@for_staff
def give_proof() -> ResponseReturnValue:
    """Take a proof, and lead on: to the page that was asked for, or to the form held back."""
    wanted, held = request.form.get("next", ""), request.form.get("held", "")
    if not reauthentication.is_fresh():  # it may have been given meanwhile, in another window
        means, problem = _judge()
        if problem:
            return reauthentication.confirm_page(
                wanted=wanted, held=held, errors={means: problem}
            ), 422
        reauthentication.renew(means)
    form = reauthentication.held_form(held)
    if form is None:
        return redirect(access.own_path(wanted), 303)
    return render_template("staff/accounts/resubmit.html", form=form)


def _judge() -> tuple[str, str | None]:
    """The proof that was given, by the name of its field, and what is wrong with it."""
    if "credential" in request.form:
        used = passkeys.used("confirm", request.form["credential"], signed_in_user().id)
        return "passkey", None if used is not None else WRONG_PASSKEY
    if "code" in request.form:
        return "code", code_problem(signed_in_user().id, request.form["code"])
    with services().database.reading() as reading:
        has = factors.factors_of(reading, signed_in_user().id)
    if has.any:
        # Whoever saw a password typed and sits down at the same browser has no second factor.
        return "code" if has.app_since else "passkey", reauthentication.NOT_BY_PASSWORD
    return "password", reauthentication.wrong_password(request.form.get("password", ""))
