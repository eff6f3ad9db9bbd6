"""The text of emails about the security of an account.

They have no link: a link that asks for a sign-in is how accounts are stolen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from consult.delivery.mail.messages import moment_in_words
from consult.storage.db.database import Session
from consult.storage.notifications.security_alerts import AccountNews
from consult.storage.notifications.staff_mails import StaffMail
from consult.storage.second_factors import factors


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of news: its title, what happened, and what holds from now on."""

    title: str
    says: str
    now: str = ""


WORDS: Mapping[AccountNews, Words] = {
    "app_added": Words(
        "Authenticator app set up",
        "An authenticator app was set up for your account.",
        "You are asked for its code when you sign in.",
    ),
    "app_removed": Words(
        "Authenticator app removed",
        "The authenticator app was removed from your account.",
        "Its codes no longer work.",
    ),
    "passkey_added": Words(
        "Passkey added",
        "A passkey was added to your account.",
        "It signs in without a password and a code.",
    ),
    "passkey_removed": Words(
        "Passkey removed",
        "A passkey was removed from your account.",
        "It no longer signs anybody in.",
    ),
    "passkey_copied": Words(
        "Passkey refused",
        "One of your passkeys was refused, because there seems to be a copy of it.",
        "Remove that passkey and make a new one.",
    ),
    "factors_removed": Words(
        "Second factors removed",
        "All second factors of your account were removed by somebody who looks after accounts.",
        "You are signed out everywhere, and your password alone signs you in.",
    ),
    "code_used": Words(
        "Recovery code used",
        "One of your recovery codes was used.",
        "{codes} left.",
    ),
    "codes_made": Words(
        "New recovery codes",
        "New recovery codes were made for your account.",
        "The ones before no longer work.",
    ),
    "password_changed": Words(
        "Password changed",
        "The password of your account was changed.",
        "Every other browser is signed out.",
    ),
    "password_reset": Words(
        "Account set up anew",
        "Your account was set up anew, with the one-time link that was made for you.",
        "Its password from before no longer works.",
    ),
    "role_changed": Words(
        "Role changed",
        "What you may do was changed by somebody who looks after accounts.",
        "You are {role} now. You are signed out everywhere, so sign in again.",
    ),
    "linked": Words(
        "Sign-in linked",
        "Your account was linked with one at the sign-in provider.",
        "Whoever signs in there as you comes in here.",
    ),
    "unlinked": Words(
        "Sign-in unlinked",
        "The link between your account and the one at the sign-in provider was removed.",
        "Nobody comes in that way any more.",
    ),
}

_ROLES = {"admin": "an admin", "staff": "a member of staff"}


def told_of(session: Session, mail: StaffMail, news: AccountNews, zone: tzinfo) -> dict[str, str]:
    """What the templates of the mail are told."""
    words = WORDS[news]
    codes = factors.factors_of(session, mail.user_id).codes_left
    return {
        "title": words.title,
        "says": words.says,
        "now": words.now.format(codes=_codes(codes), role=_ROLES[mail.role]),
        "when": f"{moment_in_words(mail.created_at, zone)} ({zone})",
    }


def _codes(left: int) -> str:
    return "None is" if not left else "One is" if left == 1 else f"{left} of them are"
