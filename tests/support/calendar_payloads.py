"""What providers' calendars send, as their documentation and recorded messages show it.

A step is what happens to a booking; `payload` is how a provider reports it. Nobody has sent these
from a real account: the shapes are from Calendly's and SavvyCal's developer pages, Cal.com's source
and published recordings of all three.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consult.storage.booking import calendar_events
from consult.storage.db.database import Session
from consult.workflow.calendar_reports import Kind, read_report, signature_headers
from consult.workflow.calendars import Provider

SECRET = "a secret that both sides know"
HALF_AN_HOUR = timedelta(minutes=30)
INVITEES = "https://api.calendly.com/scheduled_events/{uid}/invitees/{uid}"


@dataclass(frozen=True)
class Step:
    """Something that happened to a booking `at` a time; `starts_at` is that of the consult."""

    kind: Kind
    uid: str
    at: datetime
    starts_at: datetime
    previous: str = ""
    key: str = ""
    name: str = "Ada Okafor"
    email: str = "ada@example.com"


def signed(
    provider: Provider, step: Step | Mapping[str, Any] | bytes, at: datetime, secret: str = SECRET
) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a report, sent at a time."""
    if isinstance(step, Step):
        step = payload(provider, step)
    body = step if isinstance(step, bytes) else json.dumps(step).encode()
    headers = dict(signature_headers(provider, secret, body, at))
    return body, {"Content-Type": "application/json", **headers}


def payload(provider: Provider, step: Step) -> dict[str, Any]:
    return {"cal": _cal, "calendly": _calendly, "savvycal": _savvycal}[provider](step)


def receive(session: Session, kind: Kind, name: str, email: str) -> None:
    """Have Cal.com report now what someone booked for the day after tomorrow."""
    now = session.now()
    step = Step(kind, email, now, now + timedelta(days=2), name=name, email=email)
    report = read_report("cal", signed("cal", step, now)[0], now)
    assert report is not None
    calendar_events.receive(session, report)


def uid_at(provider: Provider, uid: str) -> str:
    """How a provider writes the name of a booking."""
    return INVITEES.format(uid=uid) if provider == "calendly" else uid


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cal(step: Step) -> dict[str, Any]:
    event = {
        "requested": "BOOKING_REQUESTED",
        "booked": "BOOKING_CREATED",
        "moved": "BOOKING_RESCHEDULED",
        "canceled": "BOOKING_CANCELLED",
        "no_show": "BOOKING_NO_SHOW_UPDATED",
    }[step.kind]
    sent: dict[str, Any] = {"triggerEvent": event, "createdAt": _iso(step.at)}
    if step.kind == "no_show":
        attendee = {"email": step.email, "noShow": True}
        found = {"message": "marked as no-show", "bookingUid": step.uid, "bookingId": 9}
        return {**sent, "payload": {**found, "attendees": [attendee]}}
    person = {"email": step.email, "name": step.name, "timeZone": "Europe/Berlin", "utcOffset": 60}
    booking = {
        "bookerUrl": "https://cal.com",
        "type": "consult",
        "title": f"Consult between Northside and {step.name}",
        "description": "",
        "additionalNotes": "They told us more than we keep.",
        "startTime": _iso(step.starts_at),
        "endTime": _iso(step.starts_at + HALF_AN_HOUR),
        "organizer": {"id": 1, "name": "Grace", "email": "grace@northside.example"},
        "attendees": [person],
        "responses": {"email": {"label": "email_address", "value": step.email}},
        "location": "integrations:daily",
        "uid": step.uid,
        "bookingId": 9,
        # Of a booking that is canceled, and of some that are moved, it does not come along.
        "metadata": {"videoCallUrl": "https://app.cal.com/video/1"},
        "status": "CANCELLED" if step.kind == "canceled" else "ACCEPTED",
    }
    if step.key and step.kind in ("requested", "booked"):
        booking["metadata"] = {"videoCallUrl": "https://app.cal.com/video/1", "key": step.key}
    if step.kind == "canceled":
        booking |= {"metadata": {}, "cancellationReason": "", "rescheduledToUid": None}
    if step.previous:
        booking |= {"rescheduleUid": step.previous, "rescheduleId": 8}
    return {**sent, "payload": booking}


def _calendly(step: Step) -> dict[str, Any]:
    event = {
        "requested": "invitee.created",
        "booked": "invitee.created",
        "moved": "invitee.created",
        "canceled": "invitee.canceled",
        "no_show": "invitee_no_show.created",
    }[step.kind]
    happened: dict[str, Any] = {}
    if step.kind == "canceled":
        happened["cancellation"] = {
            "canceled_by": step.name,
            "canceler_type": "invitee",
            "created_at": _iso(step.at),
            "reason": "",
        }
    created_at = step.at if step.kind in ("booked", "moved") else step.at - timedelta(days=1)
    mark = {"uri": "https://api.calendly.com/invitee_no_shows/1", "created_at": _iso(step.at)}
    uri = uid_at("calendly", step.uid)
    return {
        "created_at": _iso(step.at + timedelta(seconds=1)),
        "created_by": "https://api.calendly.com/users/1",
        "event": event,
        "payload": {
            **happened,
            "created_at": _iso(created_at),
            "updated_at": _iso(step.at),
            "email": step.email,
            "name": step.name,
            "event": uri.partition("/invitees")[0],
            "new_invitee": None,
            "old_invitee": uid_at("calendly", step.previous) if step.previous else None,
            "no_show": mark if step.kind == "no_show" else None,
            "questions_and_answers": [{"answer": "More than we keep", "position": 0}],
            "rescheduled": False,
            "scheduled_event": {
                "name": "Consult",
                "start_time": _iso(step.starts_at),
                "end_time": _iso(step.starts_at + HALF_AN_HOUR),
                "location": {"type": "zoom", "join_url": "https://zoom.example/j/1"},
                "uri": uri.partition("/invitees")[0],
            },
            "status": "canceled" if step.kind == "canceled" else "active",
            "timezone": "Europe/Berlin",
            "tracking": {
                "utm_campaign": None,
                "utm_source": "site",
                "utm_content": step.key or None,
                "salesforce_uuid": None,
            },
            "uri": uri,
        },
    }


def _savvycal(step: Step) -> dict[str, Any]:
    event = {
        "requested": "event.requested",
        "booked": "event.created",
        "moved": "event.rescheduled",
        "canceled": "event.canceled",
        "no_show": "event.no_show",  # which it does not know
    }[step.kind]
    person = {
        "id": "attendee_1",
        "email": step.email,
        "display_name": step.name,
        "time_zone": "Europe/Berlin",
        "is_organizer": False,
    }
    host = {"id": "attendee_2", "email": "grace@northside.example", "is_organizer": True}
    return {
        "id": f"payload_{event}_{step.uid}_{step.at.timestamp()}",
        "type": event,
        "occurred_at": _iso(step.at),
        "version": "2020-11-18",
        "payload": {
            "id": step.uid,
            "state": "canceled" if step.kind == "canceled" else "confirmed",
            "summary": "Consult",
            "start_at": _iso(step.starts_at),
            "end_at": _iso(step.starts_at + HALF_AN_HOUR),
            "duration": 30,
            "attendees": [host, person],
            "scheduler": person,
            "conferencing": {"type": "zoom", "join_url": "https://zoom.example/j/1"},
            "metadata": {"key": step.key} if step.key else {},
            "location": None,
        },
    }
