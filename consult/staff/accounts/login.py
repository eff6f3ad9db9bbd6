"""Login and logout: a password, passkey or provider, and the second factor of those who have one.

After the first factor, a user with a second one has a pending login: it is stored in the signed
cookie, gives access to the page that asks for the second factor and nothing else, lasts ten minutes
and works once.
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response
from wtforms import Form, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from consult.staff.accounts import access
from consult.staff.accounts.passwords import (
    PASSWORD_MAX,
    count_code_attempt,
    count_passkey_attempt,
    count_password_attempt,
    count_recovery_attempt,
    is_password_of,
    reset_code_attempts,
    reset_password_attempts,
    trust_device,
)
from consult.staff.blueprint import (
    SignedOut,
    begin,
    begun,
    blueprint,
    for_staff,
    may_be_held,
    pending_form,
    submitted_form,
    take,
)
from consult.staff.second_factors import passkeys, totp
from consult.storage.accounts import accounts, sessions
from consult.storage.accounts.account_admin import EMAIL_MAX, AccountError, normal_email
from consult.storage.audit import audit_log
from consult.storage.notifications import notifications
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.headers import names_its_site
from consult.web.services import services
from consult.web.text import LineField

PENDING_FOR = timedelta(minutes=10)
CODE_MAX = 40

WRONG = "Wrong email or password. Check both and try again."
WRONG_CODE = "This code is wrong or was used before. Wait for the next one and try again."
WRONG_RECOVERY_CODE = "That isn’t one of your recovery codes, or it was used before."
WRONG_PASSKEY = "That passkey didn’t work. Try again, or sign in another way."
NO_CODE = "Enter the six digits that your app shows."
NO_RECOVERY_CODE = "Enter one of your recovery codes."

_PENDING = "pending_login"


class SignInForm(Form):
    email = LineField(validators=[InputRequired(), Length(max=EMAIL_MAX)])
    password = PasswordField(validators=[InputRequired(), Length(max=PASSWORD_MAX)])
    next = HiddenField()


def hold_form(_: SignedOut) -> ResponseReturnValue:
    """Answer a form whose session has ended with the sign-in, after which it is there again.

    Only for the user whose session it was.
    """
    with services().database.reading() as reading:
        user_id = sessions.user_of_past(reading, str(session[access.TOKEN_KEY]))
    if user_id is None or not may_be_held():
        return redirect(url_for(access.SIGN_IN), 303)
    return _sign_in_page(SignInForm(), pending=submitted_form(user_id)), 403


def form_expired(error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose CSRF token is missing or belongs to another session.

    Who signed in again in another window, or with the provider, gets it to submit it again, if the
    browser says that it is from a page of this site.
    """
    if (found := access.current_session()) and names_its_site():
        pending = request.form.get("pending", "")
        if not pending and may_be_held():
            pending = submitted_form(found.user_id)
        if form := pending_form(pending, found.user_id):
            title = "You signed in again"
            return render_template("staff/accounts/resubmit.html", form=form, title=title), 400
    return render_template("staff/form_expired.html"), 400


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    if access.current_session():
        return redirect(url_for(".today_page"), 303)
    if request.method != "POST":
        return _sign_in_page(SignInForm(data={"next": request.args.get("next")}))
    form = SignInForm(request.form)
    if "email" not in request.form:  # back from the provider's tab, without having signed in
        return _sign_in_page(form), 422
    user = _user_by_password(form)
    if user is None:
        # The same message whatever was wrong: it must not reveal which addresses have an account.
        return _sign_in_page(form, email=WRONG), 422
    return begin_login(user, "password", form.next.data or "")


def _user_by_password(form: SignInForm) -> StaffUserRow | None:
    email, password = form.email.data, form.password.data or ""
    count_password_attempt(email)
    if not form.validate():
        if email and password:
            _record("account.sign_in_failed", None)
        return None
    with services().database.reading() as session:
        try:
            user = accounts.user_by_email(session, normal_email(email))
        except AccountError:
            user = None
    if not is_password_of(user, password) or user is None or not user.active:
        _record("account.sign_in_failed", user.id if user else None)
        return None
    reset_password_attempts(email)
    return user


def _record(action: str, user_id: int | None) -> None:
    """Record a failed attempt; an address without an account is not recorded."""
    with services().database.writing() as session:
        audit_log.record(session, action, by=None, account=user_id)


@blueprint.post("/sign-in/passkey")
def passkey_sign_in() -> ResponseReturnValue:
    """Take a passkey, which is worth a password and a second factor."""
    count_passkey_attempt()
    wanted = request.form.get("next", "")
    user_id = passkeys.verify("sign-in", request.form.get("credential", ""))
    with services().database.reading() as reading:
        user = accounts.user_by_id(reading, user_id) if user_id is not None else None
    if user is None or not user.active:
        return _sign_in_page(SignInForm(data={"next": wanted}), passkey=WRONG_PASSKEY), 422
    return complete_login(user, "passkey", wanted)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def verify_second_factor() -> ResponseReturnValue:
    pending = begun(_PENDING, PENDING_FOR)
    user = _user_of(pending) if pending else None
    if pending is None or user is None:
        return redirect(url_for(access.SIGN_IN), 303)
    errors = {}
    if request.method == "POST":
        field, error = _check_factor(user.id)
        if error is None:
            if take(_PENDING, PENDING_FOR):
                return complete_login(user, pending["method"], pending["next"])
            access.sign_out()
            return redirect(url_for(access.SIGN_IN), 303)
        errors[field] = error
    return _code_page(user.id, errors), 422 if errors else 200


def _code_page(user_id: int, errors: Mapping[str, str]) -> str:
    with services().database.reading() as reading:
        has = factors.factors_of(reading, user_id)
    options = passkeys.authentication_options("second-factor", user_id) if has.passkeys else ""
    return render_template(
        "staff/second_factors/verify_code.html",
        has=has,
        errors=errors,
        passkey_options=options,
        pending=request.form.get("pending", ""),
    )


@blueprint.post("/sign-out")
@for_staff
def sign_out() -> ResponseReturnValue:
    token = session[access.TOKEN_KEY]
    access.sign_out()
    session[access.TOKEN_KEY] = token  # worth nothing, but to hold a form of another window
    answer = make_response(redirect(url_for(access.SIGN_IN), 303))
    # Not "cookies": that would sign people out of the agency's other sites as well.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def begin_login(user: StaffUserRow, method: str, wanted: str = "") -> Response:
    """Sign in a user after the first factor, or ask for the second one; then go to `wanted`."""
    with services().database.reading() as reading:
        has_factor = factors.factors_of(reading, user.id).any
    if not has_factor:
        return complete_login(user, method, wanted)
    access.sign_out()
    begin(
        _PENDING,
        user_id=user.id,
        password_stamp=_password_stamp(user),
        method=method,
        next=wanted,
    )
    if request.form.get("pending"):  # which is too long for the cookie
        return make_response(_code_page(user.id, {}))
    return redirect(url_for("staff.verify_second_factor"), 303)


def complete_login(user: StaffUserRow, method: str, wanted: str = "") -> Response:
    form = pending_form(request.form.get("pending", ""), user.id)
    access.start_session(user, method)
    answer = redirect(access.safe_next(wanted), 303)
    if form:
        page = render_template("staff/accounts/resubmit.html", form=form, title="Signed in")
        answer = make_response(page)
    trust_device(answer, user)
    return answer


def _user_of(pending: Mapping[str, Any]) -> StaffUserRow | None:
    """Who waits for the second factor, unless the account has changed in the meantime."""
    with services().database.reading() as reading:
        user = accounts.user_by_id(reading, pending["user_id"])
    if user is None or not user.active or pending["password_stamp"] != _password_stamp(user):
        return None
    return user


def _password_stamp(user: StaffUserRow) -> str:
    """Return what changes with the password, so that a new one voids pending logins."""
    return hashlib.sha256(user.password_hash.encode()).hexdigest()


def _check_factor(user_id: int) -> tuple[str, str | None]:
    """Return the field that was filled in, and what is wrong with it."""
    if "credential" in request.form:
        used = passkeys.verify("second-factor", request.form["credential"], user_id)
        return "passkey", None if used is not None else WRONG_PASSKEY
    if "recovery_code" in request.form:
        return "recovery_code", check_recovery_code(user_id, request.form["recovery_code"])
    return "code", check_code(user_id, request.form.get("code", ""))


def check_code(user_id: int, code: str) -> str | None:
    """Use a code of an authenticator app; return what is wrong with it, or None.

    Raises TooManyRequests (429) when the account has no attempts left.
    """
    if not code.strip():
        return NO_CODE
    count_code_attempt(user_id)
    if len(code) > CODE_MAX or not _use_code(user_id, code):
        _record("factor.refused", user_id)
        return WRONG_CODE
    reset_code_attempts(user_id)
    return None


def check_recovery_code(user_id: int, code: str) -> str | None:
    """Use a recovery code; return what is wrong with it, or None.

    Raises TooManyRequests (429) when the account has no attempts left.
    """
    if not code.strip():
        return NO_RECOVERY_CODE
    count_recovery_attempt(user_id)
    with services().database.writing() as writing:
        used = len(code) <= CODE_MAX and factors.use_recovery_code(writing, user_id, code)
        if used:
            notifications.record_account_change(
                writing, "factor.recovery_code_used", user_id=user_id, by=user_id
            )
    if not used:
        _record("factor.refused", user_id)
        return WRONG_RECOVERY_CODE
    reset_code_attempts(user_id)
    return None


def _use_code(user_id: int, code: str) -> bool:
    database = services().database
    with database.reading() as reading:
        encrypted, now = factors.encrypted_secret(reading, user_id), reading.now()
    secret = totp.decrypt_secret(encrypted, user_id) if encrypted else None
    step = totp.step_of(secret, code, now) if secret else None
    if step is None:
        return False
    with database.writing() as writing:
        return factors.use_step(writing, user_id, step)


def _sign_in_page(form: SignInForm, pending: str = "", **errors: str) -> str:
    settings = services().settings
    pending = pending or request.form.get("pending", "")
    return render_template(
        "staff/accounts/sign_in.html",
        form=form,
        pending=pending,
        errors=errors,
        passkey_options=passkeys.authentication_options("sign-in") if passkeys.supported() else "",
        provider=settings.oidc_name if settings.oidc_issuer else "",
    )
