"""Proving again who one is, before what cannot be taken back or tells a lot.

A browser that somebody else sits down at should not be enough to carry all leads away. So some
views want a proof (code, passkey, provider; the password of who has no second factor) that is not
older than ten minutes. When the last one was given stands in the session's row in the database;
the cookie knows nothing of it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, TypedDict, TypeVar, cast

from flask import current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from consult.crypto import Purpose, sign, verify
from consult.staff.accounts.access import TOKEN_KEY, is_password_of, signed_in_user
from consult.staff.accounts.account_admin import PASSWORD_MAX
from consult.staff.accounts.attempts import forgive_tries, spend_try
from consult.staff.second_factors import passkeys
from consult.storage.accounts import identities, sessions
from consult.storage.audit import audit_log
from consult.storage.second_factors import factors
from consult.web.services import services

FRESH_FOR = timedelta(minutes=10)
# As long as somebody may take to find the phone with the code on it.
_HELD_FOR = timedelta(hours=1)

NOT_BY_PASSWORD = "Confirm with your second factor: a password is not enough for who has one."
NOTHING_WRONG: Mapping[str, str] = {}

_View = TypeVar("_View", bound=Callable[..., ResponseReturnValue])


class Held(TypedDict):
    """A form that was sent too late: to where, whose, and what was filled in.

    Of `files` only the names are kept: of the field, and of what was chosen in it.
    """

    user: int
    action: str
    fields: list[tuple[str, str]]
    files: list[tuple[str, str]]


def recent_auth_required(view: _View) -> _View:
    """Let a view be used only by somebody who proved who they are in the last ten minutes.

    It goes under the route and the mark that says for whom the view is:

        @blueprint.get("/export")
        @for_staff
        @recent_auth_required
        def export() -> ResponseReturnValue: ...

    Put it on the page with the form as well as on the view that takes the form: who opens the
    page is asked there and comes back to it, and then has ten minutes for the form. A form that
    is sent later is not lost: its sender is asked, and may then send it again as it was. Files are
    not kept for that: they are chosen once more. Nor should passwords be, so a form with one should
    prove itself by it.
    For a download, guard the page that links to it too, so that the question comes up there.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        return view(*args, **kwargs) if is_fresh() else _ask()

    return cast("_View", guarded)


def is_fresh() -> bool:
    """Whether who is signed in proved in the last ten minutes, in this browser, who they are."""
    visit = signed_in_user().visit
    return visit is not None and services().database.clock() - visit.proven_at < FRESH_FOR


def renew(means: str) -> None:
    """Note that who is signed in has just proved it, and give their session a new token."""
    me = signed_in_user()
    if me.visit is None:
        return
    with services().database.writing() as writing:
        token = sessions.prove_session(writing, me.visit.id)
        audit_log.record(writing, "account.confirmed", by=me.id, means=means)
    session[TOKEN_KEY] = token


def wrong_password(password: str) -> str | None:
    """What is wrong with a password as a proof of who is signed in; None when it is theirs.

    Raises TooManyRequests (429) once the tries of this network or account are used up.
    """
    if not password:
        return "Enter your password."
    return None if is_right_password(password) else "This is not your password."


def is_right_password(password: str) -> bool:
    """Whether it is the password of who is signed in; the audit log hears of a wrong one.

    Raises TooManyRequests (429) likewise.
    """
    me = signed_in_user()
    spend_try(me.email)
    if len(password) > PASSWORD_MAX or not is_password_of(me, password):
        with services().database.writing() as writing:
            audit_log.record(writing, "account.not_confirmed", by=me.id, means="password")
        return False
    forgive_tries(me.email)
    return True


def held_form(sealed: str) -> Held | None:
    """The form that was put aside until its sender proved who they are; None if there is none."""
    held: Held | None = verify(
        str(current_app.secret_key), Purpose.PENDING_FORM, sealed, max_age=_HELD_FOR
    )
    return held if held and held["user"] == signed_in_user().id else None


def _ask() -> ResponseReturnValue:
    here = request.full_path.rstrip("?")
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("staff.confirm", next=here), 303)
    fields = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"]
    files = [(name, file.filename) for name, file in request.files.items(True) if file.filename]
    held = Held(user=signed_in_user().id, action=here, fields=fields, files=files)
    signed = sign(str(current_app.secret_key), Purpose.PENDING_FORM, held)
    return confirm_page(held=signed), 403


def confirm_page(
    *, wanted: str = "", held: str = "", errors: Mapping[str, str] = NOTHING_WRONG
) -> str:
    """The page that asks for a proof, on the way to `wanted` or to sending the `held` form."""
    settings, form = services().settings, held_form(held) if held else None
    with services().database.reading() as reading:
        has = factors.factors_of(reading, signed_in_user().id)
        linked = identities.is_linked(reading, signed_in_user().id, settings.oidc_issuer or "")
    return render_template(
        "staff/accounts/reauthenticate.html",
        wanted=wanted,
        held=held,
        files=form["files"] if form else [],
        has=has,
        errors=errors,
        passkey_options=passkeys.ask_for("confirm", signed_in_user().id) if has.passkeys else "",
        provider=settings.oidc_name if linked else "",
    )
