"""The formats of messages: what is in them, what is never, and that no name becomes markup."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consult.delivery.webhooks.webhook_delivery import (
    form_url,
    guess_kind,
    masked_url,
    refusal_in_words,
)
from consult.delivery.webhooks.webhook_facts import Facts
from consult.delivery.webhooks.webhook_formats import (
    DEFAULT_MAP,
    FLAT_FIELDS,
    Message,
    discord,
    flat,
    hubspot,
    slack,
    teams,
)
from consult.storage.exports.lead_export import Lead
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.support.stand_ins import GUID, URLS

ADA = {
    "name": "Ada Lovelace Okafor",
    "email": "ada@example.com",
    "business": "Okafor Tents",
    "phone": "+1 555 0100",
    "best_time": "Weekdays after 3",
    "consent_text": "You may write to me.",
}
LEAD: Lead = {
    "id": 7,
    "url": "https://check.example/staff/leads/7",
    "submitted_at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    "stage": "new",
    "archetype": "baton_on_the_floor",
    "separation": 41.7,
    "handoff": 31.2,
    "depth": "quick",
    "edition": "2026-12",
    "source": "newsletter",
    "has_contact": True,
    "wants_consult": True,
    "due_at": datetime(2026, 3, 9, 14, 30, tzinfo=UTC),
    "first_contact_at": None,
    "consult_at": None,
    "won_amount": None,
    "won_currency": None,
    "contact": ADA,
    "separation_band": "Blurry",
    "handoff_band": "Fumbled",
    "archetype_name": "Baton on the Floor",
    "ask_first": "Who calls back?",
    "scores": "Separation 41 to 45, Handoff 31",
    "own_words": "Zebras marching",
}
UNKNOWN = {"contact": None, "has_contact": False, "wants_consult": False}
FACTS = Facts(
    message_id="msg_1",
    kind="contact_given",
    at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    zone=ZoneInfo("America/New_York"),
    product="Relay Check",
    base_url="https://check.example",
    includes_contact=False,
    lead_id=7,
    lead=LEAD,
)
WITH_CONTACT = replace(FACTS, includes_contact=True)
PRIVATE = ("Ada Lovelace", "ada@", "555", "after 3", "Zebras", "41", "31")

Chat = Callable[[Facts], Message]
CHATS: dict[str, Chat] = {"slack": slack, "discord": discord, "teams": teams}


# --- Chats --------------------------------------------------------------------------------------

Part = tuple[str, str]
"""What a reader sees: as text, bold or a link."""


def seen_at_slack(message: Message) -> Iterator[Part]:
    assert message["mrkdwn"] is False
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", message["text"])
    for block in message["blocks"]:
        text = block["text"]
        if text["type"] == "plain_text":
            assert text["emoji"] is False
            yield ("bold" if block["type"] == "header" else "text"), text["text"]
        else:
            (link,) = re.findall(r"^<([^|<>]+)\|Open the lead>$", text["text"])
            yield "link", link


def seen_at_discord(message: Message) -> Iterator[Part]:
    assert message["allowed_mentions"] == {"parse": []}
    assert message["flags"] == 4
    assert len(message["content"]) <= 2000
    head, *lines = message["content"].split("\n")
    assert head.startswith("**")
    assert head.endswith("**")
    yield "bold", _unescaped(head[2:-2])
    for line in lines:
        if line.startswith("https://"):
            yield "link", line
        else:
            yield "text", _unescaped(line)


def _unescaped(text: str) -> str:
    """The text as Discord shows it; nothing in it may be left to be read as markup."""
    shown = re.sub(r"\\([^\sA-Za-z0-9])", "", text)
    assert re.fullmatch(r"[\w\s]*", shown.replace("_", "!")), text
    return re.sub(r"\\(.)", r"\1", text)


def seen_at_teams(message: Message) -> Iterator[Part]:
    (attachment,) = message["attachments"]
    card = attachment["content"]
    assert card.keys() == {"$schema", "type", "version", "body", "actions"}, "no mentions"
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"
        for run in block["inlines"]:
            assert run["type"] == "TextRun"
            yield ("bold" if run.get("weight") else "text"), run["text"]
    (action,) = card["actions"]
    yield "link", action["url"]


SEEN: dict[str, Callable[[Message], Iterator[Part]]] = {
    "slack": seen_at_slack,
    "discord": seen_at_discord,
    "teams": seen_at_teams,
}
HOSTILE = {
    "@everyone": "everyone",
    "@here": "here",
    "<!channel>": "!channel",
    "<@U0AAAAAAA>": "U0AAAAAAA",
    "<@!123456>": "!123456",
    "<at>All</at>": "at All at",
    "[x](y)": "[x](y)",
    "[x](https://evil.example)": "[x](https evil example)",
    "<https://evil.example|Invoice>": "https evil example|Invoice",
    "https://evil.example/?a=b&c=d": "https evil example ?a=b&c=d",
    "*bold*": "*bold*",
    "_it_ ~~no~~ ||spoiler||": "_it_ ~~no~~ ||spoiler||",
    "`code` ```block": "`code` ```block",
    "# Head": "# Head",
    "> quote": "quote",
    "- list": "- list",
    "Ben & <Jerry>": "Ben & Jerry",
    "a\\*b": "a *b",
    "x" * 200: "x" * 99 + "…",
    "\u202egnp.exe": "gnp exe",
    "\u2067\u05e9\u05dc\u05dd\u2069 \u05e2\u05dd": "\u05e9\u05dc\u05dd \u05e2\u05dd",
    "Two\nlines\r\n# here": "Two lines # here",
    "{{7*7}} ${x} :smile:": "{{7*7}} ${x} smile",
    "": "Someone",
    "\x00\u200b\ufeff": "Someone",
}


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_markup_a_link_or_a_mention(chat: str, name: str) -> None:
    facts = replace(FACTS, lead={**LEAD, "contact": {**ADA, "business": name}})
    parts = list(SEEN[chat](CHATS[chat](facts)))
    (title,) = (text for look, text in parts if look == "bold")
    assert title == f"{HOSTILE[name]} left contact info."
    assert [text for look, text in parts if look == "link"] == [LEAD["url"]]


@pytest.mark.parametrize("chat", CHATS)
def test_what_people_typed_fits_on_lines_of_its_own(chat: str) -> None:
    """With contact info, all that a person can type is in it, and can be as long as it gets."""
    ada = {
        "name": "_*`" * 66,
        "business": "[" * 200,
        "email": '"<!here>*"@' + "x" * 240 + ".example",
        "phone": "+1\n" * 13,
        "best_time": "*" * 80,
    }
    lead = {**LEAD, "contact": ada, "own_words": "**@everyone** https://evil.example " * 40}
    message = CHATS[chat](replace(WITH_CONTACT, lead=lead))
    parts = list(SEEN[chat](message))
    lines = "\n".join(text for look, text in parts if look == "text").split("\n")
    assert [line.partition(":")[0] for line in lines][:4] == [
        "Separation",
        "Ask first",
        "A first reply is due Mon, Mar 9, 10",
        "Scores",
    ]
    assert len(lines) <= 9
    assert [text for look, text in parts if look == "link"] == [LEAD["url"]]


@pytest.mark.parametrize("chat", CHATS)
def test_a_chat_says_who_both_bands_what_to_ask_and_by_when(chat: str) -> None:
    parts = list(SEEN[chat](CHATS[chat](FACTS)))
    lines = [line for look, text in parts if look == "text" for line in text.split("\n")]
    assert parts[0] == ("bold", "Okafor Tents left contact info.")
    assert lines == [
        "Separation: Blurry. Handoff: Fumbled.",
        "Ask first: Who calls back?",
        "A first reply is due Mon, Mar 9, 10:30 AM (America/New_York).",
    ]
    assert not [text for text in PRIVATE if text in str(parts)]
    message = str(list(SEEN[chat](CHATS[chat](WITH_CONTACT))))
    assert "Scores: Separation 41 to 45, Handoff 31, out of 100" in message
    assert not [text for text in PRIVATE if text not in message]


@pytest.mark.parametrize("kind", [*WEBHOOK_EVENTS, "test"])
def test_every_event_has_a_title(kind: str) -> None:
    moved = kind == "stage_changed"
    facts = replace(FACTS, kind=kind, move=("new", "reached") if moved else None)
    if kind == "deleted":
        facts = replace(facts, lead=None)
    titles = {slack(facts)["text"], discord(facts)["content"].split("\n")[0].strip("*")}
    assert len({title.replace("\\", "") for title in titles}) == 1
    title = slack(facts)["text"]
    assert ("Lead 7" if kind == "deleted" else "Okafor Tents") in title
    assert "{" not in title
    assert ("Reached" in title) is moved


# --- Programs -----------------------------------------------------------------------------------


def test_a_flat_message_is_one_level_of_the_documented_fields() -> None:
    moved = replace(WITH_CONTACT, kind="stage_changed", move=("new", "taken"))
    won = {**LEAD, "won_amount": 1234.5, "won_currency": "USD", "consult_at": LEAD["due_at"]}
    deleted = replace(FACTS, kind="deleted", lead=None)
    anonymous = replace(FACTS, lead={**LEAD, **UNKNOWN, "due_at": None})
    types: dict[str, tuple[type, ...]] = {
        "text": (str,),
        "time": (str,),
        "number": (int, float),
        "true or false": (bool,),
    }
    for facts in (FACTS, moved, replace(WITH_CONTACT, lead=won), deleted, anonymous):
        message = flat(facts)
        assert list(message) == list(FLAT_FIELDS)
        assert len(message) <= 40
        for name, value in message.items():
            assert value == "" or isinstance(value, types[FLAT_FIELDS[name]]), name
            if value and FLAT_FIELDS[name] == "time":
                assert datetime.fromisoformat(value).tzinfo
    assert flat(deleted) == dict.fromkeys(FLAT_FIELDS, "") | {
        "message_id": "msg_1",
        "event": "lead.deleted",
        "happened_at": "2026-03-02T04:30:00-05:00",
        "lead_id": 7,
    }
    # The clocks changed on Mar 8.
    assert flat(FACTS)["due_at"] == "2026-03-09T10:30:00-04:00"
    assert flat(moved)["previous_stage"] == "new"


def test_a_flat_message_names_a_person_only_if_chosen() -> None:
    person = ("name", "first_name", "last_name", "email", "business", "phone", "best_time")
    assert {flat(FACTS)[name] for name in person} == {""}
    assert [flat(WITH_CONTACT)[name] for name in person] == [
        *("Ada Lovelace Okafor", "Ada Lovelace", "Okafor", "ada@example.com", "Okafor Tents"),
        *("+1 555 0100", "Weekdays after 3"),
    ]
    plato = {**LEAD, "contact": {**ADA, "name": "Plato"}}
    alone = flat(replace(WITH_CONTACT, lead=plato))
    assert (alone["first_name"], alone["last_name"]) == ("Plato", "")
    assert "Zebras" not in json.dumps(flat(WITH_CONTACT))


def test_hubspot_gets_the_chosen_fields_and_the_consent() -> None:
    field_map = {**DEFAULT_MAP, "wants_consult": "wants_consult", "phone": "", "source": "utm"}
    named = {ours: theirs for ours, theirs in field_map.items() if theirs}
    message = hubspot(WITH_CONTACT, named)
    assert message is not None
    assert message["fields"] == [
        {"objectTypeId": "0-1", "name": name, "value": value}
        for name, value in {
            "email": "ada@example.com",
            "firstname": "Ada Lovelace",
            "lastname": "Okafor",
            "company": "Okafor Tents",
            "wants_consult": "true",
            "utm": "newsletter",
        }.items()
    ]
    assert message["legalConsentOptions"] == {
        "consent": {"consentToProcess": True, "text": "You may write to me."}
    }
    assert message["context"] == {"pageUri": "https://check.example", "pageName": "Relay Check"}
    assert hubspot(replace(WITH_CONTACT, lead={**LEAD, **UNKNOWN}), named) is None
    assert hubspot(replace(WITH_CONTACT, lead=None), named) is None


API = f"hsforms.com/submissions/v3/integration/submit/62515/{GUID}"


@pytest.mark.parametrize(
    ("typed", "ids", "url"),
    [
        (f"https://api.{API}", ("", ""), f"https://api.{API}"),
        (f"https://app.hubspot.com/forms/62515/{GUID}/edit/", ("", ""), f"https://api.{API}"),
        (
            f"https://app-eu1.hubspot.com/forms/62515/editor/{GUID.upper()}/edit/form",
            ("", ""),
            f"https://api-eu1.{API}",
        ),
        (f"https://app-na2.hubspot.com/forms/62515/{GUID}", ("", ""), f"https://api.{API}"),
        (f"https://api-na2.{API}", ("", ""), f"https://api-na2.{API}"),
        ("", ("62515", GUID), f"https://api.{API}"),
        ("https://app-eu1.hubspot.com/", ("62515", GUID), f"https://api-eu1.{API}"),
        ("https://app.hubspot.com/forms/62515", ("", ""), ""),
        (f"https://api.hsforms.com/x/{GUID}", ("", ""), ""),
        ("", ("62515", "../../x"), ""),
        ("", ("62515", f"{GUID}0"), ""),
        ("http://[", ("", ""), ""),
    ],
)
def test_a_form_is_found_by_any_of_its_addresses(
    typed: str, ids: tuple[str, str], url: str
) -> None:
    assert form_url(typed, *ids) == url


def _refusal(*errors: Any) -> str:
    return json.dumps({"status": "error", "message": "Not valid", "errors": list(errors)})


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (
            _refusal(
                {"message": "Error in 'fields.x_y'", "errorType": "FIELD_NOT_IN_FORM_DEFINITION"},
                {
                    "message": "Error in 'fields.city'. Required field 'city' is missing",
                    "errorType": "REQUIRED_FIELD",
                },
            ),
            "The form has no field “x_y”. Add it to the form at HubSpot, or remove it from the"
            " field names here. The form requires “city”. Send it, or make it optional at HubSpot.",
        ),
        (
            _refusal(
                {
                    "message": "Error in 'fields.email'. Invalid email address 'ada@example.com'",
                    "errorType": "INVALID_EMAIL",
                }
            ),
            "HubSpot doesn’t accept the email address.",
        ),
        (
            _refusal({"message": "ada@example.com", "errorType": "SOMETHING_NEW"}),
            "HubSpot answered SOMETHING_NEW for a field.",
        ),
        (_refusal({"message": 1, "errorType": "<b>"}), "HubSpot didn’t accept it."),
        (_refusal("x"), "HubSpot didn’t accept it."),
        ("<html>", "HubSpot didn’t accept it."),
        ("[]", "HubSpot didn’t accept it."),
        ("null", "HubSpot didn’t accept it."),
    ],
)
def test_a_refusal_of_hubspot_is_said_in_words_and_without_values(
    response: str, words: str
) -> None:
    assert refusal_in_words(response) == words


def test_the_kind_is_guessed_by_the_host() -> None:
    expected = {
        **{name: name for name in ("slack", "discord", "teams", "hubspot")},
        **dict.fromkeys(("zapier", "make", "n8n", "sheets"), "flat"),
    }
    assert {name: guess_kind(url) for name, url in URLS.items()} == expected
    for url in ("https://hooks.example/", "https://evilmake.com/", "https://make.com.evil/", "x["):
        assert guess_kind(url) == "standard"


def test_a_masked_url_is_still_an_address() -> None:
    assert masked_url("http://[::1]:8080/hooks") == "http://[::1]:8080/…"
    assert masked_url("https://hooks.example/") == "https://hooks.example"
    assert (
        masked_url("https://ada:secret@hooks.example?key=secretsecret") == "https://hooks.example/…"
    )


@pytest.mark.parametrize("service", URLS)
def test_a_masked_url_has_no_secret(service: str) -> None:
    masked = masked_url(URLS[service])
    assert re.fullmatch(r"https://[\w.-]+/….{0,4}", masked)
    assert "secretsecret" not in masked
