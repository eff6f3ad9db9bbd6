"""Re-authentication ("step-up") before actions that cannot be undone or reveal a lot.

A browser left signed in should not be enough to export all leads. So some views require an
authentication (code, passkey, provider; the password of users without a second factor) in the last
ten minutes. When the last one was is stored with the session in the database, not in the cookie.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from consult.staff.accounts import access
from consult.staff.accounts.access import signed_in_session, signed_in_user
from consult.staff.accounts.login import WRONG_PASSKEY, check_code
from consult.staff.accounts.passwords import (
    PASSWORD_MAX,
    count_password_attempt,
    is_password_of,
    reset_password_attempts,
)
from consult.staff.blueprint import blueprint, for_staff, pending_form, submitted_form
from consult.staff.second_factors import passkeys
from consult.storage.accounts import accounts, sessions
from consult.storage.audit import audit_log
from consult.storage.second_factors import factors
from consult.web.services import services

RECENT = timedelta(minutes=10)

PASSWORD_NOT_ENOUGH = (
    "Confirm with your code or a passkey. With two-step verification, your password alone isn’t "
    "enough."
)

_View = Callable[..., ResponseReturnValue]


def recent_auth_required(view: _View) -> _View:
    """Require an authentication in the last ten minutes: the innermost decorator of a view.

    Use it on the page with the form as well as on the view that takes the form. A form that is
    submitted later is not lost: the user is asked, and may then submit it again, with its files
    chosen again. Passwords should not be stored for that, so a form with one should authenticate by
    it. For a download, guard the page that links to it too.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        return view(*args, **kwargs) if is_recent() else _ask()

    return guarded


def is_recent() -> bool:
    return services().database.clock() - signed_in_session().authenticated_at < RECENT


def store_reauthentication(method: str) -> None:
    """Store that the user has just authenticated again, and give their session a new token."""
    with services().database.writing() as writing:
        token = sessions.reauthenticate(writing, signed_in_session().id)
        audit_log.record(writing, "account.reauthenticated", by=signed_in_user().id, method=method)
    session[access.TOKEN_KEY] = token


@blueprint.get("/confirm")
@for_staff
def confirm() -> ResponseReturnValue:
    """Ask for an authentication, on the way to the page in `next`."""
    wanted = access.safe_next(request.args.get("next", ""))
    return redirect(wanted, 303) if is_recent() else _confirm_page(wanted=wanted)


@blueprint.post("/confirm")
@for_staff
def reauthenticate() -> ResponseReturnValue:
    """Take an authentication, and go on to the page in `next`, or to the pending form."""
    wanted, pending = request.form.get("next", ""), request.form.get("pending", "")
    if not is_recent():  # it may have been given in another window
        method, error = _check()
        if error:
            return _confirm_page(wanted=wanted, pending=pending, errors={method: error}), 422
        store_reauthentication(method)
    form = pending_form(pending, signed_in_user().id)
    if form is None:
        return redirect(access.safe_next(wanted), 303)
    return render_template("staff/accounts/resubmit.html", form=form, title="Confirmed")


def check_password(password: str) -> str | None:
    """Return what is wrong with a password as an authentication of the signed-in user, or None.

    Raises TooManyRequests (429) when the network or account has no attempts left.
    """
    if not password:
        return "Enter your password."
    return None if is_right_password(password) else "This isn’t your password."


def is_right_password(password: str) -> bool:
    """Whether it is the signed-in user's password; a wrong one is recorded.

    Raises TooManyRequests (429) likewise.
    """
    me = signed_in_user()
    count_password_attempt(me.email)
    if len(password) > PASSWORD_MAX or not is_password_of(me, password):
        with services().database.writing() as writing:
            audit_log.record(
                writing, "account.reauthentication_failed", by=me.id, method="password"
            )
        return False
    reset_password_attempts(me.email)
    return True


def _check() -> tuple[str, str | None]:
    """Return the method that was used, which is the name of its field, and what is wrong."""
    if "credential" in request.form:
        used = passkeys.verify("confirm", request.form["credential"], signed_in_user().id)
        return "passkey", None if used is not None else WRONG_PASSKEY
    if "code" in request.form:
        return "code", check_code(signed_in_user().id, request.form["code"])
    with services().database.reading() as reading:
        has = factors.factors_of(reading, signed_in_user().id)
    if has.any:
        # Someone who saw the password typed and sits at the same browser has no second factor.
        return "code" if has.app_since else "passkey", PASSWORD_NOT_ENOUGH
    return "password", check_password(request.form.get("password", ""))


def _ask() -> ResponseReturnValue:
    here = request.full_path.rstrip("?")
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("staff.confirm", next=here), 303)
    return _confirm_page(pending=submitted_form(signed_in_user().id)), 403


def _confirm_page(
    *, wanted: str = "", pending: str = "", errors: Mapping[str, str] | None = None
) -> str:
    settings, me = services().settings, signed_in_user()
    form = pending_form(pending, me.id)
    with services().database.reading() as reading:
        has = factors.factors_of(reading, me.id)
        linked = accounts.is_linked(reading, me.id, settings.oidc_issuer or "")
    return render_template(
        "staff/accounts/reauthenticate.html",
        wanted=wanted,
        pending=pending,
        files=form["files"] if form else [],
        has=has,
        errors=errors or {},
        passkey_options=passkeys.authentication_options("confirm", me.id) if has.passkeys else "",
        provider=settings.oidc_name if linked else "",
    )
