"""The second factors of whoever is signed in: set one up, remove one, make new recovery codes.

Every change wants a fresh proof, is written down and told to its person by mail, and signs the
person out everywhere else.
"""

from flask import abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from consult.staff import presenters
from consult.staff.accounts.access import TOKEN_KEY, signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.accounts.user_agent import browser_name
from consult.staff.agency_time import agency_time
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.second_factors import passkeys, totp
from consult.storage.accounts import identities, sessions
from consult.storage.db.database import Session
from consult.storage.notifications import security_alerts
from consult.storage.second_factors import factors
from consult.storage.second_factors import stored_passkeys as stored_passkeys
from consult.web.services import services
from consult.web.text import one_line

PASSKEY_NAME_MAX = 60
NOT_MADE = "No passkey was made, or the page was open too long. Try again."

# The secret of an app that is being set up, encrypted, until a code shows that the phone has it.
_NEW_APP = "new_app"


@blueprint.get("/account/factors")
@for_staff
def second_factors() -> ResponseReturnValue:
    """Show what a person has besides a password."""
    settings = services().settings
    with services().database.reading() as reading:
        has, now = factors.factors_of(reading, signed_in_user().id), agency_time(reading.now())
        linked = identities.is_linked(reading, signed_in_user().id, settings.oidc_issuer or "")
        known = stored_passkeys.passkeys_of(reading, signed_in_user().id) if has.passkeys else []
    return render_template(
        "staff/second_factors/second_factors.html",
        has=has,
        passkeys=[presenters.passkey_view(one, now) for one in known],
        passkeys_possible=passkeys.possible(),
        app_since=presenters.display_time(has.app_since, now) if has.app_since else None,
        required=settings.staff_second_factor == "required",
        provider=settings.oidc_name if settings.oidc_issuer else "",
        linked=linked,
        done=request.args.get("done"),
    )


@blueprint.get("/account/factors/app")
@for_staff
@recent_auth_required
def set_up_app() -> ResponseReturnValue:
    """Show the secret that an authenticator app needs; the same one until it is in use."""
    return _app_page(_secret_being_set_up())


@blueprint.post("/account/factors/app")
@for_staff
@recent_auth_required
def take_app() -> ResponseReturnValue:
    """Take an app into use, once it has shown a right code."""
    secret, me = _secret_being_set_up(), signed_in_user()
    typed = request.form.get("code", "")
    step = totp.step_of(secret, typed, services().database.clock())
    if step is None:
        return _app_page(secret, _app_problem(typed)), 422
    with services().database.writing() as writing:
        factors.set_authenticator(writing, me.id, totp.seal(secret, me.id), step)
        codes = note_new_factor(writing, "factor.app_added")
    session.pop(_NEW_APP, None)
    return codes_or_overview(codes, "app")


@blueprint.post("/account/factors/app/remove")
@for_staff
@recent_auth_required
def remove_app() -> ResponseReturnValue:
    """Forget the authenticator app."""
    with services().database.writing() as writing:
        factors.remove_authenticator(writing, signed_in_user().id)
        note_lost_factor(writing, "factor.app_removed")
    return redirect(url_for(".second_factors", done="app-removed"), 303)


@blueprint.get("/account/factors/passkeys/new")
@for_staff
@recent_auth_required
def new_passkey() -> ResponseReturnValue:
    """Offer to make a passkey."""
    return _passkey_page(browser_name(request.user_agent.string))


@blueprint.post("/account/factors/passkeys/new")
@for_staff
@recent_auth_required
def take_passkey() -> ResponseReturnValue:
    """Take a passkey into use that the browser has made."""
    name = one_line(request.form.get("name", ""))[:PASSKEY_NAME_MAX]
    if not name:
        return _passkey_page(name, name="Give it a name."), 422
    answer = passkeys.made(request.form.get("credential", ""))
    if answer is None:
        return _passkey_page(name, passkey=NOT_MADE), 422
    verified, handle = answer
    with services().database.writing() as writing:
        added = stored_passkeys.add_passkey(
            writing,
            signed_in_user().id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            user_handle=handle,
            sign_count=verified.sign_count,
            name=name,
        )
        codes = note_new_factor(writing, "factor.passkey_added") if added else []
    if not added:
        return _passkey_page(name, passkey=NOT_MADE), 422
    return codes_or_overview(codes, "passkey")


@blueprint.post(f"/account/factors/passkeys/<{ID}:passkey_id>/remove")
@for_staff
@recent_auth_required
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Forget a passkey; another person's does not exist here."""
    with services().database.writing() as writing:
        if not stored_passkeys.remove_passkey(writing, signed_in_user().id, passkey_id):
            abort(404)
        note_lost_factor(writing, "factor.passkey_removed")
    return redirect(url_for(".second_factors", done="passkey-removed"), 303)


@blueprint.post("/account/factors/recovery-codes")
@for_staff
@recent_auth_required
def new_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them, this once."""
    with services().database.writing() as writing:
        if not factors.factors_of(writing, signed_in_user().id).any:
            return redirect(url_for(".second_factors"), 303)
        note_change(writing, "factor.recovery_codes_made")
        codes = factors.make_recovery_codes(writing, signed_in_user().id)
    return codes_or_overview(codes, "codes")


def note_change(writing: Session, action: str) -> None:
    """Write a change of the ways to sign in down, tell its person, and end their other sessions."""
    me = signed_in_user()
    security_alerts.record(writing, action, whose=me.id, by=me.id)
    if me.visit:
        sessions.end_all_sessions(writing, me.id, but=me.visit.id)
        session[TOKEN_KEY] = sessions.renew_token(writing, me.visit.id)


def note_new_factor(writing: Session, action: str) -> list[str]:
    """Write a new factor down and end the other sessions.

    Returns:
        Recovery codes to show, made for who had none that is left.
    """
    note_change(writing, action)
    if factors.factors_of(writing, signed_in_user().id).codes_left:
        return []
    return factors.make_recovery_codes(writing, signed_in_user().id)


def note_lost_factor(writing: Session, action: str) -> None:
    """Write down that a factor was removed and end the other sessions; no codes without factor."""
    note_change(writing, action)
    if not factors.factors_of(writing, signed_in_user().id).any:
        factors.remove_recovery_codes(writing, signed_in_user().id)


def codes_or_overview(codes: list[str], done: str) -> ResponseReturnValue:
    """The page with new recovery codes, or, where there are none to show, that of all factors."""
    if not codes:
        return redirect(url_for(".second_factors", done=done), 303)
    return render_template(
        "staff/second_factors/recovery_codes.html",
        codes=codes,
        me=signed_in_user(),
        first=done != "codes",
    )


def _secret_being_set_up() -> str:
    kept = session.get(_NEW_APP)
    opened = totp.unseal(kept, signed_in_user().id) if isinstance(kept, bytes) else None
    if opened is not None:
        return opened
    secret = totp.new_secret()
    session[_NEW_APP] = totp.seal(secret, signed_in_user().id)
    return secret


def _passkey_page(filled_in: str, **errors: str) -> str:
    options = passkeys.ask_to_make(signed_in_user())
    return render_template(
        "staff/second_factors/passkey_new.html",
        passkey_options=options,
        name=filled_in,
        errors=errors,
    )


def _app_problem(typed: str) -> str:
    if not typed.strip():
        return "Enter the six digits that your app shows now."
    return "This is not the code of now. Check the clock of your phone, and try again."


def _app_page(secret: str, problem: str = "") -> str:
    return render_template(
        "staff/second_factors/totp_setup.html",
        picture=totp.picture(secret, signed_in_user().email),
        secret=totp.in_groups(secret),
        errors={"code": problem} if problem else {},
    )
