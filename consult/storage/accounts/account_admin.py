"""Managing staff accounts: what the people page and the command line have in common.

The functions that take an address raise AccountError, with one clear line, when they cannot do
what they are asked.
"""

import logging
import re
from datetime import timedelta

from consult.storage.accounts import accounts, sessions
from consult.storage.db.database import Database
from consult.storage.notifications import notifications
from consult.storage.second_factors import factors

INVITATION_VALID = timedelta(days=7)
# Shorter: the user waits for it, and it opens an account that has leads already.
RESET_VALID = timedelta(days=1)
INVITATION_PATH = "/staff/invitation/"
EMAIL_MAX = 254
_STARTING_TOGETHER = timedelta(seconds=10)

log = logging.getLogger(__name__)


class AccountError(Exception):
    """What was asked of an account cannot be done; the text is for the operator."""


class AccountExistsError(AccountError):
    """The address has an active account."""


def normal_email(text: str) -> str:
    """Return an address as accounts are stored and looked up.

    Any `name@host` will do: it is a name to sign in with, also where no mail goes.
    """
    email = text.strip().lower()
    is_one = re.fullmatch(r"[^@\s]+@[^@\s]+", email) and email.isprintable()
    if len(email) > EMAIL_MAX or not is_one:
        raise AccountError(f"{text!r} is not an email address")
    return email


def invite(
    database: Database, base_url: str, email: str, *, admin: bool = False, by: int | None = None
) -> str:
    """Make the one-time link to set up an account, or to reactivate a disabled one.

    `by` is the ID of the admin, None on the command line.
    """
    email = normal_email(email)
    with database.writing() as session:
        user = accounts.user_by_email(session, email)
        if user is not None and user.active:
            raise AccountExistsError(
                f"{email} has an account already; use reset for a new password"
            )
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
    """Make the one-time link to choose a new password.

    A forgotten password is no reason to drop the second factor, so it stays unless `second_factor`
    says that it is lost too; then app, passkeys, codes and linked identities are removed at once.
    `by` is the ID of the admin, None on the command line.
    """
    email = normal_email(email)
    with database.writing() as session:
        user = accounts.user_by_email(session, email)
        if user is None or not user.active:
            raise AccountError(f"{email} has no active account; use invite")
        token = accounts.invite(session, email, user.role, RESET_VALID, by=by)
        if second_factor:
            factors.remove_all_factors(session, user.id)
            sessions.end_all_sessions(session, user.id)
            notifications.record_account_change(
                session, "factor.all_removed", user_id=user.id, by=by, account=user.id
            )
    return base_url + INVITATION_PATH + token


def disable(database: Database, email: str, new_leads_to: str = "") -> None:
    """Disable an account, end its sessions, and reassign its leads.

    `new_leads_to` is the setting of that name.
    """
    email = normal_email(email)
    with database.writing() as session:
        user = accounts.user_by_email(session, email)
        if user is None:
            raise AccountError(f"{email} has no account")
        accounts.disable(session, user.id, new_leads_to=new_leads_to)


def first_invitation(database: Database, base_url: str) -> str | None:
    """Make the one-time link for the first account, an admin's; None once there is one.

    Each call voids the link before, but for one that another process that starts at the same time
    has just made: then this is None, too.
    """
    with database.writing() as session:
        if accounts.any_user(session):
            return None
        if accounts.first_invited_since(session, session.now() - _STARTING_TOGETHER):
            log.info(
                "the link to the first staff account was printed seconds ago, here or elsewhere"
            )
            return None
        token = accounts.invite(session, None, "admin", INVITATION_VALID)
    return base_url + INVITATION_PATH + token
