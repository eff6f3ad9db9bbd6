"""Access to `/staff`: sessions, CSRF tokens, the guard that requires a login, and who read what.

A session is a row in the database, and its cookie is worth nothing without it. Outside `/staff`
there is no cookie session at all, so no public page can ever set a cookie.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Request,
    Response,
    g,
    redirect,
    request,
    session,
    url_for,
)
from flask import sessions as cookies
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import Signer, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from consult.crypto import Purpose, SkewTolerantSigner, keyed_hash
from consult.settings.brand import UPLOAD_LIMIT
from consult.settings.schema import Settings
from consult.staff.blueprint import NotRecorded, RoleRequired, SignedOut, blueprint, required_role
from consult.storage.accounts import sessions
from consult.storage.accounts.sessions import Lifetime
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.db.engines import outage
from consult.storage.notifications import notifications
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffSessionRow, StaffUserRow
from consult.web.headers import REFUSED_FORMS, SAFE_METHODS, is_staff_path, names_its_site
from consult.web.limits import network_of
from consult.web.services import secret_key, services

SIGN_IN = "staff.sign_in"
# The only endpoints under /staff that answer without a login.
OPEN_ENDPOINTS = frozenset(
    {
        *(SIGN_IN, "staff.passkey_sign_in", "staff.verify_second_factor", "staff.invitation"),
        *("staff.provider_sign_in", "staff.provider_callback", "staff.provider_invitation"),
    }
)
# The only ones for a user who must set up a second factor first.
SET_UP = "staff.second_factors"
SET_UP_ENDPOINTS = frozenset(
    {
        *(SET_UP, "staff.set_up_app", "staff.confirm_app", "staff.new_recovery_codes"),
        *("staff.new_passkey", "staff.add_passkey", "staff.provider_reauthentication"),
        *("staff.confirm", "staff.reauthenticate", "staff.sign_out"),
    }
)

TOKEN_KEY = "staff_session"
# The method of a login whose second factor is the provider's business.
PROVIDER = "provider"

# "Last seen" is not worth a write with every request.
_SEEN_STEP = timedelta(minutes=1)

# Repeat views in this period count once. On SQLite a write waits for the disk and for every other
# writer, so one entry instead of one per page view matters.
_REPEAT_PERIOD = timedelta(minutes=10)

csrf = CSRFProtect()


class StaffOnlySessions(cookies.SecureCookieSessionInterface):
    """Flask's signed cookie under `/staff`; elsewhere, a session that cannot be written to."""

    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> cookies.SecureCookieSession | None:
        if is_staff_path(request.path):
            return super().open_session(app, request)
        return cookies.NullSession()

    def save_session(self, app: Flask, session: cookies.SessionMixin, response: Response) -> None:
        """Leave the cookie as it was where a request failed: the same form can be sent again."""
        if response.status_code < 500:
            super().save_session(app, session, response)
        if response.status_code in REFUSED_FORMS:  # kept for Back, though a sign-in changes it
            response.vary.discard("Cookie")


def install(app: Flask, settings: Settings) -> None:
    # What the libraries sign for us (CSRF tokens, pending forms) is signed with SHA-256 as well.
    Signer.default_digest_method = staticmethod(hashlib.sha256)
    URLSafeTimedSerializer.default_signer = SkewTolerantSigner
    https = settings.base_url.startswith("https:")
    app.config.update(
        # With __Host-, a browser takes the cookie from this very host only, over HTTPS only.
        SESSION_COOKIE_NAME="__Host-staff" if https else "staff",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_CHECK_DEFAULT=False,  # `require_login` checks, under /staff only
        WTF_CSRF_SSL_STRICT=False,  # `_check_form` checks where it came from, without a Referer too
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    app.session_interface = StaffOnlySessions()
    csrf.init_app(app)
    app.before_request(require_login)


@blueprint.context_processor
def template_variables() -> dict[str, Any]:
    """The user, and the name of what was `done` just before, which the page then says."""
    found = current_session()
    return {"current_user": found and found.user, "done": request.args.get("done", "")}


def require_login() -> BaseResponse | None:
    """Require a session and a CSRF token for everything under `/staff`.

    The path decides, not the route: a page that does not exist is as closed as one that does.
    Raises RoleRequired (403) where the view is for another role.
    """
    if not is_staff_path(request.path):
        return None
    g.staff_session = _load_session()
    if request.endpoint in OPEN_ENDPOINTS:
        _check_form()
        return None
    if g.staff_session is None:
        if request.method not in SAFE_METHODS and TOKEN_KEY in session:
            raise SignedOut  # the form is held over the sign-in
        wanted = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
        return redirect(url_for(SIGN_IN, next=wanted), 303)
    g.account = signed_in_user().id  # for the request log, which shows who was refused
    if request.endpoint == "staff.save_logo":  # a file may exceed the default body limit
        request.max_content_length = UPLOAD_LIMIT + 64 * 1024
    _check_form()
    is_for_admins = request.endpoint and required_role(request.endpoint) == "admin"
    if is_for_admins and not signed_in_user().is_admin:
        raise RoleRequired
    if g.must_set_up and request.endpoint not in SET_UP_ENDPOINTS:
        return redirect(url_for(SET_UP), 303)
    return None


def _check_form() -> None:
    """Require a form's CSRF token (400) and, over HTTPS, a sign that it is from this site.

    `refuse_other_sites` has read Sec-Fetch-Site and Origin. Browsers that send neither are old, and
    send a Referer.
    """
    csrf.protect()
    if request.method in SAFE_METHODS or not request.is_secure:
        return
    if not names_its_site() and urlsplit(request.referrer or "").netloc != request.host:
        raise CSRFError("nothing says which site the form is from")


def safe_next(path: str) -> str:
    """Return a path of the staff pages as it is, and the list of leads for anything else."""
    is_ours = is_staff_path(path.partition("?")[0]) and path.isprintable()
    return path if is_ours and "\\" not in path else url_for("staff.today_page")


def lifetime() -> Lifetime:
    settings = services().settings
    return Lifetime(
        idle=timedelta(minutes=settings.staff_idle_minutes),
        absolute=timedelta(hours=settings.staff_session_hours),
    )


def _load_session() -> StaffSessionRow | None:
    """Return the live session of this request's cookie, and store whether a factor is missing."""
    token = session.get(TOKEN_KEY)
    if not isinstance(token, str):
        return None
    made = services()
    must_have_factor = made.settings.staff_second_factor == "required"
    alive_for = lifetime()
    with made.database.looking_up() as reading:
        found = sessions.find_session(reading, token, alive_for)
        if found is None:
            return None
        g.must_set_up = (
            must_have_factor
            and found.method != PROVIDER
            and not factors.factors_of(reading, found.user_id).any
        )
        now = reading.now()
    if now - found.last_seen_at >= _SEEN_STEP:
        seen = partial(sessions.touch_session, session_id=found.id)
        made.database.write_if_free(seen, "when a session was last seen")
    return found


def current_session() -> StaffSessionRow | None:
    """Return the session of this request, with its `user`; None without a login."""
    found: StaffSessionRow | None = g.get("staff_session")
    return found


def signed_in_session() -> StaffSessionRow:
    found: StaffSessionRow = g.staff_session
    return found


def signed_in_user() -> StaffUserRow:
    return signed_in_session().user


def start_session(user: StaffUserRow, method: str) -> None:
    """Give this browser a new session, after a login by a method such as `passkey`."""
    sign_out()
    browser = sessions.browser_name(request.user_agent.string)
    with services().database.writing() as writing:
        token = sessions.start_session(writing, user.id, browser, network_hash(), method)
        audit_log.record(writing, "account.signed_in", by=user.id, method=method)
    session[TOKEN_KEY] = token


def sign_out() -> None:
    """End this browser's session, if any, and empty its cookie.

    Whatever was begun in this browser may have been begun by someone else: a CSRF token that they
    know, a provider login that would link their account, a passkey being added.
    """
    if found := current_session():
        with services().database.writing() as writing:
            if sessions.end_session(writing, found.user_id, found.id):
                audit_log.record(writing, "account.signed_out", by=found.user_id)
        g.staff_session = None
    session.clear()


def record_factor_change(writing: Session, action: str) -> None:
    """Record a change of the sign-in methods, alert the user, and end their other sessions."""
    here = signed_in_session()
    sessions.end_all_sessions(writing, here.user_id, but=here.id)
    session[TOKEN_KEY] = sessions.renew_token(writing, here.id)
    notifications.record_account_change(writing, action, user_id=here.user_id, by=here.user_id)


def network_hash() -> str:
    """Return a keyed hash of this request's network: it can be compared but not read."""
    network = network_of(request.remote_addr)
    return keyed_hash(secret_key(), Purpose.NETWORK, network)


def record_access(lead_id: int, action: str) -> None:
    """Record what the signed-in user opens, unless the log has it from just now."""
    given = {"action": action, "by": signed_in_user().id, "lead_id": lead_id}
    with services().database.reading() as session:
        last = session.scalar(audit_log.LAST_RECORDED, given)
    record_access_after(last, lead_id, action)


def record_access_after(last: datetime | None, lead_id: int, action: str) -> None:
    """Record what the signed-in user opens, when they last did so at `last`."""
    if last is None or services().database.clock() - last >= _REPEAT_PERIOD:
        with recording() as session:
            audit_log.record(session, action, by=signed_in_user().id, lead_id=lead_id)


@contextmanager
def recording() -> Iterator[Session]:
    """A writing session for the audit entry of a view or an export.

    Raises NotRecorded (503) if it cannot be written: what is not recorded, nobody gets to see.
    """
    try:
        with services().database.writing() as session:
            yield session
    except SQLAlchemyError as error:
        if outage(error):
            raise NotRecorded from error
        raise
