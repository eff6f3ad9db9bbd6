"""`consult questionnaire`, as somebody who rewords the questionnaire uses it."""

import json

import pytest
from click.testing import CliRunner, Result

from consult.commands import consult
from consult.content import Problem
from consult.questionnaire import EditionError, Questionnaire
from consult.questionnaire.describe import fingerprint
from consult.questionnaire.editions import newest


def run(*arguments: str) -> Result:
    return CliRunner().invoke(consult, ["questionnaire", *arguments])


def test_check_says_that_all_is_well() -> None:
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "All texts are fit to be shown.\n")


def test_check_names_each_text_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    def problems(edition: Questionnaire) -> list[Problem]:
        return [Problem("handoff.yaml: first_reply: why", "ends badly")]

    monkeypatch.setattr("consult.commands.questionnaire_commands.problems_of", problems)
    result = run("check")
    assert result.exit_code == 1
    assert result.stdout == "handoff.yaml: first_reply: why: ends badly\n"
    assert result.stderr == "consult: some texts need a change, see above\n"


def test_a_wording_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Questionnaire:
        raise EditionError("handoff.yaml: first_reply: why is missing")

    monkeypatch.setattr("consult.commands.questionnaire_commands.load", broken)
    result = run("check")
    assert result.exit_code == 2
    assert result.stderr == "consult: handoff.yaml: first_reply: why is missing\n"


def test_show_prints_the_edition_as_json() -> None:
    assert json.loads(run("show").stdout)["edition"] == newest().name


def test_map_draws_text_and_picture() -> None:
    assert "first_reply" in run("map").stdout
    assert run("map", "--svg").stdout.startswith("<svg")


def test_fingerprint_prints_the_one_of_the_newest_edition() -> None:
    assert run("fingerprint").stdout == f"{fingerprint(newest())}\n"
