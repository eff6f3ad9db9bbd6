"""The Report says what the scorecard found, in the edition's words."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

import pytest
from markupsafe import escape

from consult.questionnaire.editions import newest
from consult.questionnaire.questionnaire import AnswerError
from consult.report.brief import brief_html, brief_of
from consult.report.build import build_report, state_of
from consult.report.display import safe_text
from consult.report.explanations import explain
from consult.report.html_document import Recipient, document_html
from consult.report.report import Report, from_json
from consult.scoring.axis import SORTING
from consult.scoring.scorecard import Scorecard
from consult.settings.brand import Brand
from tests.report.samples import DAY, EVERYONE, report_of, walk_of
from tests.support.personas import PERSONAS, Answers, Depth, Persona


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
    assert from_json(json.loads(json.dumps(report.to_json()))) == report


@pytest.mark.parametrize(("persona", "path"), [(p.id, p.path) for p in PERSONAS.values()])
def test_the_agreement_is_filled_in_from_the_answers(persona: str, path: str) -> None:
    agreement = report_of(persona, "full").agreement
    by_id = {line.id: line for line in agreement.lines}
    assert len(by_id) == 10
    assert by_id["takes"].today == report_of(persona, "full").answers[2].answer
    assert ("lead" in by_id["lead"].title) == (path == "conversation")
    blanks = sum(line.text.count("___") for line in agreement.lines)
    assert blanks < 6 if persona == "disciplined_solo" else blanks >= 6


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.id)
def test_a_report_agrees_with_its_scorecard(persona: Persona) -> None:
    walked = walk_of(persona.id, "full")
    card, report = Scorecard(walked.on_path), build_report(walked)
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
    given = [asked for asked in walked.asked if asked.answer is not None]
    # The owner's sentence is not among the answers.
    assert report.own_words
    assert len(scored) + len(report.cards) + len(report.answers) + 1 == len(given)


def test_the_picture_shows_the_legs_that_name_the_firm() -> None:
    for persona, depth in EVERYONE:
        walked = walk_of(persona, depth)
        card, relay = Scorecard(walked.on_path), build_report(walked).relay
        states = (relay.marketing, relay.exchange, relay.sales)
        if card.archetype != "running_in_the_dark":
            assert "unknown" not in states
            assert [state == "weak" for state in states] == [leg.weak for leg in card.legs]


@pytest.mark.parametrize(
    ("first_reply", "after_hours", "says"),
    [(4, 0, "closed or busy"), (1, 3, "even while you’re open"), (0, 0, "wait for an answer.")],
)
def test_ads_that_lead_to_a_wait_say_when_people_wait(
    first_reply: int, after_hours: int, says: str
) -> None:
    answers: Answers = {"done_last_30_days": ("cold_ad",)}
    answers |= {"first_reply": first_reply, "after_hours": after_hours}
    found = {f.id: f.text for f in report_of("two_silos", "full", answers).contradictions}
    assert says in found["paid_to_voicemail"]


def test_named_troubles_are_answered_and_steps_say_why() -> None:
    report, asked = report_of("solo_starter", "full"), walk_of("solo_starter", "full").by_id
    assert [(t.id, t.dimension, t.explained) for t in report.troubles] == [
        ("not_enough_leads", "own_goals", True),
        ("no_time", "own_time_and_money", True),
    ]
    for trouble in report.troubles:
        assert trouble.says
    for fix in report.plan:
        assert 0 < len(fix.reasons) <= len(fix.because)
        rungs = list(asked[fix.id].wording.choices.values())
        aim_now, aim = rungs.index(fix.next), rungs.index(fix.aim)
        assert fix.now not in rungs or rungs.index(fix.now) < aim_now
        assert 0 < aim_now <= aim <= 2 * aim_now


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Fewer\nlate \u202equotes", "Fewer late quotes"),
        ('<script>alert(1)</script> & "more"', '<script>alert(1)</script> & "more"'),
        ("a" * 300, "a"),
        ("\u2066\u200f  \n\t ", ""),
        ("", ""),
    ],
)
def test_own_words_are_printed_as_one_line_of_plain_text(written: str, shown: str) -> None:
    report = report_of("solo_starter", changes={"own_words": written})
    assert report.own_words.startswith(shown)
    assert bool(report.own_words) == bool(shown)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\n]", report.own_words)
    stored = json.dumps(report.own_words, ensure_ascii=False)
    assert not shown or json.dumps(report.to_json(), ensure_ascii=False).count(stored) == 1, (
        "so that it can be removed"
    )
    brief = brief_html(
        brief_of(report, explain(walk_of("solo_starter", changes={"own_words": written}))),
        *(7, Recipient(), datetime(2026, 11, 23, tzinfo=UTC), Brand(), "letter"),
    )
    for html in (document_html(report, DAY), brief):
        assert "<script>alert" not in html
        printed = escape(safe_text(report.own_words, 300))
        assert (f"“{printed}”" in html) == bool(shown)


def test_own_words_have_an_end() -> None:
    with pytest.raises(AnswerError, match="own_words"):
        report_of("solo_starter", changes={"own_words": "a" * 301})


def test_the_plan_builds_on_itself() -> None:
    plan = report_of("solo_starter").plan
    for axis in ("separation", "handoff"):
        steps = [fix for fix in plan if fix.axis == axis]
        assert all(one.after == next_.before for one, next_ in pairwise(steps))
        assert all(fix.before < fix.after for fix in steps)


@pytest.mark.parametrize(("persona", "depth"), EVERYONE)
def test_every_step_of_the_plan_brings_its_tool(persona: str, depth: Depth) -> None:
    for fix in report_of(persona, depth).plan:
        assert fix.takes in {"An hour", "A habit", "A project"}
        assert fix.tool
        assert 40 <= len(fix.tool_text.split()) <= 180


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
    report = report_of("baton_on_the_floor", changes={"clear_answers": 1})
    assert report.money is not None
    assert report.money.silent == (
        "Each month, about 8 to 29 of your leads may end without a clear answer. "
        "If one of them buys, that’s $1,200."
    )
    assert "$520 to $2,600" in report.money.result
    assert report.money.sums == (
        "Low end: 34.5 × 50% × 25% × 10% × $1,200 = $518 a month.",
        "High end: 34.5 × 50% × 25% × 50% × $1,200 = $2,588 a month.",
    )
    assert report.money_refused == ""


def test_leads_without_an_answer_stay_where_only_the_range_is_refused() -> None:
    report = report_of("baton_on_the_floor", changes={"new_customers_last_month": 90})
    assert report.money is not None
    assert report.money.silent.startswith("Each month, about 14 to 49 of your leads")
    assert (report.money.result, report.money.sums, report.money.assumptions) == ("", (), ())
    assert "you counted 90, but your other numbers come to about 1." in report.money_refused


def test_a_single_lead_reads_as_well_as_many() -> None:
    report = report_of("baton_on_the_floor", changes={"leads_per_month": 5, "clear_answers": 3})
    assert report.money is not None
    assert report.money.silent.startswith("Each month, up to 1 of your leads may end")


def test_a_refused_range_says_why() -> None:
    report = report_of("mostly_unknown")
    assert report.money is None
    refusals = newest().texts.findings["money"]["refusals"]
    assert report.money_refused == refusals["clear_answers_unknown"]


def test_amounts_are_in_the_shops_currency() -> None:
    walked = walk_of("two_silos")
    report = build_report(walked, Brand(currency="EUR"))
    assert any(said.answer == "€8,000" for said in report.answers)


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
    report: Report = report_of("disciplined_solo", "full")
    assert report.first_step is None
    assert report.consult.recommended == "not_now"
