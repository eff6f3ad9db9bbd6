"""Logging in with the agency's own provider, linking an account with it, re-authenticating.

All flows come back to one callback; their purpose is stored in the signed cookie of the browser
that started them. An account is linked by an invitation, or by a user who is signed in; no email
address decides anything.
"""

import hmac
import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.staff.accounts import access, login, reauthentication
from consult.staff.accounts.access import (
    PROVIDER,
    current_session,
    record_factor_change,
    signed_in_user,
)
from consult.staff.accounts.my_account_pages import NAME_MAX
from consult.staff.accounts.oidc import LEEWAY_SECONDS, ProviderError, provider
from consult.staff.accounts.passwords import hash_password
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import begin, blueprint, for_staff, take
from consult.storage.accounts import accounts
from consult.storage.accounts.account_admin import AccountError, normal_email
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow
from consult.web.headers import is_cross_origin_post
from consult.web.services import services
from consult.web.text import one_line

Purpose = Literal["sign-in", "link", "confirm", "invitation"]

FLOW_FOR = timedelta(minutes=15)
_FLOW = "provider"

UNAVAILABLE = "The provider isn’t responding. Try again in a few minutes, or sign in another way."
INVALID_RESPONSE = "The response was invalid, late, or for another browser. Start again."
DENIED = "The provider denied access."
NOT_LINKED = (
    "No account here is linked with yours there. Use the link in your invitation, or sign in with "
    "your password and link the two under My account."
)
ALREADY_LINKED = "One of these two accounts is already linked."
NOT_AUTHENTICATED = "The provider didn’t ask you to sign in just now. Confirm another way."
NO_EMAIL = "The provider sent no email address. Set up your account with a password instead."

log = logging.getLogger(__name__)


class AlreadyLinkedError(Exception):
    """The provider's account, or the invited one, is linked already."""


@blueprint.get("/sign-in/provider")
def provider_sign_in() -> ResponseReturnValue:
    if current_session():
        return redirect(url_for(".today_page"), 303)
    return _start("sign-in", wanted=request.args.get("next", ""))


@blueprint.get("/invitation/<token>/provider")
def provider_invitation(token: str) -> ResponseReturnValue:
    """Accept an invitation with the provider, instead of choosing a password."""
    with services().database.reading() as reading:
        if accounts.invitation_by_token(reading, token) is None:
            return render_template("staff/accounts/invitation_expired.html"), 404
    return _start("invitation", invitation=token)


@blueprint.get("/account/provider")
@for_staff
@recent_auth_required
def link_provider() -> ResponseReturnValue:
    return _start("link")


@blueprint.get("/confirm/provider")
@for_staff
def provider_reauthentication() -> ResponseReturnValue:
    return _start("confirm", wanted=request.args.get("next", ""))


@blueprint.get("/sign-in/provider/back")
def provider_callback() -> ResponseReturnValue:
    issuer, response = _issuer(), request.args
    flow = take(_FLOW, FLOW_FOR)
    if flow is None or not hmac.compare_digest(
        response.get("state", "").encode(), flow["state"].encode()
    ):
        return _failed(INVALID_RESPONSE)
    purpose: Purpose = flow["purpose"]
    if purpose in ("link", "confirm") and not current_session():
        return _failed(INVALID_RESPONSE)
    if "error" in response:
        return _failed(DENIED)
    try:
        if response.get("iss", issuer) != issuer:
            raise ProviderError("another provider answered")
        claims = provider().claims(response.get("code", ""), flow["code_verifier"], flow["nonce"])
    except ProviderError as error:
        log.warning("a response of the provider was refused: %s", error)
        return _failed(INVALID_RESPONSE)
    match purpose:
        case "sign-in":
            return _sign_in(claims, flow["next"])
        case "invitation":
            return _accept(claims, flow["invitation"])
        case "link":
            return _link(claims)
        case "confirm":
            return _reauthenticate(claims, flow)


@blueprint.post("/account/provider/remove")
@for_staff
def unlink_provider() -> ResponseReturnValue:
    """Remove the link, for a user who knows the password that is left then."""
    # Checked here and not by `recent_auth_required`: who always used the provider may have none.
    issuer = _issuer()
    if reauthentication.check_password(request.form.get("password", "")):
        return redirect(url_for(".second_factors", done="no-password"), 303)
    with services().database.writing() as writing:
        accounts.unlink_identity(writing, signed_in_user().id, issuer)
        record_factor_change(writing, "identity.unlinked")
    return redirect(url_for(".second_factors", done="unlinked"), 303)


def _issuer() -> str:
    """Return the provider's address; without one, these pages do not exist (404)."""
    return services().settings.oidc_issuer or abort(404)


def _start(purpose: Purpose, *, wanted: str = "", invitation: str = "") -> ResponseReturnValue:
    _issuer()
    if is_cross_origin_post(request, urlsplit(services().settings.base_url).netloc):
        # Another site must not make anyone sign in, link or re-authenticate.
        return redirect(url_for(access.SIGN_IN), 303)
    try:
        started = provider().authorization(reauthenticate=purpose == "confirm")
    except ProviderError as error:
        log.warning("the provider cannot be used: %s", error)
        return _failed(UNAVAILABLE, 503)
    url = started.pop("url")
    begin(_FLOW, purpose=purpose, next=wanted, invitation=invitation, **started)
    return redirect(url, 303)


def _user_of(claims: dict[str, Any]) -> StaffUserRow | None:
    with services().database.reading() as reading:
        return accounts.user_by_identity(reading, _issuer(), str(claims["sub"]))


def _sign_in(claims: dict[str, Any], wanted: str) -> ResponseReturnValue:
    user = _user_of(claims)
    if user is None or not user.active:
        account = user.id if user else None
        with services().database.writing() as writing:
            audit_log.record(
                writing, "account.sign_in_failed", by=None, account=account, method=PROVIDER
            )
        return _failed(NOT_LINKED)
    return login.begin_login(user, PROVIDER, wanted)


def _link(claims: dict[str, Any]) -> ResponseReturnValue:
    with services().database.writing() as writing:
        me = signed_in_user().id
        linked = accounts.link_identity(writing, me, _issuer(), str(claims["sub"]))
        if linked:
            record_factor_change(writing, "identity.linked")
    if not linked:
        return _failed(ALREADY_LINKED)
    return redirect(url_for(".second_factors", done="linked"), 303)


def _reauthenticate(claims: dict[str, Any], flow: Mapping[str, Any]) -> ResponseReturnValue:
    user = _user_of(claims)
    if user is None or user.id != signed_in_user().id:
        return _failed(NOT_LINKED)
    authenticated_at = claims.get("auth_time")
    if authenticated_at is None or authenticated_at < flow["since"] - LEEWAY_SECONDS:
        return _failed(NOT_AUTHENTICATED)
    reauthentication.store_reauthentication(PROVIDER)
    return redirect(access.safe_next(flow["next"]), 303)


def _accept(claims: dict[str, Any], token: str) -> ResponseReturnValue:
    # A password that nobody knows: until they ask for a new link, they sign in with the provider.
    password_hash = hash_password(secrets.token_urlsafe(32))
    try:
        with services().database.writing() as writing:
            user = _use_invitation(writing, claims, token, password_hash)
    except AccountError:
        return _failed(NO_EMAIL)
    except AlreadyLinkedError:
        return _failed(ALREADY_LINKED)
    if user is None:
        return render_template("staff/accounts/invitation_expired.html"), 404
    return login.begin_login(user, PROVIDER)


def _use_invitation(
    writing: Session, claims: dict[str, Any], token: str, password_hash: str
) -> StaffUserRow | None:
    """Make the invited account and link it; nothing is stored when this raises."""
    invited = accounts.invitation_by_token(writing, token)
    if invited is None:
        return None
    email = invited.email or normal_email(str(claims.get("email") or ""))
    known = accounts.user_by_email(writing, email)
    if known and known.active:
        # A link for a new password must not put someone else's identity on an account.
        raise AlreadyLinkedError
    user = accounts.accept_invitation(
        writing,
        token,
        email=email,
        name=one_line(str(claims.get("name") or ""))[:NAME_MAX] or email.partition("@")[0],
        password_hash=password_hash,
        new_leads_to=services().settings.new_leads_to,
    )
    if user is None:
        return None
    if not accounts.link_identity(writing, user.id, _issuer(), str(claims["sub"])):
        raise AlreadyLinkedError
    audit_log.record(writing, "identity.linked", by=user.id)
    return user


def _failed(why: str, status: int = 400) -> ResponseReturnValue:
    name = services().settings.oidc_name
    return render_template("staff/accounts/oidc_failed.html", why=why, provider=name), status
