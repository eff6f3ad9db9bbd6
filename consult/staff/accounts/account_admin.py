"""Staff accounts from the operator's side, and what makes a good password.

The functions that take an address raise AccountError, with one clear line, when they cannot do
what they are asked.
"""

import re
from collections.abc import Iterable
from datetime import timedelta

from zxcvbn import zxcvbn

from consult.staff.accounts.leaked_passwords import has_leaked
from consult.storage.accounts import accounts, sessions
from consult.storage.accounts.sessions import StaffUser
from consult.storage.db.database import Database, Session
from consult.storage.notifications import security_alerts
from consult.storage.second_factors import factors

INVITATION_VALID = timedelta(days=7)
# Whoever asked for it waits for it, and it opens an account that has leads already.
RESET_VALID = timedelta(days=1)
INVITATION_PATH = "/staff/invitation/"

# NIST SP 800-63B-4, 3.1.1.2: 15 where a password is the only factor, no rules of composition.
PASSWORD_MIN = 15
PASSWORD_MAX = 200
# Four everyday words withstand a thousand times as many; a line of a song or a club's name, fewer.
_GUESSES_WITHSTOOD = 10**13
# zxcvbn refuses more; nobody guesses what makes the first 72 characters strong.
_LOOKED_AT = 72
# It reads "p@55w0rd" in all ways in which these signs can be letters. Where there are many, 72
# characters take it eight seconds, and 20 are as hard to guess.
_LIKE_LETTERS = frozenset("4@8({[<3691!|70$5+%2")
_FEW_SIGNS, _LOOKED_AT_AMONG_MANY = 5, 20


class AccountError(Exception):
    """What was asked of an account cannot be done; the text is for the operator."""


def normal_email(text: str) -> str:
    """The form of an address in which accounts are stored and looked up.

    Any `name@host` will do: it is a name to sign in with, also where no mail goes.
    """
    email = text.strip().lower()
    if len(email) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+", email) or not email.isprintable():
        raise AccountError(f"{text!r} is not an email address")
    return email


def invite(
    database: Database, base_url: str, email: str, *, admin: bool = False, by: int | None = None
) -> str:
    """Make the one-time link that lets somebody sign up, or come back after being disabled.

    `by` is the admin who does it, None on the command line.
    """
    email = normal_email(email)
    with database.writing() as session:
        user = accounts.user_by_email(session, email)
        if user is not None and user.active:
            raise AccountError(f"{email} has an account already; use reset for a new password")
        role = "admin" if admin else "staff"
        token = accounts.invite(session, email, role, INVITATION_VALID, by=by)
    return base_url + INVITATION_PATH + token


def reset(
    database: Database,
    base_url: str,
    email: str,
    *,
    second_factor: bool = False,
    by: int | None = None,
) -> str:
    """Make the one-time link by which somebody with an account chooses a new password.

    A forgotten password is no reason to drop the second factor, so it stays unless `second_factor`
    says that it is lost as well; then app, passkeys, codes and links to a provider go at once.
    `by` is the admin who does it, None on the command line.
    """
    email = normal_email(email)
    with database.writing() as session:
        user = accounts.user_by_email(session, email)
        if user is None or not user.active:
            raise AccountError(f"{email} has no account that is in use; use invite")
        token = accounts.invite(session, email, user.role, RESET_VALID, by=by)
        if second_factor:
            remove_second_factor(session, user.id, by=by)
    return base_url + INVITATION_PATH + token


def remove_second_factor(session: Session, user_id: int, *, by: int | None) -> None:
    """Let somebody who lost their second factor sign in with a password alone, and set up anew.

    They are signed out everywhere; `by` is the admin who does it, None on the command line.
    """
    factors.forget_factors(session, user_id)
    sessions.end_all_sessions(session, user_id)
    security_alerts.record(session, "factor.all_removed", whose=user_id, by=by, account=user_id)


def disable(database: Database, email: str, new_leads_to: str = "") -> None:
    """Close somebody's account, end all of their sessions at once, and give their leads away.

    `new_leads_to` is the setting of that name.
    """
    email = normal_email(email)
    with database.writing() as session:
        user = accounts.user_by_email(session, email)
        if user is None:
            raise AccountError(f"{email} has no account")
        accounts.disable(session, user.id, new_leads_to=new_leads_to)


def list_accounts(database: Database) -> list[StaffUser]:
    """Everybody who has an account or had one, in order of their addresses."""
    with database.reading() as session:
        return accounts.all_users(session)


def first_invitation(database: Database, base_url: str) -> str | None:
    """The one-time link that makes the first account, an admin's; None once there is one.

    Each call makes a new link and voids the one before.
    """
    with database.writing() as session:
        if accounts.any_user(session):
            return None
        token = accounts.invite(session, None, "admin", INVITATION_VALID)
    return base_url + INVITATION_PATH + token


def password_problem(password: str, about: Iterable[str] = ()) -> str | None:
    """What is wrong with a new password, in words for its owner; None when it will do.

    `about` are texts that others know of this person: name, address, the product. Words from them
    add nothing to a password, so it must be strong without them.
    """
    if len(password) < PASSWORD_MIN:
        return f"Use at least {PASSWORD_MIN} characters. Four words in a row are fine."
    if len(password) > PASSWORD_MAX:
        return f"Use at most {PASSWORD_MAX} characters."
    known = {word for text in about for word in re.findall(r"\w{3,}", text.casefold())}
    rest = password.casefold()
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word, "")
    many = len(_LIKE_LETTERS.intersection(rest)) > _FEW_SIGNS
    looked_at = rest[: _LOOKED_AT_AMONG_MANY if many else _LOOKED_AT]
    guesses = zxcvbn(looked_at)["guesses"] if looked_at else 0
    if guesses < _GUESSES_WITHSTOOD or has_leaked(password):
        return "This one is easy to guess. Try four or more words that do not belong together."
    return None
