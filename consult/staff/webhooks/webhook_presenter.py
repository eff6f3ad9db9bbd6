"""Webhook endpoints and their log as the staff templates show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from consult.delivery.webhooks.webhook_delivery import webhook_id
from consult.staff.notifications.delivery_presenter import DeliveryView, delivery_view, host_of
from consult.staff.times import DisplayTime, display_time
from consult.storage.tables.delivery_tables import Attempt, DeliveryRow, EndpointRow
from consult.workflow.notification_types import TYPE_INFO

_DISABLED: Mapping[str | None, str] = {
    "manual": "Disabled",
    "failing": "Disabled: failed for five days",
    "gone": "Disabled: returned 410 Gone",
}


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint; `state` is empty while it is active."""

    id: int
    host: str
    url: str
    from_environment: bool
    active: bool
    events: Sequence[str]
    includes_contact: bool
    state: str
    failing_since: DisplayTime | None
    previous_until: DisplayTime | None
    created: DisplayTime


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt: the status of its response, how long it took, and the error."""

    when: DisplayTime
    status: str
    took: str
    error: str
    response: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in a log."""

    delivery: DeliveryView
    lead_id: int | None
    webhook_id: str
    created: DisplayTime
    attempts: Sequence[AttemptView]


def endpoint_view(endpoint: EndpointRow, now: datetime) -> EndpointView:
    until = endpoint.previous_until
    return EndpointView(
        id=endpoint.id,
        host=host_of(endpoint.url),
        url=endpoint.url,
        from_environment=endpoint.from_environment,
        active=endpoint.active,
        events=[info.name for kind, info in TYPE_INFO.items() if kind in endpoint.events],
        includes_contact=endpoint.includes_contact,
        state=_DISABLED.get(endpoint.disabled_reason, ""),
        failing_since=display_time(endpoint.failing_since, now) if endpoint.failing_since else None,
        previous_until=display_time(until, now) if until and until > now else None,
        created=display_time(endpoint.created_at, now),
    )


def message_view(delivery: DeliveryRow, now: datetime) -> MessageView:
    return MessageView(
        delivery=delivery_view(delivery, now),
        lead_id=delivery.submission_id,
        webhook_id=webhook_id(delivery),
        created=display_time(delivery.created_at, now),
        attempts=[_attempt_view(attempt, now) for attempt in delivery.attempts],
    )


def _attempt_view(attempt: Attempt, now: datetime) -> AttemptView:
    return AttemptView(
        when=display_time(datetime.fromisoformat(attempt["at"]), now),
        status=str(attempt["status"]) if attempt["status"] else "No response",
        took=f"{attempt['milliseconds']} ms",
        error=attempt["error"],
        response=attempt["response"],
    )
