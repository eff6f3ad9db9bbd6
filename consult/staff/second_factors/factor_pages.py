"""A user's own second factors: set one up, remove one, generate recovery codes.

Every change requires a recent authentication, is recorded, alerts the user by email, and signs
them out everywhere else.
"""

from flask import abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import record_factor_change, signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.second_factors import passkeys, totp
from consult.storage.accounts import accounts
from consult.storage.accounts.sessions import browser_name
from consult.storage.db.database import Session
from consult.storage.second_factors import factors
from consult.web.services import services
from consult.web.text import one_line

PASSKEY_NAME_MAX = 60
NO_CODE = "Enter the six digits that your app shows now."
WRONG_CODE = "That code isn’t valid right now. Check your phone’s clock, and try again."
NOT_ADDED = "No passkey was added, or the page was open too long. Try again."

# The encrypted secret of an app that is being set up, until a code confirms it.
_NEW_APP = "new_app"


@blueprint.get("/account/factors")
@for_staff
def second_factors() -> ResponseReturnValue:
    settings, me = services().settings, signed_in_user()
    with services().database.reading() as reading:
        has = factors.factors_of(reading, me.id)
        linked = accounts.is_linked(reading, me.id, settings.oidc_issuer or "")
        known = factors.passkeys_of(reading, me.id) if has.passkeys else []
    return render_template(
        "staff/second_factors/second_factors.html",
        has=has,
        passkeys=known,
        passkeys_supported=passkeys.supported(),
        required=settings.staff_second_factor == "required",
        must_set_up=g.must_set_up,
        provider=settings.oidc_name if settings.oidc_issuer else "",
        linked=linked,
    )


@blueprint.get("/account/factors/app")
@for_staff
@recent_auth_required
def set_up_app() -> ResponseReturnValue:
    """Show the secret for an authenticator app; the same one until it is confirmed."""
    return _app_page(_pending_secret())


@blueprint.post("/account/factors/app")
@for_staff
@recent_auth_required
def confirm_app() -> ResponseReturnValue:
    secret, me = _pending_secret(), signed_in_user()
    code = request.form.get("code", "")
    step = totp.step_of(secret, code, services().database.clock())
    if step is None:
        return _app_page(secret, WRONG_CODE if code.strip() else NO_CODE), 422
    with services().database.writing() as writing:
        factors.set_authenticator(writing, me.id, totp.encrypt_secret(secret, me.id), step)
        codes = _record_new_factor(writing, "factor.app_added")
    session.pop(_NEW_APP, None)
    return _codes_or_overview(codes, "app")


@blueprint.post("/account/factors/app/remove")
@for_staff
@recent_auth_required
def remove_app() -> ResponseReturnValue:
    with services().database.writing() as writing:
        factors.remove_authenticator(writing, signed_in_user().id)
        _record_removed_factor(writing, "factor.app_removed")
    return redirect(url_for(".second_factors", done="app-removed"), 303)


@blueprint.get("/account/factors/passkeys/new")
@for_staff
@recent_auth_required
def new_passkey() -> ResponseReturnValue:
    return _passkey_page(browser_name(request.user_agent.string))


@blueprint.post("/account/factors/passkeys/new")
@for_staff
@recent_auth_required
def add_passkey() -> ResponseReturnValue:
    name = one_line(request.form.get("name", ""))[:PASSKEY_NAME_MAX]
    if not name:
        return _passkey_page(name, name="Give it a name."), 422
    passkey = passkeys.verify_new(request.form.get("credential", ""), signed_in_user().id, name)
    if passkey is None:
        return _passkey_page(name, passkey=NOT_ADDED), 422
    with services().database.writing() as writing:
        added = factors.add_passkey(writing, passkey)
        codes = _record_new_factor(writing, "factor.passkey_added") if added else []
    if not added:
        return _passkey_page(name, passkey=NOT_ADDED), 422
    return _codes_or_overview(codes, "passkey")


@blueprint.post(f"/account/factors/passkeys/<{ID}:passkey_id>/remove")
@for_staff
@recent_auth_required
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey; another user's is not found."""
    with services().database.writing() as writing:
        if not factors.remove_passkey(writing, signed_in_user().id, passkey_id):
            abort(404)
        _record_removed_factor(writing, "factor.passkey_removed")
    return redirect(url_for(".second_factors", done="passkey-removed"), 303)


@blueprint.post("/account/factors/recovery-codes")
@for_staff
@recent_auth_required
def new_recovery_codes() -> ResponseReturnValue:
    me = signed_in_user().id
    with services().database.writing() as writing:
        if not factors.factors_of(writing, me).any:
            return redirect(url_for(".second_factors"), 303)
        codes = factors.create_recovery_codes(writing, me)
        record_factor_change(writing, "factor.recovery_codes_made")
    return _codes_or_overview(codes, "codes")


def _record_new_factor(writing: Session, action: str) -> list[str]:
    """Record a new factor; return recovery codes to show, created for users without any."""
    me, codes = signed_in_user().id, []
    if not factors.factors_of(writing, me).codes_left:
        codes = factors.create_recovery_codes(writing, me)
    record_factor_change(writing, action)
    return codes


def _record_removed_factor(writing: Session, action: str) -> None:
    """Record a removed factor; recovery codes are removed with the last one."""
    if not factors.factors_of(writing, signed_in_user().id).any:
        factors.remove_recovery_codes(writing, signed_in_user().id)
    record_factor_change(writing, action)


def _codes_or_overview(codes: list[str], done: str) -> ResponseReturnValue:
    if not codes:
        return redirect(url_for(".second_factors", done=done), 303)
    return render_template(
        "staff/second_factors/recovery_codes.html",
        codes=codes,
        me=signed_in_user(),
        first=done != "codes",
    )


def _pending_secret() -> str:
    stored, me = session.get(_NEW_APP), signed_in_user().id
    secret = totp.decrypt_secret(stored, me) if isinstance(stored, bytes) else None
    if secret is None:
        secret = totp.new_secret()
        session[_NEW_APP] = totp.encrypt_secret(secret, me)
    return secret


def _passkey_page(passkey_name: str, **errors: str) -> str:
    return render_template(
        "staff/second_factors/passkey_new.html",
        passkey_options=passkeys.registration_options(signed_in_user()),
        name=passkey_name,
        errors=errors,
    )


def _app_page(secret: str, error: str = "") -> str:
    email = signed_in_user().email
    return render_template(
        "staff/second_factors/totp_setup.html",
        qr_code=totp.qr_code(secret, email),
        app_link=totp.app_uri(secret, email, services().brand.product),
        secret=totp.in_groups(secret),
        errors={"code": error} if error else {},
    )
