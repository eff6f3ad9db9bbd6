"""Webhooks, and what was told about a lead, in words for the staff templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from consult.staff.presenters import DisplayTime, display_time
from consult.staff.times import exactly
from consult.storage.notifications.staff_mails import StaffMailDelivery
from consult.storage.webhooks.endpoints import Endpoint, OffReason
from consult.storage.webhooks.webhooks import Logged, Try
from consult.workflow.notification_types import NEWS

_OFF_WORDS: Mapping[OffReason, str] = {
    "by_hand": "Switched off",
    "failing": "Switched off: it failed for five days",
    "gone": "Switched off: it answered that it is gone (410)",
}


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An address that is told; `state` is empty while all is well."""

    id: int
    host: str
    address: str
    fixed: bool
    active: bool
    kinds: Sequence[str]
    with_contact: bool
    state: str
    failing_since: DisplayTime | None
    old_until: DisplayTime | None
    made: DisplayTime


@dataclass(frozen=True, slots=True)
class TryView:
    """One try: the answer's number ("No answer" without one), how long it took, and what for."""

    when: DisplayTime
    status: str
    took: str
    error: str
    answer: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in a log."""

    id: int
    what: str
    lead_id: int | None
    webhook_id: str
    state: str
    note: str
    failed: bool
    may_go_again: bool
    made: DisplayTime
    tries: Sequence[TryView]


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody or some program that was told something about a lead, and how that stands."""

    what: str
    whom: str
    state: str
    note: str
    failed: bool
    when: DisplayTime


def endpoint_view(endpoint: Endpoint, now: datetime) -> EndpointView:
    """An endpoint as its page shows it."""
    old = endpoint.old_until
    return EndpointView(
        id=endpoint.id,
        host=host_of(endpoint.address),
        address=endpoint.address,
        fixed=endpoint.fixed,
        active=endpoint.active,
        kinds=[NEWS[kind].name for kind in endpoint.kinds],
        with_contact=endpoint.with_contact,
        state=_OFF_WORDS[endpoint.off_reason] if endpoint.off_reason else "",
        failing_since=display_time(endpoint.failing_since, now) if endpoint.failing_since else None,
        old_until=display_time(old, now) if old and old > now else None,
        made=display_time(endpoint.created_at, now),
    )


def host_of(address: str) -> str:
    """The part of an address that may be shown to all: the rest may hold a secret."""
    return urlsplit(address).hostname or address


def message_view(logged: Logged, now: datetime) -> MessageView:
    """A message as a log shows it."""
    state, note = _standing(logged, now)
    return MessageView(
        id=logged.message.id,
        what="Test" if logged.lead_id is None else _name_of(logged.message.kind),
        lead_id=logged.lead_id,
        webhook_id=logged.message.webhook_id,
        state=state,
        note=note,
        failed=logged.state == "dead",
        may_go_again=logged.state not in ("ready", "leased"),
        made=display_time(logged.message.created_at, now),
        tries=[_try_view(made, now) for made in logged.tries],
    )


def told_of_lead(
    mails: Sequence[StaffMailDelivery], messages: Sequence[Logged], now: datetime
) -> list[Told]:
    """Who was told what about a lead, in the order in which it was planned."""
    told = [_told_by_mail(mail, now) for mail in mails]
    for logged in messages:
        state, note = _standing(logged, now)
        told.append(
            Told(
                what=_name_of(logged.message.kind),
                whom=host_of(logged.address),
                state=state,
                note=note,
                failed=logged.state == "dead",
                when=display_time(logged.message.delivered_at or logged.message.created_at, now),
            )
        )
    return sorted(told, key=lambda line: line.when.iso)


def _told_by_mail(mail: StaffMailDelivery, now: datetime) -> Told:
    note = ""
    if mail.sent_at:
        state = "Mailed" if mail.handed_to == "server" else "In the mail folder"
    elif mail.state == "dead":
        state, note = "Given up", mail.last_error
    elif mail.last_error and mail.run_at:
        next_try = exactly(mail.run_at.astimezone(now.tzinfo))
        state, note = "To be tried again", f"Next try {next_try}. {mail.last_error}"
    else:
        state = "On its way"
    return Told(
        what=_name_of(mail.kind),
        whom=mail.to,
        state=state,
        note=note,
        failed=mail.state == "dead",
        when=display_time(mail.sent_at or mail.created_at, now),
    )


def _name_of(kind: str) -> str:
    return next((news.name for name, news in NEWS.items() if name == kind), kind)


def _standing(logged: Logged, now: datetime) -> tuple[str, str]:
    if logged.message.delivered_at:
        return "Arrived", ""
    match logged.state:
        case "leased":
            return "Under way", ""
        case "ready" if logged.last_error and logged.run_at:
            return "To be tried again", f"Next try {exactly(logged.run_at.astimezone(now.tzinfo))}."
        case "ready":
            return "On its way", ""
        case "dead":
            return "Given up", logged.last_error
        case _:
            return "Not sent", "The address was switched off."


def _try_view(made: Try, now: datetime) -> TryView:
    return TryView(
        when=display_time(made.at, now),
        status=str(made.status) if made.status else "No answer",
        took=f"{made.milliseconds} ms",
        error=made.error,
        answer=made.answer,
    )
