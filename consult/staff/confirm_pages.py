"""The page on which somebody who is signed in proves again who they are."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from consult.staff import access, passkeys, proof
from consult.staff.access import member
from consult.staff.accounts import PASSWORD_MAX
from consult.staff.blueprint import blueprint
from consult.staff.forms import forgive_tries, spend_try
from consult.staff.rights import for_staff
from consult.staff.second_factor import WRONG_PASSKEY, code_problem


@blueprint.get("/confirm")
@for_staff
def confirm() -> ResponseReturnValue:
    """Ask for a proof, on the way to the page in `next`."""
    wanted = access.own_path(request.args.get("next", ""))
    if proof.is_fresh():
        return redirect(wanted, 303)
    return proof.confirm_page(wanted=wanted)


@blueprint.post("/confirm")
@for_staff
def give_proof() -> ResponseReturnValue:
    """Take a proof, and lead on: to the page that was asked for, or to the form held back."""
    wanted, held = request.form.get("next", ""), request.form.get("held", "")
    means, problem = _judge()
    if problem:
        return proof.confirm_page(wanted=wanted, held=held, errors={means: problem}), 422
    proof.renew(means)
    form = proof.held_form(held)
    if form is None:
        return redirect(access.own_path(wanted), 303)
    return render_template("staff/send_again.html", form=form)


def _judge() -> tuple[str, str | None]:
    """The proof that was given, by the name of its field, and what is wrong with it."""
    if "credential" in request.form:
        used = passkeys.used("confirm", request.form["credential"], member().id)
        return "passkey", None if used is not None else WRONG_PASSKEY
    if "code" in request.form:
        return "code", code_problem(member().id, request.form["code"])
    return "password", _password_problem(request.form.get("password", ""))


def _password_problem(password: str) -> str | None:
    me = member()
    if not password:
        return "Enter your password."
    spend_try(me.email)
    if len(password) > PASSWORD_MAX or not access.is_password_of(me, password):
        return "This is not your password."
    forgive_tries(me.email)
    return None
