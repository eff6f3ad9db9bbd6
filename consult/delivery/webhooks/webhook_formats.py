"""What messages to other programs say: one set of facts, and what programs get of them.

All are pure functions; for chats, see ``chat_formats``. Unless the endpoint includes contact info,
a message says nothing about a person.

A form at HubSpot takes anyone's submissions, without a key. It refuses all of one that has a field
which the form doesn't have, so which of our fields it gets, and under which names, is the agency's
choice.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from consult.delivery.webhooks.webhook_facts import TEST, Facts, LeadFacts, Person
from consult.workflow.notification_types import WebhookKind
from consult.workflow.stages import NAMES

Message = dict[str, Any]

_HOSTS: Mapping[str, WebhookKind] = MappingProxyType(
    {
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
)


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
    scheme, _, rest = url.partition("://")
    path = rest.partition("/")[2]
    end = path[-4:] if len(path) > 20 else ""
    return f"{scheme}://{urlsplit(url).hostname}/…{end}" if path else url


def standard(facts: Facts) -> Message:
    data: Message
    if facts.kind == TEST:
        data = {"text": "This is a test. A real message has a lead here."}
    elif facts.lead is None:
        data = {"lead": {"id": facts.lead_id}}
    else:
        data = {"lead": _standard_lead(facts, facts.lead)}
        if facts.move:
            data["previous_stage"], data["new_stage"] = facts.move
    return {"type": facts.event, "timestamp": _utc(facts.at), "data": data}


def _standard_lead(facts: Facts, lead: LeadFacts) -> Message:
    person = facts.shown_person
    data: Message = {
        "id": facts.lead_id,
        "url": lead.url,
        "submitted_at": _utc(lead.submitted_at),
        "stage": lead.stage,
        "archetype": lead.archetype,
        "separation": round(lead.separation, 1),
        "handoff": round(lead.handoff, 1),
        "depth": lead.depth,
        "edition": lead.edition,
        "source": lead.source or None,
        "has_contact": lead.person is not None,
        "wants_consult": lead.person is not None and lead.person.wants_consult,
        "due_at": lead.due_at and _utc(lead.due_at),
        "consult_at": lead.consult_at and _utc(lead.consult_at),
        "won_amount": lead.won_amount,
        "won_currency": lead.won_currency or None,
    }
    if person:
        data["contact"] = {
            "name": person.name,
            "email": person.email,
            "business": person.business,
            "phone": person.phone or None,
            "best_time": person.best_time or None,
        }
    return data


FLAT_FIELDS: Mapping[str, str] = {
    "message_id": "text",
    "event": "text",
    "happened_at": "time",
    "lead_id": "number",
    "lead_url": "text",
    "submitted_at": "time",
    "stage": "text",
    "stage_name": "text",
    "previous_stage": "text",
    "archetype": "text",
    "archetype_name": "text",
    "separation": "number",
    "separation_band": "text",
    "handoff": "number",
    "handoff_band": "text",
    "ask_first": "text",
    "depth": "text",
    "edition": "text",
    "source": "text",
    "has_contact": "true or false",
    "wants_consult": "true or false",
    "due_at": "time",
    "consult_at": "time",
    "won_amount": "number",
    "won_currency": "text",
    "name": "text",
    "first_name": "text",
    "last_name": "text",
    "email": "text",
    "business": "text",
    "phone": "text",
    "best_time": "text",
}
"""The fields of a flat message in order, and their types; all can be empty. Others may be added at
the end, and none is ever removed or renamed: sheets have a column for each."""


def flat(facts: Facts) -> Message:
    """One level, always with all fields; what there is nothing of is an empty text."""
    known: Message = {
        "message_id": facts.message_id,
        "event": facts.event,
        "happened_at": _iso(facts.at, facts.zone),
        "lead_id": facts.lead_id or "",
    }
    if facts.lead:
        known |= _flat_lead(facts.lead, facts.zone)
    if facts.move:
        known["previous_stage"], _ = facts.move
    if person := facts.shown_person:
        known |= _flat_person(person)
    return {name: known.get(name, "") for name in FLAT_FIELDS}


def _flat_lead(lead: LeadFacts, zone: tzinfo) -> Message:
    return {
        "lead_url": lead.url,
        "submitted_at": _iso(lead.submitted_at, zone),
        "stage": lead.stage,
        "stage_name": NAMES[lead.stage],
        "archetype": lead.archetype,
        "archetype_name": lead.archetype_name,
        "separation": round(lead.separation, 1),
        "separation_band": lead.separation_band,
        "handoff": round(lead.handoff, 1),
        "handoff_band": lead.handoff_band,
        "ask_first": lead.ask_first,
        "depth": lead.depth,
        "edition": lead.edition,
        "source": lead.source,
        "has_contact": lead.person is not None,
        "wants_consult": lead.person is not None and lead.person.wants_consult,
        "due_at": _iso(lead.due_at, zone),
        "consult_at": _iso(lead.consult_at, zone),
        "won_amount": "" if lead.won_amount is None else lead.won_amount,
        "won_currency": lead.won_currency,
    }


def _flat_person(person: Person) -> Message:
    *first, last = person.name.split() or [""]
    return {
        "name": person.name,
        "first_name": " ".join(first) or last,
        "last_name": last if first else "",
        "email": person.email,
        "business": person.business,
        "phone": person.phone,
        "best_time": person.best_time,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso(at: datetime | None, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""


# --- For a form at HubSpot ------------------------------------------------------------------------

DEFAULT_MAP: Mapping[str, str] = MappingProxyType(
    {
        "email": "email",
        "first_name": "firstname",
        "last_name": "lastname",
        "business": "company",
        "phone": "phone",
    }
)
"""The name of HubSpot's field for each field of a flat message, unless the agency chose others."""

CUSTOM_FIELDS = 3
"""How many more fields can be sent."""

_CONTACT = "0-1"
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FORM = re.compile(rf"/(\d{{1,12}})(?:/[a-z-]+)*/({_GUID})(?![\w-])")
_REGION = re.compile(r"-([a-z]{2,4}\d{1,2})\.")
_FIELD = re.compile(r"'(?:fields\.)?([\w./-]{1,100})'")
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "FIELD_NOT_IN_FORM_DEFINITION": "The form has no field {field}. Add it to the form at"
        " HubSpot, or remove it from the field names here.",
        "REQUIRED_FIELD": "The form requires {field}. Send it, or make it optional at HubSpot.",
        "INVALID_EMAIL": "HubSpot doesn’t accept the email address.",
        "BLOCKED_EMAIL": "HubSpot blocks the email address.",
        "INPUT_TOO_LARGE": "The text for {field} is too long for HubSpot.",
        "VALUE_NOT_IN_FIELD_DEFINITION": "{field} has fixed choices at HubSpot. Use a text field.",
        "INVALID_NUMBER": "{field} takes numbers only at HubSpot. Use a text field.",
        "FORM_HAS_RECAPTCHA_ENABLED": "The form has a CAPTCHA. Turn it off at HubSpot.",
        "MISSING_PROCESSING_CONSENT_TEXT": "The form asks for a consent text that was not sent.",
    }
)


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


def hubspot(facts: Facts, field_map: Mapping[str, str]) -> Message | None:
    """A submission of the form; None without a contact, who consented when they left it."""
    person = facts.shown_person
    if person is None:
        return None
    values = {name: _text(value) for name, value in flat(facts).items()}
    return {
        "fields": [
            {"objectTypeId": _CONTACT, "name": name, "value": values[ours]}
            for ours, name in field_map.items()
            if values.get(ours)
        ],
        "context": {"pageUri": facts.base_url, "pageName": facts.product},
        "legalConsentOptions": {"consent": {"consentToProcess": True, "text": person.consent_text}},
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def refusal_in_words(response: str) -> str:
    """What a refusal (400) means; it repeats no values, only the names of fields."""
    return " ".join(dict.fromkeys(_reasons(response))) or "HubSpot did not accept it."


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
