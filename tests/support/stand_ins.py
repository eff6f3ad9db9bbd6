"""Stand-ins for the services that webhooks go to: each checks a message and answers as they do.

Written by their documentation and by answers that others recorded; none of them is the service.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support.webhook_receiver import Received, Reply

GUID = "78c2891f-ebdd-44c0-bd94-15c012bbbfbf"
URLS = {
    "slack": "https://hooks.slack.com/services/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",
    "discord": "https://discord.com/api/webhooks/1234567890/secret-secret-secret",
    "teams": "https://default12ab.34.environment.api.powerplatform.com/powerautomate/automations"
    "/direct/workflows/ab12/triggers/manual/paths/invoke?api-version=1&sv=1.0&sig=secret",
    "hubspot": f"https://api.hsforms.com/submissions/v3/integration/submit/62515/{GUID}",
    "zapier": "https://hooks.zapier.com/hooks/catch/123456/abcdef/",
    "make": "https://hook.eu1.make.com/abcdefghijklmnop",
    "n8n": "https://agency.app.n8n.cloud/webhook/5b1c",
    "sheets": "https://script.google.com/macros/s/AKfycb-secret/exec",
}
"""The URL at each service, as people copy it there."""


@dataclass
class StandIn:
    """One of the services: `posted` is what it took, and `rows` what a sheet holds by then.

    `subscribers` are those of Mailchimp, to which Zapier passes new contacts.
    """

    service: str
    posted: list[Any] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    subscribers: list[tuple[str, str]] = field(default_factory=list)
    form_fields: frozenset[str] = frozenset({"email", "firstname", "lastname", "company", "phone"})

    def respond(self, received: Received) -> Reply:
        url = urlsplit(URLS[self.service])
        sent_to = urlsplit(received.path)
        if (sent_to.path, sent_to.query) != (url.path, url.query):
            return 404, {}, b"no_service"
        if received.headers["content-type"] != "application/json":
            return 415, {}, b""
        return _ANSWERS[self.service](self, json.loads(received.body))


def _slack(service: StandIn, message: Mapping[str, Any]) -> Reply:
    longest = {"header": 150, "section": 3000}
    for block in message["blocks"]:
        text = block["text"]
        allowed = ("plain_text",) if block["type"] == "header" else ("plain_text", "mrkdwn")
        if text["type"] not in allowed or not 0 < len(text["text"]) <= longest[block["type"]]:
            return 400, {}, b"invalid_blocks"
    if not message["text"]:
        return 400, {}, b"no_text"
    service.posted.append(message)
    return 200, {}, b"ok"


def _discord(service: StandIn, message: Mapping[str, Any]) -> Reply:
    if not 0 < len(message["content"]) <= 2000:
        error = {"message": "Invalid Form Body", "code": 50035}
        return 400, {}, json.dumps(error).encode()
    service.posted.append(message)
    return 204, {}, b""


def _teams(service: StandIn, message: Mapping[str, Any]) -> Reply:
    kind = "application/vnd.microsoft.card.adaptive"
    cards = [each["content"] for each in message["attachments"] if each["contentType"] == kind]
    if message["type"] != "message" or [card["type"] for card in cards] != ["AdaptiveCard"]:
        return 400, {}, b'{"error":{"code":"InvalidRequestContent"}}'
    service.posted.append(cards[0])
    return 202, {}, b""


def _hubspot(service: StandIn, message: Mapping[str, Any]) -> Reply:
    given = {one["name"]: one["value"] for one in message["fields"]}
    unknown = sorted(given.keys() - service.form_fields)
    errors = [(f"Error in 'fields.{name}'", "FIELD_NOT_IN_FORM_DEFINITION") for name in unknown]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", given.get("email", "")):
        errors.append(("Error in 'fields.email'. Invalid email address", "INVALID_EMAIL"))
    if not message["legalConsentOptions"]["consent"]["text"]:
        errors.append(("Consent text is missing", "MISSING_PROCESSING_CONSENT_TEXT"))
    if errors:
        listed = [{"message": message, "errorType": kind} for message, kind in errors]
        body = {"status": "error", "message": "The request is not valid", "errors": listed}
        return 400, {}, json.dumps(body).encode()
    service.posted.append(given)
    return 200, {}, b'{"inlineMessage":"<p>Thanks for submitting the form.</p>"}'


def _catch(answer: bytes) -> Callable[[StandIn, Mapping[str, Any]], Reply]:
    """An automation, whose steps can use the fields of one level as they are."""

    def respond(service: StandIn, message: Mapping[str, Any]) -> Reply:
        if any(isinstance(value, dict | list) for value in message.values()):
            return 400, {}, b"nested"
        service.posted.append(message)
        return 200, {}, answer

    return respond


def _sheets(service: StandIn, message: Mapping[str, Any]) -> Reply:
    """Run the script of the documentation, and then redirect to what it returned."""
    if not service.rows:
        service.rows.append(list(message))
    if message["message_id"] not in [row[0] for row in service.rows]:
        service.rows.append(list(message.values()))
    service.posted.append(message)
    to = "https://script.googleusercontent.com/macros/echo?user_content_key=k"
    return 302, {"Location": to}, b"<HTML>Moved Temporarily</HTML>"


def _zapier(service: StandIn, message: Mapping[str, Any]) -> Reply:
    """Catch Hook; a filter by event; and Mailchimp, which asks people before it writes to them."""
    if message["event"] == "lead.contact_given" and message["email"]:
        service.subscribers.append((message["email"], "pending"))
    return _catch(b'{"status":"success","id":"018f"}')(service, message)


_ANSWERS: Mapping[str, Callable[[StandIn, Mapping[str, Any]], Reply]] = {
    "slack": _slack,
    "discord": _discord,
    "teams": _teams,
    "hubspot": _hubspot,
    "zapier": _zapier,
    "make": _catch(b"Accepted"),
    "n8n": _catch(b'{"message":"Workflow was started"}'),
    "sheets": _sheets,
}
