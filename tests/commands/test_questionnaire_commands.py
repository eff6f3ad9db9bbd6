"""`consult questionnaire`, as an editor of the texts uses it."""

import json
from functools import partial

import pytest

from consult.commands import questionnaire_commands
from consult.editing.texts import Problem
from consult.questionnaire.describe import fingerprint
from consult.questionnaire.editions import newest
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import EditionError
from tests.support.commands import run

questionnaire = partial(run, "questionnaire")


def test_check_names_each_text_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    problems: list[Problem] = []
    monkeypatch.setattr(questionnaire_commands, "problems_of", lambda _edition: problems)
    assert questionnaire("check").stdout == "All texts are fit to be shown.\n"
    problems.append(Problem("handoff.yaml: first_reply: why", "ends badly"))
    result = questionnaire("check", "--edition", newest().name, code=1)
    assert result.stdout == "handoff.yaml: first_reply: why: ends badly\n"
    assert result.stderr == "consult: some texts need a change, see above\n"


def test_an_edition_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Questionnaire:
        raise EditionError("handoff.yaml: first_reply: why is missing")

    monkeypatch.setattr(questionnaire_commands, "load", broken)
    error = questionnaire("check", code=2).stderr
    assert error == "consult: handoff.yaml: first_reply: why is missing\n"


def test_an_edition_is_printed_as_json_text_picture_and_fingerprint() -> None:
    assert json.loads(questionnaire("show").stdout)["edition"] == newest().name
    assert "first_reply" in questionnaire("map").stdout
    assert questionnaire("map", "--svg").stdout.startswith("<svg")
    assert questionnaire("fingerprint").stdout == f"{fingerprint(newest())}\n"
