"""The reasons behind a result name what was read, and count as the score counts."""

import pytest

from consult.questionnaire.editions import newest
from consult.questionnaire.questionnaire import AnswerError
from consult.questionnaire.questions import EditionError
from consult.report.explanations import Reasons, explain, reasons_of
from consult.scoring.axis import SORTING
from consult.scoring.scorecard import Scorecard
from tests.report.samples import walk_of
from tests.support.personas import CLEAR_CARDS, PERSONAS, Answers


def reasons_for(persona: str, changes: Answers | None = None) -> Reasons:
    return explain(walk_of(persona, "full", changes))


@pytest.mark.parametrize(
    ("right", "wrong", "counted", "others"),
    [
        (12, 0, 12, ""),
        (11, 1, 10, "1 doesn’t. "),
        (8, 2, 6, "2 don’t, 2 not sure. "),
        (3, 9, 0, "9 don’t. "),
        (0, 0, 0, "12 not sure. "),
    ],
)
def test_cards_are_counted_in_words_as_they_are_in_the_score(
    right: int, wrong: int, counted: int, others: str
) -> None:
    other = {"marketing": "sales", "sales": "marketing"}
    sides: Answers = {}
    for place, (id, side) in enumerate(CLEAR_CARDS.items()):
        unsure = "not_sure" if place >= right + wrong else other[side]
        sides[id] = side if place < right else unsure
    way = walk_of("two_silos", "full", sides)
    separation = Scorecard(way.on_path).separation
    (line,) = [line for line in separation.lines if line.id == SORTING]
    assert line.twelfths == counted
    assert explain(way).lines[SORTING].sums == f"{others}That counts as {counted}."


def test_a_finding_reads_the_answers_behind_it_and_no_others() -> None:
    found = reasons_for("baton_on_the_floor").findings["more_leads_unworked"]
    symptoms = newest().wording("symptoms").choices
    assert [said.answer for said in found.read] == [
        f"{symptoms['not_enough_leads']}; {symptoms['leads_go_quiet']}",
        newest().wording("clear_answers").choices["0"],
        newest().wording("lead_list").choices["0"],
    ]
    assert len(found.claims) == 1


def test_a_finding_about_the_cards_says_how_they_were_sorted() -> None:
    changes: Answers = {"marketing_goal": 1, "marketing_measure": 1, "busy_week": 3}
    found = reasons_for("two_silos", changes).findings["know_but_not_run"]
    assert found.read[0].answer == ("12 of 12 match our definitions. That counts as 12.")


def test_a_way_to_buy_is_told_by_the_answers_that_it_is_made_of() -> None:
    found = reasons_for("two_silos", {"marketing_measure": 1}).findings["marketing_judged_by_sales"]
    assert "How do most people buy from you?" in [said.question for said in found.read]


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_name_comes_with_its_rule_and_the_figures_that_decide(persona: str) -> None:
    reasons = reasons_for(persona)
    figures = {said.question: said.answer for said in reasons.archetype}
    assert figures["Separation"].endswith(" of 100 points")
    assert figures["Handoff"].endswith(" of 100 points")
    alone = PERSONAS[persona].mode == "solo"
    assert figures["Who does the two jobs"] == ("One person" if alone else "Not one person alone")
    assert len(reasons.exchanges) == 4


def test_what_was_never_submitted_has_no_reasons() -> None:
    with pytest.raises(EditionError):
        reasons_of("1999-01", "quick", {})
    with pytest.raises(AnswerError):
        reasons_of("2026-12", "quick", {"first_reply": 17})
    with pytest.raises(ValueError, match="are missing"):
        reasons_of("2026-12", "quick", {})
