"""Webhooks: what a program is told, signed, and what becomes of each try.

Without leave to have contact details, a message names no person: whoever receives it can follow the
link, and signs in there. What it says is worked out with each try, so nothing of it is stored.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from consult.delivery.outbox import Job
from consult.delivery.webhooks import signing
from consult.delivery.webhooks.http_client import NoAnswer, Refused, WebPost
from consult.delivery.worker import Effect, GiveUp, NotYet, TryLater, nothing
from consult.storage.accounts import accounts
from consult.storage.db.database import Database, Session
from consult.storage.leads import leads
from consult.storage.notifications import notifications, staff_mails
from consult.storage.webhooks import endpoints, webhooks
from consult.storage.webhooks.endpoints import Endpoint
from consult.storage.webhooks.webhooks import Message, Try

_GONE = 410


@dataclass(frozen=True, slots=True)
class WebhookPost:
    """What it takes to send webhooks.

    Attributes:
        web: posts to addresses.
        secret_key: webhook secrets are derived from it.
        fixed_secret: that of the address which the environment sets.
        base_url: where the staff pages are.
        agent: how we name ourselves.
    """

    web: WebPost
    secret_key: str
    fixed_secret: str
    base_url: str
    agent: str = "relay-check"


def send_webhook(database: Database, webhook_post: WebhookPost, job: Job) -> Effect:
    """Send a message to its endpoint, and write down what came of it at once.

    The job may run again after its worker died; the message then has the same webhook-id.
    """
    message_id: int = job.payload["message_id"]
    with database.reading() as session:
        message = webhooks.message(session, message_id)
        endpoint = endpoints.by_id(session, message.endpoint_id) if message else None
        if message is None or endpoint is None or message.delivered_at or not endpoint.active:
            return nothing
        if message.notice_id and webhooks.keeps_us_waiting(session, endpoint.id):
            # Hundreds of messages to one that hangs would hold up all other addresses for hours.
            raise NotYet(webhooks.BREATH)
        now = session.now()
        body = _body(session, message, endpoint, webhook_post.base_url)
    secrets = secrets_of(endpoint, webhook_post, now)
    headers = {
        "content-type": "application/json",
        "user-agent": webhook_post.agent,
        "accept-encoding": "identity",
        **signing.headers(secrets, message.webhook_id, now, body),
    }
    made, is_final = _try(webhook_post.web, endpoint, body, headers, now)
    with database.writing() as session:
        _write_down(session, message, made)
    if is_final:
        raise GiveUp(made.error)
    if made.error:
        raise TryLater(made.error)
    return nothing


def _try(
    web: WebPost, endpoint: Endpoint, body: str, headers: Mapping[str, str], now: datetime
) -> tuple[Try, bool]:
    """What came of sending a message, and whether that is how it stays."""
    started = perf_counter()
    status, answer, error, refused = None, "", "", False
    try:
        got = web.send(endpoint.address, body.encode(), headers)
    except NoAnswer as fault:
        error = str(fault)
    except Refused as fault:
        error, refused = str(fault), True
    else:
        status = got.status
        error = "" if 200 <= status < 300 else _refusal(status)
        # An answer may repeat what it was sent.
        answer = "" if endpoint.with_contact else _shown(got.text)
    milliseconds = round(1000 * (perf_counter() - started))
    return Try(now, milliseconds, status, error, answer), refused or status == _GONE


def secrets_of(endpoint: Endpoint, webhook_post: WebhookPost, now: datetime) -> list[str]:
    """The secrets that sign for an endpoint now, the newest first.

    Raises GiveUp when its secret is lost, which happens with a new secret key.
    """
    if endpoint.fixed:
        return [webhook_post.fixed_secret]
    salts = [endpoint.salt]
    if endpoint.old_salt and endpoint.old_until and endpoint.old_until > now:
        salts.append(endpoint.old_salt)
    secrets = [signing.secret_of(webhook_post.secret_key, salt) for salt in salts]
    if signing.check_of(secrets[0]) != endpoint.secret_check:
        raise GiveUp("The application has a new secret key. Make a new secret for this address.")
    return secrets


def _write_down(session: Session, message: Message, made: Try) -> None:
    switched_off = webhooks.record_try(session, message.id, made)
    if made.status == _GONE:
        endpoints.switch(session, message.endpoint_id, "gone")
        switched_off = True
    if switched_off:
        for user in accounts.all_users(session):
            if user.active and user.role == "admin":
                staff_mails.plan(
                    session, user.id, staff_mails.WEBHOOK_OFF, endpoint_id=message.endpoint_id
                )


def _body(session: Session, message: Message, endpoint: Endpoint, base_url: str) -> str:
    """What a message says, as JSON."""
    notice = notifications.get(session, message.notice_id) if message.notice_id else None
    if notice is None:
        test = {"text": "This is a test. A real message has a lead here."}
        return _json("test", message.created_at, test)
    lead = leads.by_id(session, notice.lead_id)
    desk = notifications.standing(session, notice.lead_id)
    if lead is None or desk is None:
        raise GiveUp("The lead is gone.")
    data: dict[str, Any] = {
        "id": lead.id,
        "url": f"{base_url}/staff/leads/{lead.id}",
        "submitted_at": _moment(lead.submitted_at),
        "stage": desk.stage,
        "archetype": lead.archetype,
        "separation": round(lead.separation, 1),
        "handoff": round(lead.handoff, 1),
        "depth": lead.depth,
        "edition": lead.edition,
        "source": desk.source or None,
        "has_contact": lead.contact is not None,
        "wants_consult": lead.contact is not None and lead.contact.wants_consult,
        "due_at": desk.due_at and _moment(desk.due_at),
    }
    if endpoint.with_contact and lead.contact:
        who = lead.contact
        data["contact"] = {
            "name": who.name,
            "email": who.email,
            "business": who.business,
            "phone": who.phone,
        }
    return _json(f"lead.{notice.kind}", notice.at, {"lead": data})


def _json(type: str, at: datetime, data: Mapping[str, Any]) -> str:
    content = {"type": type, "timestamp": _moment(at), "data": data}
    return json.dumps(content, ensure_ascii=False)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refusal(status: int) -> str:
    if status == _GONE:
        return "410: the address says that it is gone for good."
    if 300 <= status < 400:
        return f"{status}: the address sends us elsewhere. Redirects are not followed."
    return f"{status}: the address did not take it."


def _shown(text: str) -> str:
    """The beginning of an answer on one line, without what could not be shown or stored."""
    words = " ".join(text[:2000].split())
    return "".join(letter for letter in words if letter.isprintable())[:200]
