"""The examples in `docs/api.md`, called as they are written."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.api import lead_query
from consult.api.openapi import Contact, Lead
from consult.workflow.stages import CLOSED, MOVES, OUTCOMES, STAGES
from tests.support.api import ApiClient, make_token
from tests.support.apps import services_of
from tests.support.lead_factories import set_lead
from tests.support.staff_client import ADMIN, make_lead, make_user
from tests.support.submissions import CONTACT

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "api.md").read_text("utf-8")
WEBHOOKS = (DOCS / "integrations.md").read_text("utf-8")
EXAMPLE = re.compile(r"```sh\n(curl .*?)\n```\n(?:\n```json\n(.*?)\n```\n)?", re.DOTALL)
SITE = "https://check.example.com"


def shape(content: Any) -> Any:
    """The names in some JSON, and the kind of each value."""
    match content:
        case dict():
            return {name: shape(value) for name, value in content.items()}
        case list():
            return [shape(value) for value in content[:1]]
        case None | str():
            return "text"  # which may be missing
    return type(content).__name__


def call(program: ApiClient, command: str, tag: str) -> Any:
    """What a curl command gets."""
    values = {"$TOKEN": program.token or "", "$ETAG": tag.replace('"', '\\"')}
    for name, value in values.items():
        command = command.replace(name, value)
    _, *words = shlex.split(command.replace("\\\n", ""))
    method, headers, body, path = "GET", {}, None, ""
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-H":
                name, _, text = words.pop(0).partition(": ")
                headers[name] = text
            case "--data":
                body = words.pop(0)
            case url:
                assert url.startswith(SITE)
                path = url.removeprefix(SITE)
    assert headers["Authorization"] == f"Bearer {program.token}"
    return program.send(method, path, headers=headers, data=body)


def test_a_field_has_the_name_that_it_has_in_webhooks() -> None:
    (example,) = re.findall(r'```json\n(\{"type": .*?)\n```', WEBHOOKS, re.DOTALL)
    lead = json.loads(example)["data"]["lead"]
    assert len(lead) > 10
    assert lead.keys() <= Lead.model_fields.keys()
    (listed,) = re.findall(r"`lead` has a `contact` with (.*?)\.", WEBHOOKS)
    assert set(re.findall("`([a-z_]+)`", listed)) <= Contact.model_fields.keys()


def test_each_example_gets_what_is_written_below_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_query, "PAGE", 1)
    make_user(app, ADMIN, admin=True)
    program = ApiClient(app, make_token(app))
    for _ in range(7):
        set_lead(services_of(app).database, make_lead(app, contact=CONTACT), stage="taken")
    examples = EXAMPLE.findall(TEXT)
    assert len(examples) == 4
    for command, shown in examples:
        answer = call(program, command, program.tag(7))
        assert shown or answer.status_code == 200
        if shown:
            assert shape(json.loads(shown)) == shape(answer.json), command


def test_the_guide_says_what_each_stage_can_become() -> None:
    _, _, table = TEXT.partition("| stage | can become |\n|---|---|\n")
    lines = table.partition("\n\n")[0].splitlines()
    rows = [[re.findall(r"`(\w+)`", cell) for cell in line.split("|")[1:3]] for line in lines]
    assert {stage: {*moves} for stages, moves in rows for stage in stages} == {
        stage: {*MOVES[stage], *(() if stage in CLOSED else OUTCOMES)} for stage in STAGES
    }
