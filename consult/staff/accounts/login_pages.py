"""Signing in and out: the password, and then the second factor of those who have one."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import logout_user

from consult.staff.accounts import access, login
from consult.staff.accounts.account_forms import SignInForm
from consult.staff.accounts.attempts import spend_passkey
from consult.staff.accounts.users import Member
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.second_factors import passkeys
from consult.staff.second_factors.verify_code import WRONG_PASSKEY, code_problem, recovery_problem
from consult.storage.accounts import accounts
from consult.storage.second_factors import factors
from consult.web.services import services

WRONG = "This email address and password do not belong together. Check both and try again."


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Take an address and a password."""
    if current_user.is_authenticated:
        return redirect(url_for(".lead_list"), 303)
    form = SignInForm()
    if request.method == "GET":
        return _sign_in_page(form)
    if not form.validate() or not isinstance(form.user, Member):
        # The same words whatever was wrong: they must not tell which addresses have an account.
        return _sign_in_page(form, email=WRONG), 422
    return login.admit(form.user, "password", form.next.data or "")


@blueprint.post("/sign-in/passkey")
def passkey_sign_in() -> ResponseReturnValue:
    """Take a passkey, which is worth a password and a second factor."""
    made = services()
    spend_passkey()
    user_id = passkeys.used("sign-in", request.form.get("credential", ""))
    with made.database.reading() as session:
        user = accounts.user_by_id(session, user_id) if user_id is not None else None
    if user is None or not user.active:
        return _sign_in_page(SignInForm(formdata=None), passkey=WRONG_PASSKEY), 422
    return login.let_in(Member(user), "passkey", request.form.get("next", ""))


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def second_factor() -> ResponseReturnValue:
    """Take the second factor of somebody who has just given the right password."""
    found = login.halfway()
    if found is None:
        return redirect(url_for(access.SIGN_IN), 303)
    who, here = found
    errors = {}
    if request.method == "POST":
        field, problem = _judge(who.id)
        if problem is None:
            return login.go_through(who, here)
        errors[field] = problem
    with services().database.reading() as session:
        has = factors.factors_of(session, who.id)
    page = render_template(
        "staff/second_factors/verify_code.html",
        has=has,
        errors=errors,
        passkey_options=passkeys.ask_for("second-factor", who.id) if has.passkeys else "",
    )
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


def _sign_in_page(form: SignInForm, **errors: str) -> str:
    options = passkeys.ask_for("sign-in") if passkeys.possible() else ""
    settings = services().settings
    return render_template(
        "staff/accounts/sign_in.html",
        form=form,
        errors=errors,
        passkey_options=options,
        provider=settings.oidc_name if settings.oidc_issuer else "",
    )


def _judge(user_id: int) -> tuple[str, str | None]:
    """The field that was filled in, and what is wrong with it."""
    if "credential" in request.form:
        used = passkeys.used("second-factor", request.form["credential"], user_id)
        return "passkey", None if used is not None else WRONG_PASSKEY
    if "recovery_code" in request.form:
        return "recovery_code", recovery_problem(user_id, request.form["recovery_code"])
    return "code", code_problem(user_id, request.form.get("code", ""))
