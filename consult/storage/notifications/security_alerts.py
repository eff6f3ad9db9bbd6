"""Security alerts: mails to users about changes to their own account, whatever they chose.

The mail is requested in the transaction that makes the change, as an entry in the audit log is, so
no one can take an account over without its owner being notified.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from consult.storage import deliveries
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.db.database import Session

SecurityAlert = Literal[
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
SECURITY_ALERTS: tuple[SecurityAlert, ...] = get_args(SecurityAlert)

ALERT_OF_ACTION: Mapping[str, SecurityAlert] = {
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
"""The alert for each action in the audit log that needs one."""


def record(session: Session, action: str, *, user_id: int, by: int | None, **facts: Fact) -> None:
    """Record a change to an account in the audit log, and alert the account's owner.

    Args:
        session: a writing one.
        action: what was done: one of `ALERT_OF_ACTION`.
        user_id: the id of the account's owner.
        by: the id of the user who did it; None for the command line.
        facts: details for the audit log; see ``audit_log.record``.
    """
    audit_log.record(session, action, by=by, lead_id=None, **facts)
    alert(session, user_id, ALERT_OF_ACTION[action])


def alert(session: Session, user_id: int, kind: SecurityAlert) -> None:
    deliveries.enqueue_staff_email(session, user_id, kind)
