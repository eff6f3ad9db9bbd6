"""`consult questionnaire`, as an editor of the texts uses it."""

import json

import pytest
from click.testing import CliRunner, Result

from consult.commands import consult, questionnaire_commands
from consult.editing.texts import Problem
from consult.questionnaire.describe import fingerprint
from consult.questionnaire.editions import newest
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import EditionError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(consult, ["questionnaire", *arguments])


def test_check_names_each_text_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    problems: list[Problem] = []
    monkeypatch.setattr(questionnaire_commands, "problems_of", lambda _edition: problems)
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "All texts are fit to be shown.\n")
    problems.append(Problem("handoff.yaml: first_reply: why", "ends badly"))
    result = run("check", "--edition", newest().name)
    assert result.exit_code == 1
    assert result.stdout == "handoff.yaml: first_reply: why: ends badly\n"
    assert result.stderr == "consult: some texts need a change, see above\n"


def test_an_edition_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Questionnaire:
        raise EditionError("handoff.yaml: first_reply: why is missing")

    monkeypatch.setattr(questionnaire_commands, "load", broken)
    result = run("check")
    assert result.exit_code == 2
    assert result.stderr == "consult: handoff.yaml: first_reply: why is missing\n"


def test_an_edition_is_printed_as_json_text_picture_and_fingerprint() -> None:
    assert json.loads(run("show").stdout)["edition"] == newest().name
    assert "first_reply" in run("map").stdout
    assert run("map", "--svg").stdout.startswith("<svg")
    assert run("fingerprint").stdout == f"{fingerprint(newest())}\n"
