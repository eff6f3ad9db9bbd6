"""Signing in and out: the password, and then the second factor of those who have one."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import logout_user

from consult.staff import access, entrance
from consult.staff.blueprint import blueprint
from consult.staff.forms import SignInForm
from consult.staff.members import Member
from consult.staff.rights import for_staff
from consult.staff.second_factor import code_problem, recovery_problem
from consult.storage import factors
from consult.web.services import services

WRONG = "This email address and password do not belong together. Check both and try again."


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Take an address and a password."""
    if current_user.is_authenticated:
        return redirect(url_for(".lead_list"), 303)
    form = SignInForm()
    if request.method == "GET":
        return render_template("staff/sign_in.html", form=form, errors={})
    if not form.validate() or not isinstance(form.user, Member):
        # The same words whatever was wrong: they must not tell which addresses have an account.
        return render_template("staff/sign_in.html", form=form, errors={"email": WRONG}), 422
    return entrance.admit(form.user, "password", form.next.data or "")


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def second_factor() -> ResponseReturnValue:
    """Take the second factor of somebody who has just given the right password."""
    found = entrance.halfway()
    if found is None:
        return redirect(url_for(access.SIGN_IN), 303)
    who, here = found
    errors = {}
    if request.method == "POST":
        field, problem = _judge(who.id)
        if problem is None:
            return entrance.go_through(who, here)
        errors[field] = problem
    with services().database.reading() as session:
        has = factors.factors_of(session, who.id)
    page = render_template("staff/second_factor.html", has=has, errors=errors)
    return page, 422 if errors else 200


@blueprint.post("/sign-out")
@for_staff
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    logout_user()
    answer = make_response(redirect(url_for(access.SIGN_IN), 303))
    # Not "cookies": that would sign people out of the agency's other sites as well.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _judge(user_id: int) -> tuple[str, str | None]:
    """The field that was filled in, and what is wrong with it."""
    if "recovery_code" in request.form:
        return "recovery_code", recovery_problem(user_id, request.form["recovery_code"])
    return "code", code_problem(user_id, request.form.get("code", ""))
