"""Webhooks: what a message says, how it is sent, and what is recorded about each attempt.

Unless the endpoint includes contact info, a message names no person: its receiver can follow the
link and sign in there. What it says is worked out in each attempt, so nothing of it is stored.

Messages are signed per Standard Webhooks (standardwebhooks.com). A secret is not stored: it is
derived from the application's secret key and a random salt. So a copy of the database signs
nothing; and with another secret key, the hash of the secret no longer fits.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from time import perf_counter
from typing import Any

from standardwebhooks import Webhook

from consult.crypto import Purpose, derive
from consult.delivery.context import Context, plain
from consult.delivery.network import ForbiddenUrlError, HttpClient, NoResponseError
from consult.delivery.worker import Commit, PermanentError, Postpone, RetryableError, no_op
from consult.storage import deliveries
from consult.storage.db.database import Session
from consult.storage.leads import leads
from consult.storage.notifications.notifications import email_admins
from consult.storage.tables.delivery_tables import Attempt, DeliveryRow, EndpointRow, JobRow
from consult.storage.webhooks import endpoints

USER_AGENT = "relay-check"
_GONE = 410


def send_webhook(context: Context, job: JobRow) -> Commit:
    """Send a message to its endpoint, and record the attempt at once.

    The job may run again after its worker died; the message then has the same webhook-id.
    """
    with context.database.reading() as session:
        delivery = deliveries.for_job(session, job.id)
        if delivery is None or delivery.sent_at:
            return no_op
        endpoint, now = delivery.endpoint, session.now()
        if endpoint is None or not endpoint.active:
            return no_op
        if delivery.notification_id and endpoint.paused_until and now < endpoint.paused_until:
            # Hundreds of messages to one that hangs would delay all other endpoints for hours.
            raise Postpone(endpoints.COOLDOWN)
        body = _body(session, delivery, endpoint, context.settings.base_url)
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "accept-encoding": "identity",
        **signature_headers(secrets_of(endpoint, context, now), webhook_id(delivery), now, body),
    }
    attempt, is_final = _attempt(context.http, endpoint, body, headers, now)
    with context.database.writing() as session:
        if endpoints.record_attempt(session, delivery.id, attempt):
            email_admins(session, deliveries.WEBHOOK_DISABLED, endpoint_id=endpoint.id)
    if is_final:
        raise PermanentError(attempt["error"])
    if attempt["error"]:
        raise RetryableError(attempt["error"])
    return no_op


def webhook_id(delivery: DeliveryRow) -> str:
    """What a receiver recognizes a repeat by."""
    return f"msg_{delivery.token}"


def _attempt(
    http: HttpClient, endpoint: EndpointRow, body: str, headers: Mapping[str, str], now: datetime
) -> tuple[Attempt, bool]:
    """The result of sending a message, and whether it is final."""
    started = perf_counter()
    status, response, error, is_forbidden = None, "", "", False
    try:
        received = http.send(endpoint.url, body.encode(), headers)
    except NoResponseError as problem:
        error = str(problem)
    except ForbiddenUrlError as problem:
        error, is_forbidden = str(problem), True
    else:
        status = received.status
        error = "" if 200 <= status < 300 else _status_error(status)
        # A response may repeat what it was sent.
        response = "" if endpoint.includes_contact else _excerpt(received.text)
    attempt = Attempt(
        at=now.isoformat(),
        milliseconds=round(1000 * (perf_counter() - started)),
        status=status,
        error=error[:300],
        response=response,
    )
    return attempt, is_forbidden or status == _GONE


def secrets_of(endpoint: EndpointRow, context: Context, now: datetime) -> list[str]:
    """The secrets that sign for an endpoint now, the newest first.

    Raises PermanentError when its secret is lost, which happens with a new secret key.
    """
    if endpoint.from_environment:
        return [plain(context.settings.webhook_secret) or ""]
    salts = [endpoint.salt]
    if endpoint.previous_salt and endpoint.previous_until and endpoint.previous_until > now:
        salts.append(endpoint.previous_salt)
    secrets = [derive_secret(context.settings.signing_key(), salt) for salt in salts]
    if hash_secret(secrets[0]) != endpoint.secret_hash:
        raise PermanentError(
            "The application has a new secret key. Create a new secret for this webhook."
        )
    return secrets


def _body(session: Session, delivery: DeliveryRow, endpoint: EndpointRow, base_url: str) -> str:
    notification = delivery.notification
    if notification is None:
        test = {"text": "This is a test. A real message has a lead here."}
        return _json("test", delivery.created_at, test)
    lead, status = leads.by_id(session, notification.submission_id), notification.lead
    if lead is None:
        raise PermanentError("The lead was deleted.")
    contact = None if status.suspect else lead.contact
    data: dict[str, Any] = {
        "id": lead.id,
        "url": f"{base_url}/staff/leads/{lead.id}",
        "submitted_at": _utc(lead.submitted_at),
        "stage": status.stage,
        "archetype": lead.archetype,
        "separation": round(lead.separation, 1),
        "handoff": round(lead.handoff, 1),
        "depth": lead.depth,
        "edition": lead.edition,
        "source": status.source or None,
        "has_contact": contact is not None,
        "wants_consult": contact is not None and contact.wants_consult,
        "due_at": status.due_at and _utc(status.due_at),
        "won_amount": None if status.won_amount is None else status.won_amount / 100,
        "won_currency": status.won_currency,
    }
    if endpoint.includes_contact and contact:
        data["contact"] = {
            "name": contact.name,
            "email": contact.email,
            "business": contact.business,
            "phone": contact.phone,
        }
    return _json(f"lead.{notification.kind}", notification.created_at, {"lead": data})


def _json(type: str, at: datetime, data: Mapping[str, Any]) -> str:
    content = {"type": type, "timestamp": _utc(at), "data": data}
    return json.dumps(content, ensure_ascii=False)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status_error(status: int) -> str:
    if status == _GONE:
        return "410 Gone: the receiver wants no more messages."
    if 300 <= status < 400:
        return f"{status}: the receiver redirects. Redirects are not followed."
    return f"{status}: the receiver did not accept it."


def _excerpt(text: str) -> str:
    """The beginning of a response on one line, without what could not be shown or stored."""
    line = " ".join(text[:2000].split())
    return "".join(letter for letter in line if letter.isprintable())[:200]


_PREFIX = "whsec_"


def new_salt() -> str:
    return token_hex(16)


def derive_secret(secret_key: str, salt: str) -> str:
    """The secret derived from a salt, as receivers store it."""
    return _PREFIX + b64encode(derive(secret_key, Purpose.WEBHOOK, salt)).decode()


def hash_secret(secret: str) -> str:
    """What a secret is recognized by; it reveals nothing about the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def signature_headers(
    secrets: Sequence[str], webhook_id: str, at: datetime, body: str
) -> dict[str, str]:
    """The headers that prove a message to its receiver, signed with each secret in use."""
    signed = [Webhook(secret).sign(webhook_id, at, body) for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }
