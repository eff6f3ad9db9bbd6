"""What somebody is told about their own account, whatever they chose: a way into it has changed.

The mail is planned in the transaction that makes the change, as an entry in the audit log is, so
whoever takes an account over cannot do so in silence.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.db.database import Session
from consult.storage.notifications import staff_mails

AccountNews = Literal[
    "app_added",
    "app_removed",
    "passkey_added",
    "passkey_removed",
    "passkey_copied",
    "factors_removed",
    "code_used",
    "codes_made",
    "password_changed",
    "password_reset",
    "role_changed",
    "linked",
    "unlinked",
]
ACCOUNT_NEWS: tuple[AccountNews, ...] = get_args(AccountNews)

TOLD: Mapping[str, AccountNews] = {
    "account.password_changed": "password_changed",
    "account.role_changed": "role_changed",
    "factor.all_removed": "factors_removed",
    "factor.app_added": "app_added",
    "factor.app_removed": "app_removed",
    "factor.passkey_added": "passkey_added",
    "factor.passkey_copied": "passkey_copied",
    "factor.passkey_removed": "passkey_removed",
    "factor.recovery_code_used": "code_used",
    "factor.recovery_codes_made": "codes_made",
    "identity.linked": "linked",
    "identity.unlinked": "unlinked",
}
"""Of what the audit log calls it, what its owner is told."""


def record(session: Session, action: str, *, whose: int, by: int | None, **facts: Fact) -> None:
    """Write a change of an account down in the audit log, and tell whose account it is.

    Args:
        session: a writing one.
        action: what was done: one of `TOLD`.
        whose: the id of the account's owner.
        by: the id of who did it; None for the command line.
        facts: what else the log is to know; see ``audit.record``.
    """
    audit_log.record(session, action, by=by, lead_id=None, **facts)
    tell(session, whose, TOLD[action])


def tell(session: Session, whose: int, news: AccountNews) -> None:
    """Plan the mail to the owner of an account."""
    staff_mails.plan(session, whose, news)
