"""Signing in through the agency's own provider, linking an account with it, and proving by it.

All trips come back to one address; what for is kept in the signed cookie of the browser that set
out. An account is linked through an open invitation, or by somebody who is signed in.
"""

import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from flask import abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from consult.staff.accounts import access, login, oidc, reauthentication
from consult.staff.accounts.access import PROVIDER, signed_in_user
from consult.staff.accounts.account_admin import AccountError, normal_email
from consult.staff.accounts.account_forms import NAME_MAX
from consult.staff.accounts.oidc import Claims, Trip
from consult.staff.accounts.oidc_http import Known, ProviderProblem
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.accounts.users import Member
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.second_factors.factor_pages import note_change
from consult.storage.accounts import accounts, identities
from consult.storage.accounts.sessions import StaffUser
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.second_factors import factors
from consult.web.csrf_origin import is_cross_origin_post
from consult.web.services import services
from consult.web.text import one_line

Purpose = Literal["sign-in", "link", "confirm", "invitation"]

AWAY_FOR = timedelta(minutes=15)
KNOWN = "consult.provider"
_KEY = "provider"

AWAY = "It does not answer properly just now. Try again in a few minutes, or sign in another way."
STRANGE = "The answer did not belong to this browser, was too late, or was not right. Start again."
REFUSED = "You were not let in there, or said no."
NOT_LINKED = (
    "No account here is linked with you there yet. Use the link in your invitation, or sign in "
    "with your password and link the two on the page of your account."
)
TAKEN = "Your account, or the one that you have there, is linked already."
NOT_ASKED = "You were not asked there for a proof just now. Confirm in another way."
NO_ADDRESS = "Your email address did not come along. Set up your account with a password instead."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """Why somebody was sent to the provider, and what is needed when they come back."""

    purpose: Purpose
    state: str
    nonce: str
    verifier: str
    since: float
    wanted: str = ""
    invitation: str = ""


@blueprint.get("/sign-in/provider")
def through_provider() -> ResponseReturnValue:
    """Send somebody to the provider to sign in."""
    if current_user.is_authenticated:
        return redirect(url_for(".lead_list"), 303)
    return _send("sign-in", wanted=request.args.get("next", ""))


@blueprint.get("/invitation/<token>/provider")
def accept_through_provider(token: str) -> ResponseReturnValue:
    """Send somebody with an invitation to the provider, instead of choosing a password."""
    with services().database.reading() as reading:
        if accounts.open_invitation(reading, token) is None:
            return render_template("staff/accounts/invitation_expired.html"), 404
    return _send("invitation", invitation=token)


@blueprint.get("/account/provider")
@for_staff
@recent_auth_required
def link_provider() -> ResponseReturnValue:
    """Send whoever is signed in to the provider, to link the two accounts."""
    return _send("link")


@blueprint.get("/confirm/provider")
@for_staff
def confirm_through_provider() -> ResponseReturnValue:
    """Send whoever is signed in to the provider, to prove there who they are."""
    return _send("confirm", wanted=request.args.get("next", ""))


@blueprint.get("/sign-in/provider/back")
def back_from_provider() -> ResponseReturnValue:
    """Take whoever comes back from the provider, and do what they set out for."""
    errand = _errand()
    if errand is None:
        return _failed(STRANGE)
    if "error" in request.args and request.args.get("state") == errand.state:
        return _failed(REFUSED)
    trip = Trip(errand.state, errand.nonce, errand.verifier)
    made = services()
    anew = errand.purpose == "confirm"
    now = int(made.database.clock().timestamp())
    try:
        claims = oidc.come_back(made.settings, _known(), trip, request.args, now, asked_anew=anew)
    except ProviderProblem as problem:
        log.warning("somebody came back from the provider in vain: %s", problem)
        return _failed(STRANGE)
    match errand.purpose:
        case "sign-in":
            return _sign_in(claims, errand.wanted)
        case "invitation":
            return _accept(claims, errand.invitation)
        case "link":
            return _link(claims)
        case "confirm":
            return _confirm(claims, errand)


@blueprint.post("/account/provider/remove")
@for_staff
def unlink_provider() -> ResponseReturnValue:
    """Remove the link, for somebody who knows the password that is left then."""
    # Asked for here and not by `fresh`: who always came through the provider may have none.
    issuer = _issuer()
    if reauthentication.wrong_password(request.form.get("password", "")):
        return redirect(url_for(".second_factors", done="no-password"), 303)
    with services().database.writing() as writing:
        identities.unlink(writing, signed_in_user().id, issuer)
        note_change(writing, "identity.unlinked")
    return redirect(url_for(".second_factors", done="unlinked"), 303)


def _issuer() -> str:
    """The provider's address; without one, these pages do not exist (404)."""
    return services().settings.oidc_issuer or abort(404)


def _known() -> Known:
    """What this process knows of the provider."""
    known: Known = current_app.extensions.setdefault(KNOWN, Known())
    return known


def _send(purpose: Purpose, *, wanted: str = "", invitation: str = "") -> ResponseReturnValue:
    _issuer()
    made = services()
    if is_cross_origin_post(request, urlsplit(made.settings.base_url).netloc):
        # Another site must not make anybody sign in, link or prove something.
        return redirect(url_for(access.SIGN_IN), 303)
    try:
        trip, address = oidc.set_out(made.settings, _known(), ask_anew=purpose == "confirm")
    except ProviderProblem as problem:
        log.warning("nobody can be sent to the provider: %s", problem)
        return _failed(AWAY, 503)
    since = made.database.clock().timestamp()
    errand = Errand(purpose, trip.state, trip.nonce, trip.verifier, since, wanted, invitation)
    session[_KEY] = asdict(errand)
    return redirect(address, 303)


def _errand() -> Errand | None:
    """What the browser set out for; it is used up by this."""
    _issuer()
    kept = session.pop(_KEY, None)
    if kept is None:
        return None
    errand = Errand(**kept)
    database = services().database
    if database.clock().timestamp() - errand.since > AWAY_FOR.total_seconds():
        return None
    if errand.purpose in ("link", "confirm") and not current_user.is_authenticated:
        return None
    with database.writing() as writing:
        return errand if factors.spend(writing, f"provider {errand.state}", AWAY_FOR) else None


def _sign_in(claims: Claims, wanted: str) -> ResponseReturnValue:
    with services().database.reading() as reading:
        user = identities.user_by_identity(reading, _issuer(), claims.subject)
    if user is None or not user.active:
        account = user.id if user else None
        with services().database.writing() as writing:
            audit_log.record(
                writing, "account.sign_in_failed", by=None, account=account, means=PROVIDER
            )
        return _failed(NOT_LINKED)
    return login.admit(Member(user), PROVIDER, wanted)


def _link(claims: Claims) -> ResponseReturnValue:
    with services().database.writing() as writing:
        linked = identities.link(writing, signed_in_user().id, _issuer(), claims.subject)
        if linked:
            note_change(writing, "identity.linked")
    if not linked:
        return _failed(TAKEN)
    return redirect(url_for(".second_factors", done="linked"), 303)


def _confirm(claims: Claims, errand: Errand) -> ResponseReturnValue:
    with services().database.reading() as reading:
        user = identities.user_by_identity(reading, _issuer(), claims.subject)
    if user is None or user.id != signed_in_user().id:
        return _failed(NOT_LINKED)
    if claims.asked_at is None or claims.asked_at < errand.since - oidc.LEEWAY_SECONDS:
        return _failed(NOT_ASKED)
    reauthentication.renew(PROVIDER)
    return redirect(access.own_path(errand.wanted), 303)


def _accept(claims: Claims, token: str) -> ResponseReturnValue:
    # Nobody knows this password: until they ask for a new link, they come through the provider.
    password_hash = access.hash_of(secrets.token_urlsafe(32))
    try:
        with services().database.writing() as writing:
            user = _use_invitation(writing, claims, token, password_hash)
    except AccountError:
        return _failed(NO_ADDRESS)
    except _Taken:
        return _failed(TAKEN)
    if user is None:
        return render_template("staff/accounts/invitation_expired.html"), 404
    return login.admit(Member(user), PROVIDER)


class _Taken(Exception):
    """The provider's account belongs to somebody here already."""


def _use_invitation(
    writing: Session, claims: Claims, token: str, password_hash: str
) -> StaffUser | None:
    """Make the account that an invitation is for, and link it; nothing is kept when this raises."""
    invited = accounts.open_invitation(writing, token)
    if invited is None:
        return None
    email = invited.email or normal_email(claims.email)
    known = accounts.user_by_email(writing, email)
    if known and known.active:
        # A link for a new password is no way to put somebody else's account on top of one.
        raise _Taken
    name = one_line(claims.name)[:NAME_MAX] or email.partition("@")[0]
    user = accounts.accept_invitation(
        writing,
        token,
        email=email,
        name=name,
        password_hash=password_hash,
        new_leads_to=services().settings.new_leads_to,
    )
    if user is None:
        return None
    if not identities.link(writing, user.id, _issuer(), claims.subject):
        raise _Taken
    audit_log.record(writing, "identity.linked", by=user.id)
    return user


def _failed(why: str, status: int = 400) -> ResponseReturnValue:
    name = services().settings.oidc_name
    return render_template("staff/accounts/oidc_failed.html", why=why, provider=name), status
