"""What chats get: a title, a few lines and a link, in the format of Slack, Discord or Teams.

A message names the business. More about a person, the owner's own words and the scores as numbers
are in it if the endpoint includes contact info. What people typed is never read as markup, a link
or a mention: Slack and Teams get it in parts that have no markup, Discord gets it escaped.
"""

import re
from collections.abc import Iterable, Iterator
from typing import cast

from consult.delivery.mail.messages import format_time, name_for_staff
from consult.delivery.webhooks.webhook_facts import TEST, Facts, LeadFacts
from consult.delivery.webhooks.webhook_formats import Message
from consult.workflow.notification_types import TYPE_INFO, NotificationType
from consult.workflow.stages import NAMES

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
    return title, lines, facts.lead.url if facts.lead else ""


def _fit(lines: Iterable[str], room: int) -> Iterator[str]:
    """The lines that have room, each with a line break."""
    for line in lines:
        room -= len(line) + 1
        if room >= 0:
            yield line


def _title(facts: Facts) -> str:
    person = facts.lead.person if facts.lead else None
    who = (_typed(person.business) if person else "") or _SOMEONE
    if facts.lead is None:
        who = f"Lead {facts.lead_id}"
    kind = cast(NotificationType, "contact_given" if facts.kind == TEST else facts.kind)
    stage = NAMES[facts.move[1]] if facts.move else ""
    sentence = TYPE_INFO[kind].sentence.format(who=who, stage=stage)
    return f"Test: {sentence}" if facts.kind == TEST else sentence


def _lines(facts: Facts, lead: LeadFacts) -> Iterator[str]:
    yield f"Separation: {lead.separation_band}. Handoff: {lead.handoff_band}."
    if lead.ask_first:
        yield f"Ask first: {lead.ask_first}"
    if lead.waits and lead.due_at:
        was = "was" if facts.kind == "overdue" else "is"
        yield f"A first reply {was} due {format_time(lead.due_at, facts.zone)}."
    if lead.stage == "consult_booked" and lead.consult_at:
        yield f"Consult: {format_time(lead.consult_at, facts.zone)}"
    if facts.includes_contact:
        yield f"Scores: Separation {lead.separation:.0f}, Handoff {lead.handoff:.0f}, out of 100"
    if person := facts.shown_person:
        for label, text in (
            ("Name", _typed(person.name)),
            ("Email", _one_line(person.email)),
            ("Phone", _one_line(person.phone)),
            ("Best time to call", _one_line(person.best_time)),
            ("Wanted in three months", _typed(lead.own_words)),
        ):
            if text:
                yield f"{label}: {text}"


def _typed(text: str) -> str:
    """What someone typed, without what could be a link or a telephone number."""
    return _one_line(name_for_staff(text))


def _one_line(text: str) -> str:
    """On one line, without what could not be seen or turns the text around."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
