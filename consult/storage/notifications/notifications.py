"""Notifications about leads, and security alerts, sent by the worker.

Each is recorded in the transaction that makes it true. Of notifications about leads, users choose
the scope; see ``consult.workflow.notification_types``. Changes to an account are always mailed to
its owner, so no one can take it over without their knowing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, literal, select
from sqlalchemy.orm import joinedload

from consult.storage import deliveries
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.db.database import Session, add_if_new
from consult.storage.jobs import NOTIFY, enqueue
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.delivery_tables import NotificationPreferenceRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow, is_overdue
from consult.workflow.notification_types import (
    EMAIL_TYPES,
    TYPE_INFO,
    NotificationType,
    Scope,
)

ALERT_OF_ACTION: Mapping[str, str] = {
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
    "token.made": "token_made",
}
"""The alert for each action in the audit log that needs one."""

# Staff were notified of what has been overdue for longer, or it is from before there was a clock.
_OVERDUE_SINCE = timedelta(days=7)
_MAX_OVERDUE = 500
# What one form said is recorded in one transaction.
_SAME_FORM = timedelta(seconds=1)
# Contact info left to request or book a consult is one mail, about the most.
_SAYS_MORE: Mapping[NotificationType, tuple[NotificationType, ...]] = {
    "contact_given": ("consult_wanted", "consult_booked"),
    "consult_wanted": ("consult_booked",),
}


def notify(
    session: Session,
    lead: LeadRow,
    kind: NotificationType,
    *,
    recipient_id: int | None = None,
    actor_id: int | None = None,
    occasion: str = "",
    at: datetime | None = None,
) -> bool:
    """Record that something happened, and request its deliveries; not for demo leads.

    `recipient_id` is the user it is for, if it is for one alone, and `actor_id` the user who did
    it. `occasion` distinguishes it from the time before, if it may happen again for a lead. It is
    sent `at` a time or later. What only webhooks are sent about is recorded if there is one for it,
    and the lead isn't probably spam.

    Returns whether it is new.
    """
    if lead.demo:
        return False
    if kind not in EMAIL_TYPES and (lead.suspect or not deliveries.has_webhook(session, kind)):
        return False
    row = {
        "submission_id": lead.submission_id,
        "kind": kind,
        "occasion": occasion,
        "created_at": session.now(),
        "actor_id": actor_id,
        "recipient_id": recipient_id,
    }
    added = add_if_new(session, NotificationRow, row)
    if added is None:
        return False
    payload = {"notification_id": added}
    enqueue(session, NOTIFY, payload, submission_id=lead.submission_id, run_at=at)
    return True


def notify_overdue(session: Session) -> int:
    """Record each lead that is overdue for its first reply; returns how many were new."""
    known = exists().where(
        NotificationRow.submission_id == LeadRow.submission_id, NotificationRow.kind == "overdue"
    )
    now = session.now()
    found = session.scalars(
        select(LeadRow)
        .where(is_overdue(LeadRow, now), LeadRow.due_at > now - _OVERDUE_SINCE)
        .where(LeadRow.demo.is_(False), ~known)
        .order_by(LeadRow.due_at, LeadRow.submission_id)
        .limit(_MAX_OVERDUE)
    ).all()
    return sum(notify(session, lead, "overdue") for lead in found)


def get(session: Session, notification_id: int) -> NotificationRow | None:
    """The notification with this id and its lead, or None: it was deleted with the lead."""
    return session.scalar(
        select(NotificationRow)
        .where(NotificationRow.id == notification_id)
        .options(joinedload(NotificationRow.lead))
    )


def recipients(session: Session, notification: NotificationRow) -> Sequence[int]:
    """The ids of the users who want to be notified of something, and may be."""
    lead, kind = notification.lead, notification.kind
    if notification.recipient_id is not None:
        return subscribers(session, kind, only=notification.recipient_id)
    # The assignee of a lead that no one has picked up may be away.
    with_admins = kind == "overdue" and lead.stage == "new"
    found = set(subscribers(session, kind, lead, with_admins=with_admins))
    for more in _SAYS_MORE.get(kind, ()):
        if _came_too(session, notification, more):
            found -= set(subscribers(session, more, lead))
    return sorted(found - {notification.actor_id})  # who did it knows


def _came_too(session: Session, notification: NotificationRow, kind: NotificationType) -> bool:
    """Whether the same form was also about this."""
    at = notification.created_at
    too = exists().where(
        NotificationRow.submission_id == notification.submission_id,
        NotificationRow.kind == kind,
        NotificationRow.created_at.between(at, at + _SAME_FORM),
    )
    return bool(session.scalar(select(too)))


def subscribers(
    session: Session,
    kind: NotificationType,
    lead: LeadRow | None = None,
    *,
    only: int | None = None,
    with_admins: bool = False,
) -> Sequence[int]:
    """The active users whose scope includes a lead; `with_admins` as if it were assigned to each.

    Without a lead, or for one user `only`, every scope but "off" includes it.
    """
    found = session.execute(
        select(StaffUserRow.id, StaffUserRow.role, NotificationPreferenceRow.scope)
        .outerjoin(
            NotificationPreferenceRow,
            and_(
                NotificationPreferenceRow.user_id == StaffUserRow.id,
                NotificationPreferenceRow.kind == kind,
            ),
        )
        .where(StaffUserRow.active)
        .where(StaffUserRow.id == only if only is not None else literal(True))
    )
    assignee_id = lead.assignee_id if lead else None
    wanting = []
    for id, role, chosen in found:
        scope = chosen or TYPE_INFO[kind].default
        is_own = assignee_id in (None, id) or (with_admins and role == "admin")
        if scope == "all" or (scope == "own" and is_own):
            wanting.append(id)
    return wanting


def preferences(
    session: Session, user_ids: Sequence[int]
) -> Mapping[int, Mapping[NotificationType, Scope]]:
    """The scope of each email type for each of these users; the default if they chose none."""
    rows = session.scalars(
        select(NotificationPreferenceRow).where(NotificationPreferenceRow.user_id.in_(user_ids))
    )
    chosen = {(row.user_id, row.kind): row.scope for row in rows}
    return {
        id: {kind: chosen.get((id, kind), TYPE_INFO[kind].default) for kind in EMAIL_TYPES}
        for id in user_ids
    }


def set_preferences(
    session: Session, user_id: int, scopes: Mapping[NotificationType, Scope]
) -> None:
    """Store a user's scopes; kinds that are not named stay as they are."""
    session.execute(
        delete(NotificationPreferenceRow).where(
            NotificationPreferenceRow.user_id == user_id, NotificationPreferenceRow.kind.in_(scopes)
        )
    )
    session.add_all(
        NotificationPreferenceRow(user_id=user_id, kind=kind, scope=scope)
        for kind, scope in scopes.items()
    )
    session.flush()


def record_account_change(
    session: Session, action: str, *, user_id: int, by: int | None, **facts: Fact
) -> None:
    """Record a change to the account `user_id` in the audit log, and alert its owner.

    `action` is one of `ALERT_OF_ACTION`; for `by` and `facts`, see ``audit_log.record``. What the
    alerts say is in ``security_alerts.yaml`` of `delivery`.
    """
    audit_log.record(session, action, by=by, lead_id=None, **facts)
    deliveries.enqueue_staff_email(session, user_id, ALERT_OF_ACTION[action])


def email_admins(session: Session, kind: str, *, endpoint_id: int | None = None) -> None:
    """Email all admins about something that they have to look after."""
    admins = select(StaffUserRow.id).where(StaffUserRow.active, StaffUserRow.role == "admin")
    for user_id in session.scalars(admins.order_by(StaffUserRow.id)).all():
        deliveries.enqueue_staff_email(session, user_id, kind, endpoint_id=endpoint_id)
