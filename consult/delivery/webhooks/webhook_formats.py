"""What messages to other programs say: one set of facts, and a format for each kind of webhook.

All are pure functions. Unless the endpoint includes contact info, a message says nothing about a
person; chats name the business. With it, chats also have the owner's own words and the scores as
numbers. What people typed is never read as markup, a link or a mention in a chat: Slack and Teams
get it in parts that have no markup, Discord gets it escaped.

A form at HubSpot takes anyone's submissions, without a key. It refuses all of one that has a field
which the form doesn't have, so which of our fields it gets, and under which names, is the agency's
choice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, cast

from consult.delivery.mail.messages import format_time, name_for_staff, on_one_line
from consult.delivery.webhooks.webhook_facts import TEST, Facts
from consult.storage.exports.lead_export import Lead
from consult.workflow.notification_types import TYPE_INFO, NotificationType
from consult.workflow.stages import CLOSED, NAMES

Message = dict[str, Any]


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
    return {"type": facts.event, "timestamp": in_utc(facts.at), "data": data}


_STANDARD_FIELDS = (
    *("id", "url", "submitted_at", "stage", "archetype", "separation", "handoff"),
    *("depth", "edition", "source", "has_contact", "wants_consult"),
    *("due_at", "consult_at", "won_amount", "won_currency"),
)
_CONTACT_FIELDS = ("name", "email", "business", "phone", "best_time")


def _standard_lead(facts: Facts, lead: Lead) -> Message:
    values = {name: lead[name] for name in _STANDARD_FIELDS}
    data = {
        name: in_utc(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    if contact := facts.shown_contact:
        data["contact"] = {name: contact[name] for name in _CONTACT_FIELDS}
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
        "happened_at": facts.at,
        "lead_id": facts.lead_id or None,
    }
    if lead := facts.lead:
        known |= {**lead, "lead_url": lead["url"], "stage_name": NAMES[lead["stage"]]}
    if facts.move:
        known["previous_stage"], _ = facts.move
    if contact := facts.shown_contact:
        known |= {**contact, **_parts_of_name(contact["name"])}
    return {name: _flat_value(known.get(name), facts.zone) for name in FLAT_FIELDS}


def _flat_value(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return "" if value is None else value


def _parts_of_name(name: str) -> dict[str, str]:
    *first, last = name.split() or [""]
    return {"first_name": " ".join(first) or last, "last_name": last if first else ""}


def in_utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- For chats -----------------------------------------------------------------------------------

_LINK_TEXT = "Open the lead"
_SOMEONE = "Someone"
_MAX_TITLE = 150  # of a header at Slack
_MAX_SLACK = 3_000  # of a section
_MAX_DISCORD = 2_000
_SUPPRESS_EMBEDS = 4
# Discord shows what is neither a letter, a digit nor a space as it is after a backslash.
_MARKDOWN = re.compile(r"([^\w\s]|_)")


def slack(facts: Facts) -> Message:
    """Only our own link is in a part with markup; the text is for notifications."""
    title, lines, url = _said(facts)
    blocks = [_slack_block("header", "plain_text", title)]
    if lines:
        blocks.append(_slack_block("section", "plain_text", "\n".join(_fit(lines, _MAX_SLACK))))
    if url:
        link = f"<{_slack_escaped(url)}|{_LINK_TEXT}>"
        blocks.append(_slack_block("section", "mrkdwn", link))
    return {"text": _slack_escaped(title), "mrkdwn": False, "blocks": blocks}


def _slack_block(block: str, kind: str, text: str) -> Message:
    emoji = {"emoji": False} if kind == "plain_text" else {}
    return {"type": block, "text": {"type": kind, "text": text, **emoji}}


def _slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def discord(facts: Facts) -> Message:
    title, lines, url = _said(facts)
    head, end = f"**{_discord_escaped(title)}**", [url] if url else []
    room = _MAX_DISCORD - len(head) - len(url) - 2
    texts = [head, *_fit(map(_discord_escaped, lines), room), *end]
    return {
        "content": "\n".join(texts),
        "allowed_mentions": {"parse": []},
        "flags": _SUPPRESS_EMBEDS,
    }


def _discord_escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def teams(facts: Facts) -> Message:
    """A card for the Workflows app. The runs of a RichTextBlock have no markup."""
    title, lines, url = _said(facts)
    runs = [
        {"type": "TextRun", "text": title, "weight": "bolder"},
        *({"type": "TextRun", "text": line} for line in lines),
    ]
    card: Message = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": [run]} for run in runs],
    }
    if url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": _LINK_TEXT, "url": url}]
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _said(facts: Facts) -> tuple[str, list[str], str]:
    """The title of a message, its lines, and the address of the lead if it still exists."""
    title = _title(facts)
    if len(title) > _MAX_TITLE:
        title = f"{title[: _MAX_TITLE - 1].rstrip()}…"
    lines = list(_lines(facts, facts.lead)) if facts.lead else []
    return title, lines, facts.lead["url"] if facts.lead else ""


def _fit(lines: Iterable[str], room: int) -> Iterator[str]:
    """The lines that have room, each with a line break."""
    for line in lines:
        room -= len(line) + 1
        if room >= 0:
            yield line


def _title(facts: Facts) -> str:
    who = (_typed(facts.contact["business"]) if facts.contact else "") or _SOMEONE
    if facts.lead is None:
        who = f"Lead {facts.lead_id}"
    kind = cast(NotificationType, "contact_given" if facts.kind == TEST else facts.kind)
    stage = NAMES[facts.move[1]] if facts.move else ""
    sentence = TYPE_INFO[kind].sentence.format(who=who, stage=stage)
    return f"Test: {sentence}" if facts.kind == TEST else sentence


def _lines(facts: Facts, lead: Lead) -> Iterator[str]:
    yield f"Separation: {lead['separation_band']}. Handoff: {lead['handoff_band']}."
    if lead["ask_first"]:
        yield f"Ask first: {lead['ask_first']}"
    if lead["due_at"] and not lead["first_contact_at"] and lead["stage"] not in CLOSED:
        was = "was" if facts.kind == "overdue" else "is"
        yield f"A first reply {was} due {format_time(lead['due_at'], facts.zone)}."
    if lead["stage"] == "consult_booked" and lead["consult_at"]:
        yield f"Consult: {format_time(lead['consult_at'], facts.zone)}"
    if facts.includes_contact:
        yield f"Scores: {lead['scores']}, out of 100"
    if contact := facts.shown_contact:
        for label, text in (
            ("Name", _typed(contact["name"])),
            ("Email", on_one_line(contact["email"])),
            ("Phone", on_one_line(contact["phone"] or "")),
            ("Best time to call", on_one_line(contact["best_time"] or "")),
            ("Wanted in three months", _typed(lead["own_words"])),
        ):
            if text:
                yield f"{label}: {text}"


def _typed(text: str) -> str:
    """What someone typed, without what could be a link or a telephone number."""
    return on_one_line(name_for_staff(text))


# --- For a form at HubSpot ------------------------------------------------------------------------

DEFAULT_MAP: Mapping[str, str] = {
    "email": "email",
    "first_name": "firstname",
    "last_name": "lastname",
    "business": "company",
    "phone": "phone",
}
"""The name of HubSpot's field for each field of a flat message, unless the agency chose others."""

CUSTOM_FIELDS = 3
"""How many more fields can be sent."""

_CONTACT = "0-1"


def hubspot(facts: Facts, field_map: Mapping[str, str]) -> Message | None:
    """A submission of the form; None without a contact, who consented when they left it."""
    contact = facts.shown_contact
    if contact is None:
        return None
    values = {name: _text(value) for name, value in flat(facts).items()}
    return {
        "fields": [
            {"objectTypeId": _CONTACT, "name": name, "value": values[ours]}
            for ours, name in field_map.items()
            if values.get(ours)
        ],
        "context": {"pageUri": facts.base_url, "pageName": facts.product},
        "legalConsentOptions": {
            "consent": {"consentToProcess": True, "text": contact["consent_text"]}
        },
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
