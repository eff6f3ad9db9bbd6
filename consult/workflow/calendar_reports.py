"""What calendars report: how it is signed, and what is read of it.

Reports come twice, late and in any order; ``storage.booking.calendar_events`` works out what a
booking is by all of them. Reading takes the few facts that are needed, and refuses a report that
makes no sense as a whole.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from consult.workflow.calendars import Provider

Kind = Literal["requested", "booked", "moved", "canceled", "no_show"]

CANCEL_AFTER = timedelta(minutes=10)
"""Moving a booking may be reported as one that is canceled and another: so long it is waited for
the other."""

STALE_AFTER = timedelta(minutes=5)
"""An older signature, or one from as far in the future, is no longer accepted."""

OLDEST_REPORT = timedelta(days=28)
"""Calendars try again for a day or two. It is shorter than reports are kept, by which a repeated
one is known."""

_AHEAD, _BEFORE = timedelta(days=3 * 365), timedelta(days=365)
_LONGEST = timedelta(days=7)
_KEY = re.compile(r"[0-9a-f]{32}")
_STAMP = re.compile(r"t=(\d{1,11}),v1=([0-9a-fA-F]{64})")

_KINDS: Mapping[Provider, Mapping[str, Kind]] = {
    "cal": {
        "BOOKING_CREATED": "booked",
        "BOOKING_REQUESTED": "requested",
        "BOOKING_RESCHEDULED": "moved",
        "BOOKING_CANCELLED": "canceled",
        "BOOKING_REJECTED": "canceled",
        "BOOKING_NO_SHOW_UPDATED": "no_show",
    },
    "calendly": {
        "invitee.created": "booked",
        "invitee.canceled": "canceled",
        "invitee_no_show.created": "no_show",
        "invitee_no_show.deleted": "booked",
    },
    "savvycal": {
        "event.created": "booked",
        "event.requested": "requested",
        "event.approved": "booked",
        "event.declined": "canceled",
        "event.rescheduled": "moved",
        "event.changed": "moved",
        "event.canceled": "canceled",
    },
}

PLACING = frozenset({"requested", "booked", "moved"})
"""The kinds that say when a consult takes place."""


class UnreadableReportError(ValueError):
    """A report that makes no sense."""


@dataclass(frozen=True, slots=True)
class Report:
    """The facts of a report. `event_id` is the same for one that is repeated.

    `uid` is the provider's name for the booking, `previous_uid` that of the one it replaces.
    `key` is ours, if it came back; without it, only the address says whose booking it is.
    """

    provider: Provider
    event_id: str
    kind: Kind
    uid: str
    previous_uid: str | None
    key: str | None
    at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    zone: str
    place: str
    name: str
    email: str


# --- Signatures ----------------------------------------------------------------------------------


def signature_headers(
    provider: Provider, secret: str, body: bytes, at: datetime
) -> Mapping[str, str]:
    """How a provider signs a report; `at` counts for Calendly only."""
    stamp = str(int(at.timestamp()))
    signed = f"{stamp}.".encode() + body if provider == "calendly" else body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    match provider:
        case "cal":
            return {"X-Cal-Signature-256": signature}
        case "calendly":
            return {"Calendly-Webhook-Signature": f"t={stamp},v1={signature}"}
        case "savvycal":
            return {"X-SavvyCal-Signature": f"sha256={signature}"}


def why_refused(
    provider: Provider, secret: str, header: Callable[[str], str], body: bytes, now: datetime
) -> Literal["signature", "old"] | None:
    """Why a report is not from this provider's calendar, or was not sent just now; None if it is.

    `header` returns a header of the request by its name, or nothing.
    """
    at = now
    if provider == "calendly":
        sent = _STAMP.match(header("Calendly-Webhook-Signature"))
        at = datetime.fromtimestamp(int(sent[1]), now.tzinfo) if sent else now
    for name, expected in signature_headers(provider, secret, body, at).items():
        given = header(name).strip().lower().encode("utf-8", "replace")
        if not hmac.compare_digest(given, expected.encode()):
            return "signature"
    return "old" if abs(now - at) > STALE_AFTER else None


# --- Reading -------------------------------------------------------------------------------------


def read_report(provider: Provider, body: bytes, now: datetime) -> Report | None:
    """The facts of a signed report; None for a kind that we have no use for.

    Raises UnreadableReportError where it makes no sense: no JSON, no name of a booking, no zone in
    a time, or a time that is years away.
    """
    try:
        sent = json.loads(body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError("no JSON") from error
    kind = _KINDS[provider].get(_text(sent, _TYPE[provider]))
    if kind is None:
        return None
    report = _READERS[provider](sent, kind, now)
    if report.starts_at and report.ends_at:
        in_reach = now - _BEFORE <= report.starts_at <= now + _AHEAD
        if not in_reach or not timedelta() < report.ends_at - report.starts_at <= _LONGEST:
            raise UnreadableReportError("a time that can’t be")
    return report


_TYPE: Mapping[Provider, str] = {"cal": "triggerEvent", "calendly": "event", "savvycal": "type"}


def _read_cal(sent: Any, kind: Kind, now: datetime) -> Report:
    payload = _part(sent, "payload")
    person = _first(payload, "attendees")
    if kind == "no_show" and not any(
        one.get("noShow") is True for one in _each(payload, "attendees")
    ):
        kind = "booked"  # marked by mistake
    place = _text(payload, "metadata", "videoCallUrl") or _text(payload, "location")
    return _report(
        "cal",
        kind,
        now,
        uid=_text(payload, "uid") or _text(payload, "bookingUid"),
        previous_uid=_text(payload, "rescheduleUid"),
        keys=[_text(payload, "metadata", "key")],
        stamp=_text(sent, "createdAt"),
        times=(_text(payload, "startTime"), _text(payload, "endTime")),
        zone=_text(person, "timeZone"),
        # Its names for video services, which say nothing to people.
        place="" if place.startswith("integrations:") else place,
        name=_text(person, "name"),
        email=_text(person, "email") or _text(payload, "responses", "email", "value"),
    )


def _read_calendly(sent: Any, kind: Kind, now: datetime) -> Report:
    payload = _part(sent, "payload")
    event = _part(payload, "scheduled_event")
    happened = {
        "canceled": _text(payload, "cancellation", "created_at") or _text(payload, "updated_at"),
        "no_show": _text(payload, "no_show", "created_at"),
    }
    # It ends what was marked by mistake: the booking itself was created long before.
    is_undone = _text(sent, "event") == "invitee_no_show.deleted"
    stamp = happened.get(kind) or ("" if is_undone else _text(payload, "created_at"))
    return _report(
        "calendly",
        kind,
        now,
        uid=_text(payload, "uri") or _text(payload, "invitee"),
        previous_uid=_text(payload, "old_invitee"),
        keys=[_text(payload, "tracking", name) for name in ("utm_content", "salesforce_uuid")],
        stamp=stamp or _text(sent, "created_at"),
        times=(_text(event, "start_time"), _text(event, "end_time")),
        zone=_text(payload, "timezone"),
        place=_text(event, "location", "join_url") or _text(event, "location", "location"),
        name=_text(payload, "name"),
        email=_text(payload, "email"),
    )


def _read_savvycal(sent: Any, kind: Kind, now: datetime) -> Report:
    payload = _part(sent, "payload")
    guests = [one for one in _each(payload, "attendees") if one.get("is_organizer") is not True]
    person = _part(payload, "scheduler") or (guests[0] if guests else {})
    return _report(
        "savvycal",
        kind,
        now,
        uid=_text(payload, "id"),
        previous_uid="",
        keys=[_text(payload, "metadata", "key")],
        stamp=_text(sent, "occurred_at"),
        times=(_text(payload, "start_at"), _text(payload, "end_at")),
        zone=_text(person, "time_zone"),
        place=_text(payload, "conferencing", "join_url") or _text(payload, "location"),
        name=_text(person, "display_name"),
        email=_text(person, "email"),
        event_id=_text(sent, "id"),
    )


_READERS = {"cal": _read_cal, "calendly": _read_calendly, "savvycal": _read_savvycal}


def _report(
    provider: Provider,
    kind: Kind,
    now: datetime,
    *,
    uid: str,
    previous_uid: str,
    keys: Sequence[str],
    stamp: str,
    times: tuple[str, str],
    zone: str,
    place: str,
    name: str,
    email: str,
    event_id: str = "",
) -> Report:
    starts_at, ends_at = (_time(text) if text else None for text in times)
    named = event_id or f"{kind} {uid} {stamp}"
    if not uid or max(len(uid), len(previous_uid)) > 200:
        raise UnreadableReportError("no name of a booking")
    return Report(
        provider=provider,
        event_id=hashlib.sha256(named.encode()).hexdigest(),
        kind=kind,
        uid=uid,
        previous_uid=previous_uid if previous_uid != uid and previous_uid else None,
        key=next((key for key in keys if _KEY.fullmatch(key)), None),
        # What seems to be from the future would keep all that follows from counting.
        at=min(_time(stamp), now),
        starts_at=starts_at if ends_at else None,
        ends_at=ends_at if starts_at else None,
        zone=_zone(zone),
        place=place[:500],
        name=name[:200],
        email=email[:254],
    )


def _part(of: Any, name: str) -> Mapping[str, Any]:
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _each(of: Any, name: str) -> list[Mapping[str, Any]]:
    found = of.get(name) if isinstance(of, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _first(of: Any, name: str) -> Mapping[str, Any]:
    return next(iter(_each(of, name)), {})


def _text(of: Any, *path: str) -> str:
    """The text at a place, without anything that can't be printed; empty for anything else."""
    for name in path[:-1]:
        of = _part(of, name)
    found = of.get(path[-1]) if isinstance(of, Mapping) else None
    return "".join(filter(str.isprintable, found)).strip() if isinstance(found, str) else ""


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None or not 2000 <= at.year <= 2200:
            raise ValueError("no zone, or not in our time")
    except ValueError as error:
        raise UnreadableReportError("no time") from error
    return at


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if 0 < len(name) <= 64 else "UTC"
    except (ValueError, OSError, LookupError):
        return "UTC"


def _no_number(_text: str) -> None:
    raise ValueError("NaN and infinity are no JSON")


def empty_report(provider: Provider) -> bytes:
    """A report of a kind that we have no use for, to try whether reports get through."""
    return json.dumps({_TYPE[provider]: "test"}).encode()
