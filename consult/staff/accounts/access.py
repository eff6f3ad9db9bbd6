"""The door to `/staff`: closed for everybody, save a short list of pages.

Flask-Security checks passwords: its form, its argon2 hashes. The pages are ours, because its own
second factors would come with tables, pages and settings for far more than we let in, and keep
codes from being used twice in the memory of one process only. How long people stay is ours too:
each sign-in is a row in the database, and the cookie is worth nothing without it.
Outside `/staff` there is no session at all, so no public page can ever set a cookie.
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, Request, current_app, g, redirect, request, session, url_for
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from flask_login import current_user, user_logged_out
from flask_security import (
    Security,
    hash_password,
    user_authenticated,
    verify_password,
)
from flask_wtf.csrf import CSRFProtect
from itsdangerous import Signer
from werkzeug.wrappers import Response as BaseResponse

from consult.crypto import Purpose, keyed_hash
from consult.settings import Settings
from consult.settings.logo import UPLOAD_LIMIT
from consult.staff.accounts.user_agent import browser_name
from consult.staff.accounts.users import Member, Members
from consult.staff.blueprint import Role, RoleRequired, declared_role
from consult.storage.accounts import sessions
from consult.storage.accounts.sessions import Lifetime, StaffSession, StaffUser
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.second_factors import factors
from consult.web.limits import network_of
from consult.web.services import services

SIGN_IN = "staff.sign_in"
# The only endpoints under /staff that answer somebody who is not signed in.
OPEN_ENDPOINTS = frozenset(
    {
        *(SIGN_IN, "staff.passkey_sign_in", "staff.second_factor", "staff.invitation"),
        *("staff.through_provider", "staff.back_from_provider", "staff.accept_through_provider"),
    }
)
# And the only ones for somebody who has to set up a second factor first.
SET_UP = "staff.second_factors"
SET_UP_ENDPOINTS = frozenset(
    {
        *(SET_UP, "staff.set_up_app", "staff.take_app", "staff.new_recovery_codes"),
        *("staff.new_passkey", "staff.take_passkey", "staff.confirm_through_provider"),
        *("staff.confirm", "staff.give_proof", "staff.sign_out"),
    }
)

TOKEN_KEY = "staff_session"
# How somebody signs in whose second factor is their provider's business.
PROVIDER = "provider"
HASHING: Mapping[str, str | int] = {
    "argon2__type": "ID",
    "argon2__memory_cost": 19 * 1024,
    "argon2__time_cost": 2,
    "argon2__parallelism": 1,
}
"""What a password costs who guesses: the OWASP Password Storage Cheat Sheet's argon2id, 19 MiB, 2
rounds. Four threads at once must not need more memory than a small server has."""

# "Last seen" is not worth a write with every click.
_SEEN_STEP = timedelta(minutes=1)

# A picture is larger than any form; the limit of all others is the app's.
BODY_LIMITS: Mapping[str, int] = {"staff.save_logo": UPLOAD_LIMIT + 64 * 1024}

csrf = CSRFProtect()


class StaffOnlySessions(SecureCookieSessionInterface):
    """Flask's signed cookie under `/staff`; anywhere else, a session that cannot be written to."""

    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open the session of a request."""
        if is_staff_path(request.path):
            return super().open_session(app, request)
        return NullSession()


def is_staff_path(path: str) -> bool:
    """Whether a path belongs to the staff area, be there a page or not."""
    return path == "/staff" or path.startswith("/staff/")


def install(app: Flask, settings: Settings) -> None:
    """Put in the door: sessions, sign-in, form tokens, and the guard in front of it all."""
    # What the libraries sign for us (form tokens, forms held back) is signed with SHA-256 as well.
    Signer.default_digest_method = staticmethod(hashlib.sha256)
    app.config.update(_configuration(https=settings.base_url.startswith("https:")))
    app.session_interface = StaffOnlySessions()
    csrf.init_app(app)
    security = Security(app, Members(), register_blueprint=False)
    security.login_manager.user_loader(load_member)
    # Flask-Security would also take tokens in headers and queries, on every page of the app.
    security.login_manager.request_loader(None)
    user_authenticated.connect(start_visit, app)
    user_logged_out.connect(end_visit, app)
    app.before_request(keep_out)


def _configuration(*, https: bool) -> dict[str, Any]:
    return {
        # With __Host-, a browser takes the cookie from this very host only, over HTTPS only.
        "SESSION_COOKIE_NAME": "__Host-staff" if https else "staff",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        # The rows in the database do better what this would do: notice a stolen cookie.
        "SESSION_PROTECTION": None,
        "WTF_CSRF_CHECK_DEFAULT": False,  # `keep_out` checks, under /staff only
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        # No second key in the hash: it would lock everybody out when the secret key changes.
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": HASHING,
    }


def keep_out() -> BaseResponse | None:
    """Let nobody under `/staff` without a session, nor a form without its token (400).

    The path decides, not the route: a page that does not exist is as closed as one that does.
    Raises RoleRequired (403) where the view is for another role.
    """
    if not is_staff_path(request.path):
        return None
    if request.endpoint in OPEN_ENDPOINTS:
        csrf.protect()
        return None
    if not current_user.is_authenticated:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for(SIGN_IN, next=wanted), 303)
    g.account = (
        signed_in_user().id
    )  # for the log: who was refused, or did not find what is another's
    if limit := BODY_LIMITS.get(request.endpoint or ""):
        request.max_content_length = limit
    csrf.protect()
    if (
        request.endpoint
        and required_role(request.endpoint) == "admin"
        and not signed_in_user().is_admin
    ):
        raise RoleRequired
    if signed_in_user().must_set_up and request.endpoint not in SET_UP_ENDPOINTS:
        return redirect(url_for(SET_UP), 303)
    return None


def required_role(endpoint: str) -> Role:
    """The role that an endpoint under `/staff` requires."""
    return declared_role(current_app.view_functions[endpoint]) or "admin"


def own_path(path: str) -> str:
    """A path of the staff pages as it is; the list of leads for anything else."""
    is_ours = is_staff_path(path.partition("?")[0]) and path.isprintable()
    return path if is_ours and "\\" not in path else url_for("staff.lead_list")


def lifetime() -> Lifetime:
    """How long staff stay signed in."""
    settings = services().settings
    return Lifetime(
        idle=timedelta(minutes=settings.staff_idle_minutes),
        absolute=timedelta(hours=settings.staff_session_hours),
    )


def load_member(uniquifier: str) -> Member | None:
    """Who sent this request, if their session is still good."""
    token = session.get(TOKEN_KEY)
    if not isinstance(token, str):
        return None
    database = services().database
    with database.reading() as reading:
        found = sessions.find_session(reading, token, lifetime())
        must_set_up = found is not None and _lacks_a_factor(reading, *found)
        now = reading.now()
    if found is None or found[0].uniquifier != uniquifier:
        return None
    user, visit = found
    if now - visit.last_seen_at >= _SEEN_STEP:
        with database.writing() as writing:
            sessions.touch_session(writing, visit.id)
    return Member(user, visit, must_set_up=must_set_up)


def _lacks_a_factor(reading: Session, user: StaffUser, visit: StaffSession) -> bool:
    """Whether a second factor is required of somebody who has none."""
    if services().settings.staff_second_factor != "required" or visit.means == PROVIDER:
        return False
    return not factors.factors_of(reading, user.id).any


def start_visit(app: Flask, user: Member, *, authn_via: list[str], **details: Any) -> None:
    """Give the browser a session of its own when somebody has signed in, by whatever means."""
    (means,) = authn_via
    browser = browser_name(request.user_agent.string)
    with services().database.writing() as writing:
        token = sessions.start_session(writing, user.id, browser, network_hash(), means)
        audit_log.record(writing, "account.signed_in", by=user.id, means=means)
    session[TOKEN_KEY] = token


def end_visit(app: Flask, user: Member, **details: Any) -> None:
    """End the session in the database when somebody signs out, and empty the cookie."""
    if isinstance(user, Member) and user.visit:
        with services().database.writing() as writing:
            if sessions.end_session(writing, user.id, user.visit.id):
                audit_log.record(writing, "account.signed_out", by=user.id)
    session.clear()


def signed_in_user() -> Member:
    """Who is signed in; call it behind the door only."""
    found: Member = current_user._get_current_object()
    return found


def hash_of(password: str) -> str:
    """The argon2 hash of a new password; takes about 20 ms on purpose."""
    return hash_password(_normal(password))


def is_password_of(who: Member, password: str) -> bool:
    """Whether a password is the one this person signs in with."""
    return verify_password(_normal(password), str(who.password))


def _normal(password: str) -> str:
    # As at sign-in, so that an é typed on a phone is the é typed on a desk.
    security: Security = current_app.extensions["security"]
    return security.password_util.normalize(password)


def network_hash() -> str:
    """A name for the network of this request, by which it can be recognised but not found out."""
    network = network_of(request.remote_addr)
    return keyed_hash(str(current_app.secret_key), Purpose.NETWORK, network)
