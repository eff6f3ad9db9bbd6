"""Behind the result: every point on one page, and what another answer would change."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from consult.owner.explanation_pages import compare
from consult.questionnaire.editions import newest
from consult.questionnaire.questions import Answer, Depth, Kind
from consult.report.build import build_report
from consult.report.explanations import explain
from tests.report.samples import finding_text, report_of
from tests.support.apps import make_app, stored
from tests.support.client import PageClient
from tests.support.examples import examples
from tests.support.page import Page, text_of
from tests.support.personas import BATON_ON_THE_FLOOR, MOSTLY_UNKNOWN, PERSONAS, Persona
from tests.support.results import submit_check
from tests.support.strategies import complete_answers, offered, walked

Found = tuple[dict[str, Answer], Depth]


@dataclass(frozen=True)
class Result:
    """A result to look at: its path, and a browser on its site."""

    client: PageClient
    root: str

    def open(self, page: str) -> Page:
        return self.client.get(f"{self.root}/{page}")


def result_of(app: Flask, persona: Persona = BATON_ON_THE_FLOOR, depth: Depth = "quick") -> Result:
    return Result(PageClient(app), submit_check(app, persona, depth))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The result of the roofing firm. None of these pages changes anything."""
    return result_of(make_app(tmp_path_factory.mktemp("result")))


def numbers_beside(page: Page) -> list[tuple[float, float]]:
    """The points of every line on the page: earned, and of how many."""
    shown = [re.fullmatch(r"([\d.]+) of ([\d.]+)", words) for words in page.with_class("lost")]
    return [(float(match[1]), float(match[2])) for match in shown if match]


# --- Why ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.id)
def test_the_points_on_the_page_add_up_to_the_printed_scores(app: Flask, persona: Persona) -> None:
    page = result_of(app, persona, "full").open("why")
    heads = re.findall(r"(?:Separation|Handoff): ([\d.]+) of 100 points", page.text)
    lines = numbers_beside(page)
    assert round(sum(earned for earned, _ in lines), 1) == round(sum(map(float, heads)), 1)
    assert round(sum(possible for _, possible in lines), 1) == 200


def test_every_answer_has_its_reason_and_every_finding_the_answers_it_read(result: Result) -> None:
    page = result.open("why")
    lead_list = newest().wording("lead_list")
    assert lead_list.ask in page.text
    assert lead_list.choices["0"] in page.text
    report = report_of("baton_on_the_floor")
    lines = [line for axis in report.axes for part in axis.dimensions for line in part.lines]
    assert all(line.why in page.text for line in lines)
    assert "The article says: At their best, the two are like a relay team" in page.text
    assert f"edition {newest().name}" in page.text
    sections = [text_of(part) for part in page.document.all("section")]
    (together,) = [words for words in sections if words.startswith("What your answers say")]
    assert newest().wording("symptoms").choices["not_enough_leads"] in together
    assert lead_list.choices["0"] in together
    assert finding_text("archetypes", "baton_on_the_floor", "rule") in page.text


def test_what_is_unknown_is_called_unknown(app: Flask) -> None:
    page = result_of(app, MOSTLY_UNKNOWN).open("why")
    assert "You don’t know yet. It may turn out to be worth all" in page.text
    assert not re.search(r"\b(bad|poor|wrong|fail)", page.text)


@given(complete_answers())
@hypothesis_settings(max_examples=examples(25))
def test_every_line_finding_and_step_has_its_reasons(found: Found) -> None:
    walk = walked(*found)
    report, reasons = build_report(walk), explain(walk)
    for axis in report.axes:
        for line in (line for part in axis.dimensions for line in part.lines):
            reason = reasons.lines[line.id]
            assert reason.claims
            given_rungs = [rung for rung in reason.rungs if rung.given]
            assert line.unknown or not reason.rungs or given_rungs[0].points == line.earned
            points = [rung.points for rung in reason.rungs]
            assert points == sorted(points)
            assert not points or (points[0], points[-1]) == (0, line.possible)
    for finding in report.contradictions + report.flags:
        assert reasons.findings[finding.id].read
    assert reasons.archetype_rule


# --- What if ------------------------------------------------------------------------------------


def test_a_better_answer_moves_the_score_and_is_listed(result: Result) -> None:
    page = result.open("what-if?lead_list=3&follow_up=3&first_reply=4")
    assert "3 answers changed" in page.text
    assert "Baton on the Floor → would become Good Legs, Loose Grip" in page.text
    assert f"Your answer: {newest().wording('lead_list').choices['0']}" in page.text
    again = result.client.get(page.link("Back to your own answers"))
    assert "changed" not in again.text


def test_the_form_offers_as_you_said_first_and_keeps_what_was_picked(result: Result) -> None:
    (form,) = result.open("what-if").forms
    assert form.method == "get"
    query = urlencode(form.fill(lead_list="3").data, doseq=True)
    page = result.client.get(f"{form.action}?{query}")
    assert "One answer changed" in page.text
    (form,) = page.forms
    assert all(field.offered[0] == "" for field in form.fields.values())
    assert form.fields["lead_list"].values == ["3"]
    assert form.fields["follow_up"].values == [""]
    items = [q for q in newest().questions.values() if q.kind is Kind.RUNG and q.quick]
    assert len(form.fields) == len(items)


NOT_OFFERED = (
    *("lead_list=9", "lead_list=-1", "lead_list=3.0", "lead_list=%00", "lead_list=unknown"),
    *("no_such=1", "sort_demo=sales", "marketing_by=nobody", "lead_list=" + "9" * 5000),
    *("%ED%A0%80=1", "first_reply=٣"),
)


@pytest.mark.parametrize("query", NOT_OFFERED)
def test_what_is_not_on_offer_is_left_out_with_a_notice(result: Result, query: str) -> None:
    page = result.open(f"what-if?{query}")
    assert "Part of this link didn’t work" in page.text
    assert "changed" not in page.text


def test_asking_what_if_keeps_nothing(result: Result) -> None:
    before = stored(result.client.app)
    result.open("what-if?lead_list=3&x=1")
    result.open("why")
    assert stored(result.client.app) == before


@given(complete_answers())
@hypothesis_settings(max_examples=examples(25))
def test_without_a_change_it_shows_the_result(found: Found) -> None:
    walk = walked(*found)
    report = build_report(walk)
    as_said = {a.id: str(a.answer) for a in walk.asked if a.question.kind is Kind.RUNG}
    for wanted in ({}, dict.fromkeys(as_said, ""), as_said):
        shown = compare(walk, wanted)
        assert not shown.changed
        assert not shown.refused
        assert [after.points for _, after in shown.scores] == [axis.total for axis in report.axes]
        assert [after.band for _, after in shown.scores] == [a.band_name for a in report.axes]
        assert shown.archetypes[1] == report.archetype.name


@given(complete_answers())
@hypothesis_settings(max_examples=examples(10))  # each has thirty better answers
def test_no_better_answer_makes_a_score_worse(found: Found) -> None:
    walk = walked(*found)
    for asked in walk.asked:
        if asked.question.kind is Kind.RUNG:
            shown = compare(walk, {asked.id: str(offered(asked)[-1])})
            assert all(after.points >= before.points for before, after in shown.scores)


# --- Both ---------------------------------------------------------------------------------------


def test_they_wait_for_the_contact_where_the_result_does_and_need_a_token(tmp_path: Path) -> None:
    gated = result_of(make_app(tmp_path / "gated", contact_before="result"))
    for page in ("why", "what-if"):
        asked = gated.client.get(f"{gated.root}/{page}", status=303)
        assert asked.location == f"{gated.root}/contact"
        gated.client.get(f"/result/{'a' * 43}/{page}", status=404)
