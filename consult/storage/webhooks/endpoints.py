"""The URLs that webhooks go to: their events, how they are signed, and whether they are active."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from consult.storage import deliveries
from consult.storage.db.database import Session, lock_table
from consult.storage.tables.delivery_tables import Attempt, DeliveryRow, EndpointRow
from consult.workflow.notification_types import WEBHOOK_EVENTS, NotificationType, WebhookKind

DisabledReason = Literal["manual", "failing", "gone"]

PREVIOUS_SECRET_LIFE = timedelta(hours=24)
"""How long a replaced secret signs as well, so that receivers can be changed without a gap."""

MAX_FAILING = timedelta(days=5)
"""After so long without a success, an endpoint is disabled."""

COOLDOWN = timedelta(minutes=1)
"""How long an endpoint gets no messages after it did not answer in time."""

_SLOW_MILLISECONDS = 2_000


def all_endpoints(session: Session) -> Sequence[EndpointRow]:
    """All endpoints, that of the environment first."""
    order = (EndpointRow.from_environment.desc(), EndpointRow.id)
    return session.scalars(select(EndpointRow).order_by(*order)).all()


def by_id(session: Session, endpoint_id: int) -> EndpointRow | None:
    return session.get(EndpointRow, endpoint_id)


def subscribed(session: Session, event: NotificationType) -> Sequence[EndpointRow]:
    return [each for each in all_endpoints(session) if each.active and event in each.events]


def announce_deletion(session: Session, lead_ids: Sequence[int]) -> None:
    """Request webhooks about leads that are about to be deleted; they say nothing but the id."""
    for endpoint in subscribed(session, "deleted"):
        for lead_id in lead_ids:
            deliveries.enqueue_webhook(session, endpoint.id, deleted_lead_id=lead_id)


def add(
    session: Session,
    url: str,
    events: Sequence[str],
    *,
    kind: WebhookKind = "standard",
    field_map: Mapping[str, str] | None = None,
    includes_contact: bool,
    salt: str,
    secret_hash: str,
) -> int:
    row = EndpointRow(url=url, events=list(events), includes_contact=includes_contact, active=True)
    row.kind, row.field_map = kind, dict(field_map or {})
    row.from_environment, row.salt, row.secret_hash = False, salt, secret_hash
    row.created_at = session.now()
    session.add(row)
    session.flush()
    return row.id


def sync_environment(session: Session, url: str | None) -> None:
    """Have exactly one active endpoint for the URL that the environment sets, or none without."""
    row = session.scalar(_FROM_ENVIRONMENT)
    if row is None and url:
        # Two workers that both find none would both add it, and each message would go out twice.
        lock_table(session, EndpointRow.__tablename__)
        row = session.scalar(_FROM_ENVIRONMENT)
    if url is None:
        if row and row.active:
            set_disabled(row, "manual")
    else:
        if row is None:
            row = EndpointRow(from_environment=True, includes_contact=False, active=True)
            row.url, row.salt, row.secret_hash = url, "", ""
            row.created_at = session.now()
            session.add(row)
        row.events = list(WEBHOOK_EVENTS)  # a newer version may have more
        if row.url != url or row.disabled_reason == "manual":
            row.url = url
            set_disabled(row, None)
    session.flush()


def change(
    session: Session,
    endpoint_id: int,
    url: str,
    events: Sequence[str],
    *,
    kind: WebhookKind,
    field_map: Mapping[str, str],
    includes_contact: bool,
) -> None:
    row = session.get_one(EndpointRow, endpoint_id)
    row.url, row.kind, row.field_map = url, kind, dict(field_map)
    row.events = list(events)
    row.includes_contact = includes_contact


def rotate_secret(session: Session, endpoint_id: int, salt: str, secret_hash: str) -> None:
    """Give an endpoint a new secret; the previous one signs as well for a while."""
    row = session.get_one(EndpointRow, endpoint_id)
    row.previous_salt, row.previous_until = row.salt, session.now() + PREVIOUS_SECRET_LIFE
    row.salt, row.secret_hash = salt, secret_hash


def record_attempt(session: Session, delivery_id: int, attempt: Attempt) -> bool:
    """Record an attempt to send a webhook; whether that disabled the endpoint.

    An endpoint is disabled when it is gone (410), or has failed for too long.
    """
    # The endpoint first, as it is when it is deleted with its deliveries.
    of_delivery = select(DeliveryRow.endpoint_id).where(DeliveryRow.id == delivery_id)
    endpoint = session.scalar(
        select(EndpointRow).where(EndpointRow.id.in_(of_delivery)).with_for_update()
    )
    delivery = session.get(DeliveryRow, delivery_id, with_for_update=True)
    if endpoint is None or delivery is None:
        return False
    delivery.attempts = [*delivery.attempts, attempt]
    if not attempt["error"]:
        delivery.sent_at, delivery.sent_via = session.now(), "webhook"
        endpoint.failing_since = endpoint.paused_until = None
        return False
    is_slow = attempt["milliseconds"] >= _SLOW_MILLISECONDS
    endpoint.paused_until = session.now() + COOLDOWN if is_slow else None
    endpoint.failing_since = endpoint.failing_since or datetime.fromisoformat(attempt["at"])
    if not endpoint.active:
        return False
    if attempt["status"] == 410:
        set_disabled(endpoint, "gone")
    elif session.now() - endpoint.failing_since >= MAX_FAILING:
        set_disabled(endpoint, "failing")
    return not endpoint.active


_FROM_ENVIRONMENT = (
    select(EndpointRow).where(EndpointRow.from_environment).order_by(EndpointRow.id).limit(1)
)


def set_disabled(row: EndpointRow, reason: DisabledReason | None) -> None:
    """Disable an endpoint for a reason, or enable it (None) and reset its failures."""
    row.active = reason is None
    row.disabled_reason = reason
    if reason is None:
        row.failing_since = row.paused_until = None
