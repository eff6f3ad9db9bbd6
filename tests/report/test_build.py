"""The Report says what the scorecard found, in the edition's words."""

import dataclasses
import json
from fractions import Fraction
from itertools import pairwise

import pytest

from consult.questionnaire.editions import newest
from consult.report.build import build_report, state_of
from consult.report.html_document import document_html
from consult.report.report import Report, from_json
from consult.scoring import SORTING, scorecard_of
from tests.report.samples import DAY, report_of, walk_of
from tests.support.personas import PERSONAS, Depth, Persona

DEPTHS: tuple[Depth, ...] = ("quick", "full")
EVERYONE = [(persona, depth) for persona in PERSONAS for depth in DEPTHS]


@pytest.mark.parametrize(("persona", "depth"), EVERYONE)
def test_printed_points_add_up_to_the_printed_score(persona: str, depth: Depth) -> None:
    for axis in report_of(persona, depth).axes:
        lines = [line for part in axis.dimensions for line in part.lines]
        assert round(sum(line.earned for line in lines), 1) == axis.total
        assert int(axis.total + 0.5) == axis.confirmed
        assert round(sum(line.possible for line in lines), 1) == 100
        assert all(0 <= line.earned <= line.possible for line in lines)


@pytest.mark.parametrize(("persona", "depth"), EVERYONE)
def test_a_report_survives_being_stored(persona: str, depth: Depth) -> None:
    report = report_of(persona, depth)
    assert from_json(report.to_json()) == report


def test_a_report_from_before_the_agreement_can_still_be_read() -> None:
    stored = json.loads(report_of("two_silos", "full").to_json())
    del stored["agreement"], stored["separation"]["matters"]
    for later in ("helps", "helps_not", "agenda", "bring", "watch"):
        del stored["consult"][later]
    old = from_json(json.dumps(stored))
    assert old.agreement is None
    assert old.separation.confirmed == report_of("two_silos", "full").separation.confirmed
    assert "The handoff agreement" not in document_html(old, DAY)


@pytest.mark.parametrize(("persona", "path"), [(p.id, p.path) for p in PERSONAS.values()])
def test_the_agreement_is_filled_in_from_the_answers(persona: str, path: str) -> None:
    agreement = report_of(persona, "full").agreement
    assert agreement is not None
    by_id = {line.id: line for line in agreement.lines}
    assert len(by_id) == 10
    assert by_id["takes"].today == report_of(persona, "full").answers[1].answer
    assert ("lead" in by_id["lead"].title) == (path == "conversation")
    blanks = sum(line.text.count("___") for line in agreement.lines)
    assert blanks < 6 if persona == "disciplined_solo" else blanks >= 6


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.id)
def test_a_report_agrees_with_its_scorecard(persona: Persona) -> None:
    walked = walk_of(persona.id, "full")
    card, report = scorecard_of(walked.on_path), build_report(walked)
    assert (report.archetype.id, report.mode, report.path) == (
        persona.archetype,
        persona.mode,
        persona.path,
    )
    assert report.weakest.id == card.weakest_exchange.id
    assert [fix.id for fix in report.plan] == [change.id for change in card.plan]
    assert [f.id for f in report.contradictions] == [rule.id for rule in card.contradictions]
    assert report.consult.recommended == card.recommendation.recommended


def test_texts_are_never_empty_or_unfilled() -> None:
    for persona, depth in EVERYONE:
        for text in _texts(dataclasses.asdict(report_of(persona, depth))):
            assert "{" not in text


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    return []


def test_every_answer_on_the_path_is_in_the_report() -> None:
    walked = walk_of("baton_on_the_floor", "full")
    report = build_report(walked)
    lines = {
        line.id: line.question for axis in report.axes for d in axis.dimensions for line in d.lines
    }
    scored = {a.id: a.wording.ask for a in walked.asked if a.question.kind == "rung"}
    assert lines == scored | {SORTING: lines[SORTING]}
    assert len(report.cards) == 16
    assert len(scored) + len(report.cards) + len(report.answers) == len(walked.asked)


def test_the_plan_builds_on_itself() -> None:
    plan = report_of("solo_starter").plan
    for axis in ("separation", "handoff"):
        steps = [fix for fix in plan if fix.axis == axis]
        assert all(one.after == next_.before for one, next_ in pairwise(steps))
        assert all(fix.before < fix.after for fix in steps)


def test_an_unknown_is_called_unknown_and_says_how_to_find_out() -> None:
    report = report_of("mostly_unknown", "full")
    assert report.handoff.band == "too_much_unknown"
    assert report.relay.exchange == "unknown"
    assert "first_reply" in {unknown.id for unknown in report.unknowns}
    line = next(
        line for d in report.handoff.dimensions for line in d.lines if line.id == "first_reply"
    )
    assert (line.unknown, line.answer, line.earned) == (True, "I don’t know.", 0)
    assert line.fix == next(u.find_out for u in report.unknowns if u.id == "first_reply")


@pytest.mark.parametrize(
    ("confirmed", "possible", "state"),
    [
        (75, 100, "strong"),
        (50, 74, "partly"),
        (0, 49, "weak"),
        (49, 50, "unknown"),
        (0, 100, "unknown"),
    ],
)
def test_unknown_is_what_could_still_change(confirmed: int, possible: int, state: str) -> None:
    assert state_of(Fraction(confirmed), Fraction(possible)) == state


def test_money_is_a_range_with_its_whole_sum() -> None:
    report = report_of("corner_shop", changes={"clear_answers": 2})
    assert report.money is not None
    assert report.money.result == (
        "Between about 2 and 22 sales a month, or roughly $700 to $7,800, "
        "if your own numbers are right."
    )
    assert report.money.sums == (
        "Low end: 100 × 20% × 40% × 25% × $350 = $700 a month.",
        "High end: 199 × 30% × 50% × 75% × $350 = $7,836 a month.",
    )


def test_a_refused_range_says_why() -> None:
    report = report_of("mostly_unknown")
    assert report.money is None
    refusals = newest().texts.findings["money"]["refusals"]
    assert report.money_refused == refusals["clear_answers_unknown"]


def test_amounts_are_in_the_shops_currency() -> None:
    walked = walk_of("corner_shop")
    report = build_report(walked, "EUR")
    assert any(said.answer == "€350" for said in report.answers)


def test_outside_figures_only_reach_those_they_fit() -> None:
    assert [f.dimension for f in report_of("solo_starter").figures] == ["reply_speed"] * 2
    assert report_of("corner_shop").figures == ()
    assert report_of("disciplined_solo").figures == ()


def test_what_was_not_asked_has_its_reason() -> None:
    reasons = {left_out.reason: left_out.titles for left_out in report_of("web_store").not_asked}
    assert any("web store" in reason for reason in reasons)
    assert any("full check" in reason for reason in reasons)
    assert report_of("baton_on_the_floor", "full").not_asked == ()


def test_nothing_is_told_before_all_is_answered() -> None:
    walked = walk_of("solo_starter", changes={"lead_list": None})
    with pytest.raises(ValueError, match="lead_list"):
        build_report(walked)


def test_the_best_change_of_a_perfect_owner_is_none() -> None:
    report: Report = report_of("disciplined_solo")
    assert report.first_step is None
    assert report.consult.recommended == "not_now"
