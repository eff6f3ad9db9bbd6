"""`consult score` and `consult report`: the contract of what goes in, comes out and is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from consult.commands import questionnaire_commands
from consult.questionnaire.editions import newest
from tests.support.apps import SharedRenderer
from tests.support.commands import run
from tests.support.personas import BATON_ON_THE_FLOOR, PERSONAS


def scored(answers: Any) -> Any:
    result = run("score", "-", given=json.dumps(answers))
    assert result.stderr == ""
    return json.loads(result.stdout)


def refused(given: str | bytes, command: str = "score") -> str:
    """The one line that comes back for bad input."""
    output = ["-o", "unused.pdf"] if command == "report" else []
    result = run(command, "-", *output, given=given, code=2)
    assert result.stdout == ""
    return result.stderr.rstrip().removeprefix("consult: ")


def test_a_scorecard_comes_out_complete() -> None:
    card = scored(BATON_ON_THE_FLOOR.payload("quick"))
    assert (card["edition"], card["depth"], card["complete"]) == (newest().name, "quick", True)
    assert card["archetype"] == "baton_on_the_floor"
    for axis in ("separation", "handoff"):
        lines = card[axis]["lines"]
        assert sum(line["earned"] for line in lines) == pytest.approx(card[axis]["confirmed"])
        assert sum(line["earned"] + line["lost"] for line in lines) == pytest.approx(100)


def test_a_list_gives_a_list_in_the_same_order() -> None:
    cards = scored([persona.payload() for persona in PERSONAS.values()])
    assert [card["archetype"] for card in cards] == [p.archetype for p in PERSONAS.values()]
    assert scored([]) == []


def test_incomplete_answers_are_no_error_and_say_what_is_missing() -> None:
    card = scored({"depth": "quick", "answers": {"marketing_by": "me"}})
    assert card["complete"] is False
    assert "selling_by" in card["missing"]
    assert card["separation"]["confirmed"] is None


def test_a_file_is_read_and_edition_and_depth_have_defaults(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"answers": BATON_ON_THE_FLOOR.payload()["answers"]}))
    card = json.loads(run("score", file).stdout)
    assert (card["edition"], card["depth"]) == (newest().name, "full")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("", "the answers are not JSON: Expecting value (line 1, column 1)"),
        ("{", "the answers are not JSON:"),
        (b"\xff\xfe{}", "the answers are not"),
        ("[" * 100_000, "the answers are not JSON of the expected shape: too deep"),
        ("7", 'expected an object with "answers"'),
        ("{}", 'expected an object with "answers"'),
        ('{"answers": []}', 'expected an object with "answers"'),
        ('[{"answers": {}}, 7]', 'answers 2: expected an object with "answers"'),
        ('{"answers": {}, "anwsers": {}}', 'unknown key "anwsers"'),
        ('{"answers": {}, "depth": "deep"}', 'depth: "deep" must be one of full, quick'),
        ('{"answers": {}, "depth": ["full"]}', 'depth: ["full"] must be one of'),
        ('{"answers": {}, "edition": "1999"}', "edition: there is no '1999'"),
        ('{"answers": {}, "edition": 7}', "edition: 7 must be one of"),
        ('{"answers": {"first_reply": 5}}', "first_reply: 5 is not offered"),
        ('{"answers": {"first_sale_value": 1e999}}', "first_sale_value: inf is not offered"),
        ('{"answers": {"first_sale_value": NaN}}', "the answers are not JSON: NaN is not a number"),
        ('{"answers": {"first_sale_value": ' + "9" * 5000 + "}}", "the answers are not JSON"),
        ('{"answers": {"H3a": 1}}', f"H3a: is not a question of edition {newest().name}"),
        ('{"answers": {"buyers": "both", "buyers": "people"}}', '"buyers" is repeated'),
        ('{"answers": {"x\\ny\\ud800": 1}}', "x y?"),
        ('{"answers": {"' + "x" * 10_000 + '": 1}}', "xxx"),
    ],
)
def test_bad_answers_end_with_2_and_one_line_that_names_the_place(
    given: str | bytes, line: str
) -> None:
    error = refused(given)
    assert error.startswith(line)
    assert len(error) <= 600


def report(output: Path, *options: str, code: int = 0) -> str:
    """What is printed while a report is written to a file."""
    given = json.dumps(BATON_ON_THE_FLOOR.payload("quick"))
    return run("report", "-", *options, "-o", output, given=given, code=code).stdout


def test_a_report_is_written_as_a_page_or_a_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questionnaire_commands, "Renderer", SharedRenderer)
    page, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    assert report(page, "--html") == ""
    assert "Baton on the Floor" in page.read_text("utf-8")
    report(pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert SharedRenderer.open == 0
    report(tmp_path / "no" / "folder.html", "--html", code=1)


def test_a_report_needs_one_complete_set_of_answers() -> None:
    missing = refused('{"answers": {"marketing_by": "me"}}', "report")
    assert missing.startswith("answers are missing: selling_by, ")
    assert missing.endswith("more")
    assert "is a list" in refused("[]", "report")
