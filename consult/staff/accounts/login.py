"""The way in: a first proof opens the door, unless there is a second factor to ask for.

Whoever gave the first proof only stands halfway: the cookie says who it was, when, and where they
wanted to go. That is no session, opens nothing under `/staff` but the page that asks for the second
factor, lasts ten minutes and works once.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta

from flask import redirect, session, url_for
from flask_login import current_user
from flask_security import login_user, logout_user
from werkzeug.wrappers import Response

from consult.crypto import new_token
from consult.staff.accounts import access, trusted_devices
from consult.staff.accounts.users import Member
from consult.storage.accounts import accounts
from consult.storage.second_factors import factors
from consult.web.services import services

HALFWAY_FOR = timedelta(minutes=10)
_KEY = "halfway"


@dataclass(frozen=True, slots=True)
class Halfway:
    """Somebody who gave a first proof: `uniquifier` is who, `since` in seconds since 1970."""

    uniquifier: str
    since: float
    means: str
    wanted: str
    token: str


def admit(who: Member, means: str, wanted: str = "") -> Response:
    """Let somebody in who gave a first proof (`means`), and lead them to the path they wanted.

    Who has a second factor is led to the page that asks for it instead.
    """
    made = services()
    with made.database.reading() as reading:
        asks = factors.factors_of(reading, who.id).any
    if not asks:
        return let_in(who, means, wanted)
    leave()
    here = Halfway(who.fs_uniquifier, made.database.clock().timestamp(), means, wanted, new_token())
    session[_KEY] = asdict(here)
    return redirect(url_for("staff.second_factor"), 303)


def let_in(who: Member, means: str, wanted: str = "") -> Response:
    """Sign somebody in who proved all there is to prove."""
    leave()
    login_user(who, remember=False, authn_via=[means])
    answer = redirect(access.own_path(wanted), 303)
    trusted_devices.remember(answer, who)
    return answer


def leave() -> None:
    """Sign out whoever is signed in, and forget who stood halfway."""
    if current_user.is_authenticated:
        logout_user()
    # Whatever was begun in this browser was begun by somebody else: a form token that they know,
    # a trip to the provider that would link their account there, a passkey being made.
    session.clear()


def halfway() -> tuple[Member, Halfway] | None:
    """Who gave the first proof in this browser, if that was not too long ago."""
    kept = session.get(_KEY)
    if not isinstance(kept, dict):
        return None
    here = Halfway(**kept)
    database = services().database
    age = database.clock().timestamp() - here.since
    if not 0 <= age < HALFWAY_FOR.total_seconds():
        return None
    with database.reading() as reading:
        # A new password or the end of the account gives people another name, or none.
        user = accounts.user_by_uniquifier(reading, here.uniquifier)
    return (Member(user), here) if user and user.active else None


def go_through(who: Member, here: Halfway) -> Response:
    """Let somebody in who stood halfway and gave the second proof. It works once."""
    with services().database.writing() as writing:
        first = factors.spend(writing, here.token, HALFWAY_FOR)
    if not first:
        leave()
        return redirect(url_for(access.SIGN_IN), 303)
    return let_in(who, here.means, here.wanted)
