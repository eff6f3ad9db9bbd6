"""Webhooks: what a message says, how it is sent, and what is recorded about each attempt.

What a message says is worked out in each attempt, so nothing of it is stored: `webhook_facts` reads
it, `webhook_formats` writes it.

Standard and flat messages are signed per Standard Webhooks (standardwebhooks.com). A secret is not
stored: it is derived from the application's secret key and a random salt. So a copy of the database
signs nothing; and with another secret key, the hash of the secret no longer fits.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from time import perf_counter
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from consult.crypto import Purpose, derive
from consult.delivery.context import Context, plain
from consult.delivery.network import ForbiddenUrlError, HttpClient, NoResponseError, Response
from consult.delivery.webhooks.webhook_facts import TEST, Facts, facts_of, webhook_id
from consult.delivery.webhooks.webhook_formats import (
    DEFAULT_MAP,
    Message,
    discord,
    flat,
    hubspot,
    slack,
    standard,
    teams,
)
from consult.delivery.worker import Commit, PermanentError, Postpone, RetryableError, no_op
from consult.storage import deliveries
from consult.storage.db.database import Session
from consult.storage.notifications.notifications import email_admins
from consult.storage.tables.delivery_tables import Attempt, DeliveryRow, EndpointRow, JobRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import SIGNED_KINDS, WebhookKind

USER_AGENT = "relay-check"
_FOUND, _BAD_REQUEST, _GONE = 302, 400, 410


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
        if delivery.kind != TEST and endpoint.paused_until and now < endpoint.paused_until:
            # Hundreds of messages to one that hangs would delay all other endpoints for hours.
            raise Postpone(endpoints.COOLDOWN)
        body = _body(session, delivery, endpoint, context)
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "accept-encoding": "identity",
    }
    if endpoint.kind in SIGNED_KINDS:
        secrets = secrets_of(endpoint, context, now)
        headers |= signature_headers(secrets, webhook_id(delivery), now, body)
    is_test = delivery.kind == TEST
    attempt, is_final = _attempt(context.http, endpoint, body, headers, now, is_test=is_test)
    with context.database.writing() as session:
        if endpoints.record_attempt(session, delivery.id, attempt):
            email_admins(session, deliveries.WEBHOOK_DISABLED, endpoint_id=endpoint.id)
    if is_final:
        raise PermanentError(attempt["error"])
    if attempt["error"]:
        raise RetryableError(attempt["error"])
    return no_op


def _attempt(
    http: HttpClient,
    endpoint: EndpointRow,
    body: str,
    headers: Mapping[str, str],
    now: datetime,
    *,
    is_test: bool,
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
        error = "" if _is_accepted(endpoint, status) else _refusal(endpoint, received)
        # A response may repeat what it was sent.
        response = _excerpt(received.text) if is_test or not endpoint.includes_contact else ""
    attempt = Attempt(
        at=now.isoformat(),
        milliseconds=round(1000 * (perf_counter() - started)),
        status=status,
        error=error[:300],
        response=response,
    )
    if is_test:
        attempt["sent"] = body
    is_unusable = endpoint.kind == "hubspot" and status == _BAD_REQUEST
    return attempt, is_forbidden or is_unusable or status == _GONE


def _is_accepted(endpoint: EndpointRow, status: int) -> bool:
    """A script at Google has run when it redirects to what it returned."""
    has_run = status == _FOUND and urlsplit(endpoint.url).hostname == "script.google.com"
    return 200 <= status < 300 or has_run


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


_FORMATS: Mapping[str, Callable[[Facts], Message]] = {
    "standard": standard,
    "flat": flat,
    "slack": slack,
    "discord": discord,
    "teams": teams,
}


def _body(session: Session, delivery: DeliveryRow, endpoint: EndpointRow, context: Context) -> str:
    """What a delivery says, in the format of its endpoint."""
    facts = facts_of(session, delivery, endpoint, context)
    if endpoint.kind == "hubspot":
        message = hubspot(facts, endpoint.field_map or DEFAULT_MAP)
    else:
        message = _FORMATS[endpoint.kind](facts)
    if message is None:
        raise PermanentError("There’s no contact to send.")
    return json.dumps(message, ensure_ascii=False)


def _refusal(endpoint: EndpointRow, received: Response) -> str:
    status = received.status
    if endpoint.kind == "hubspot" and status == _BAD_REQUEST:
        return refusal_in_words(received.text)
    if status == _GONE:
        return "410 Gone: the receiver wants no more messages."
    if 300 <= status < 400:
        return f"{status}: the receiver redirects. We don’t follow redirects."
    return f"{status}: the receiver didn’t accept it."


def _excerpt(text: str) -> str:
    """The beginning of a response on one line, without what could not be shown or stored."""
    line = " ".join(text[:2000].split())
    return "".join(letter for letter in line if letter.isprintable())[:200]


_PREFIX = "whsec_"


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


# --- Where messages go, and what comes back -----------------------------------------------------

_HOSTS: Mapping[str, WebhookKind] = {
    "hooks.slack.com": "slack",
    "discord.com": "discord",
    "discordapp.com": "discord",
    "logic.azure.com": "teams",
    "api.powerplatform.com": "teams",
    "webhook.office.com": "teams",
    "hsforms.com": "hubspot",
    "hubspot.com": "hubspot",
    "hooks.zapier.com": "flat",
    "make.com": "flat",
    "n8n.cloud": "flat",
    "script.google.com": "flat",
}


def guess_kind(url: str) -> WebhookKind:
    """The kind of webhook that the host of a URL, or a host above it, takes."""
    try:
        labels = (urlsplit(url).hostname or "").split(".")
    except ValueError:
        return "standard"
    known = (_HOSTS.get(".".join(labels[start:])) for start in range(len(labels)))
    return next((kind for kind in known if kind), "standard")


def masked_url(url: str) -> str:
    """A URL that may be shown: its host, and the end by which admins tell it from others.

    At Slack, Discord, Teams and others, whoever has the whole URL can write to the channel.
    """
    parts = urlsplit(url)
    start = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    hidden = url.partition(parts.netloc)[2].removeprefix("/")
    end = hidden[-4:] if len(hidden) > 20 else ""
    return f"{start}/…{end}" if hidden else start


_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FORM = re.compile(rf"/(\d{{1,12}})(?:/[a-z-]+)*/({_GUID})(?![\w-])")
_REGION = re.compile(r"-([a-z]{2,4}\d{1,2})\.")
_FIELD = re.compile(r"'(?:fields\.)?([\w./-]{1,100})'")
_REASONS: Mapping[str, str] = {
    "FIELD_NOT_IN_FORM_DEFINITION": "The form has no field {field}. Add it to the form at"
    " HubSpot, or remove it from the field names here.",
    "REQUIRED_FIELD": "The form requires {field}. Send it, or make it optional at HubSpot.",
    "INVALID_EMAIL": "HubSpot doesn’t accept the email address.",
    "BLOCKED_EMAIL": "HubSpot blocks the email address.",
    "INPUT_TOO_LARGE": "The text for {field} is too long for HubSpot.",
    "VALUE_NOT_IN_FIELD_DEFINITION": "{field} has fixed choices at HubSpot. Use a text field.",
    "INVALID_NUMBER": "{field} takes numbers only at HubSpot. Use a text field.",
    "FORM_HAS_RECAPTCHA_ENABLED": "The form has a CAPTCHA. Turn it off at HubSpot.",
    "MISSING_PROCESSING_CONSENT_TEXT": "The form asks for a consent text that wasn’t sent.",
}


def form_url(typed: str, portal_id: str = "", form_id: str = "") -> str:
    """The URL that submissions go to, by the two ids or by any address of the form; or ""."""
    try:
        parts = urlsplit(typed)
        host, path = parts.hostname or "", f"/{portal_id}/{form_id}" if portal_id else parts.path
    except ValueError:
        return ""
    found = _FORM.search(path.lower())
    if not found:
        return ""
    region = _REGION.search(host)
    if region and region[1].startswith("na") and not host.startswith("api-"):
        region = None  # America is the default
    api = f"api-{region[1]}" if region else "api"
    return f"https://{api}.hsforms.com/submissions/v3/integration/submit/{found[1]}/{found[2]}"


def refusal_in_words(response: str) -> str:
    """What a refusal (400) means; it repeats no values, only the names of fields."""
    return " ".join(dict.fromkeys(_reasons(response))) or "HubSpot didn’t accept it."


def _reasons(response: str) -> Iterator[str]:
    try:
        errors = json.loads(response)["errors"]
        found = [(str(error["errorType"]), str(error["message"])) for error in errors]
    except (ValueError, KeyError, TypeError):
        return
    for kind, message in found:
        named = _FIELD.search(message)
        field = f"“{named[1]}”" if named else "a field"
        if kind in _REASONS:
            reason = _REASONS[kind].format(field=field)
            yield reason[:1].upper() + reason[1:]
        elif re.fullmatch(r"[A-Z_]{1,60}", kind):
            yield f"HubSpot answered {kind} for {field}."
