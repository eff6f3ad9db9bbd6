"""What a mail about a user's own account says.

It has no link: mails that ask people to sign in by a link are how accounts are stolen.
"""

from collections.abc import Mapping
from typing import NamedTuple

from consult.storage.db.database import Session
from consult.storage.notifications.notifications import SecurityAlert
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffUserRow


class AlertText(NamedTuple):
    title: str
    happened: str
    now: str


ALERT_TEXTS: Mapping[SecurityAlert, AlertText] = {
    "app_added": AlertText(
        "Authenticator app set up",
        "An authenticator app was set up for your account.",
        "You’ll need its code to sign in.",
    ),
    "app_removed": AlertText(
        "Authenticator app removed",
        "The authenticator app was removed from your account.",
        "Its codes no longer work.",
    ),
    "passkey_added": AlertText(
        "Passkey added",
        "A passkey was added to your account.",
        "It signs in without a password or code.",
    ),
    "passkey_removed": AlertText(
        "Passkey removed",
        "A passkey was removed from your account.",
        "It no longer works.",
    ),
    "passkey_copied": AlertText(
        "Passkey blocked",
        "One of your passkeys was blocked because it may have been cloned.",
        "Remove that passkey and create a new one.",
    ),
    "factors_removed": AlertText(
        "Two-step verification reset",
        "All second factors of your account were removed by an admin.",
        "You are signed out everywhere, and your password alone signs you in.",
    ),
    "code_used": AlertText(
        "Recovery code used",
        "One of your recovery codes was used.",
        "{codes} left.",
    ),
    "codes_made": AlertText(
        "New recovery codes",
        "New recovery codes were created for your account.",
        "The old ones no longer work.",
    ),
    "password_changed": AlertText(
        "Password changed",
        "The password of your account was changed.",
        "All other browsers are signed out.",
    ),
    "password_reset": AlertText(
        "Account set up again",
        "Your account was set up again with a one-time link.",
        "Its old password no longer works.",
    ),
    "role_changed": AlertText(
        "Role changed",
        "Your role was changed by an admin.",
        "You are {role} now. You are signed out everywhere, so sign in again.",
    ),
    "linked": AlertText(
        "Sign-in linked",
        "Your account was linked to one at the sign-in provider.",
        "You can sign in with it.",
    ),
    "unlinked": AlertText(
        "Sign-in unlinked",
        "The link between your account and the one at the sign-in provider was removed.",
        "You can no longer sign in with it.",
    ),
}

_ROLES = {"admin": "an admin", "staff": "a member of staff"}


def alert_values(
    session: Session, user: StaffUserRow, alert: SecurityAlert, at: str
) -> dict[str, str]:
    """The values for the template; `at` is when it happened."""
    text = ALERT_TEXTS[alert]
    left = factors.factors_of(session, user.id).codes_left
    codes = "None are" if not left else "One is" if left == 1 else f"{left} are"
    return {
        "title": text.title,
        "happened": text.happened,
        "now": text.now.format(codes=codes, role=_ROLES[user.role]),
        "when": at,
    }
