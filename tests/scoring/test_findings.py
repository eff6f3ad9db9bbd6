"""Findings: every archetype, contradiction, flag, band and refusal by a readable example."""

from itertools import product

import pytest
from hypothesis import given

from consult.questionnaire.model import Rule
from consult.questionnaire.questions import Answer, Depth, Kind
from consult.scoring.scorecard import Scorecard
from tests.support.example_firms import HANDOFF, TEAM, card, everything, scored
from tests.support.strategies import BRANCHES, EDITION, complete_answers

ROLES = EDITION.structure.roles
TALK = ("lead_definition", "handoff_moment", "buyer_words", "won_by_source")
REVIEWS = ("joint_review", "review_outcome")

ARCHETYPES: dict[str, Scorecard] = {
    "running_in_the_dark": card(
        also={
            id: "unknown"
            for id in HANDOFF
            if EDITION.questions[id].unknown and id != "won_by_source"
        }
    ),
    "well_rehearsed_relay": card(separation=3, handoff=3),
    "good_legs_loose_grip": card(separation=2, handoff=2),
    "two_silos": card(TEAM, handoff=1, also=everything([*TALK, *REVIEWS], 0)),
    "baton_on_the_floor": card(TEAM, handoff=0, also=everything([*TALK, *REVIEWS], 2)),
    "waiting_for_the_baton": card(also=everything(ROLES.marketing_items, 1)),
    "no_last_leg": card(also=everything(ROLES.sales_items, 1)),
    "fast_hands_no_lanes": card(separation=1, handoff=3),
    "one_strong_leg": card(also=everything(ROLES.sales_items, 1), handoff=1),
    "one_hat_one_bucket": card(separation=0, handoff=0),
    "all_running_no_lanes": card(TEAM, separation=0, handoff=0),
}


@pytest.mark.parametrize("archetype", EDITION.texts.findings["archetypes"])
def test_every_archetype_has_an_example(archetype: str) -> None:
    assert ARCHETYPES[archetype].archetype == archetype


CONTRADICTIONS: dict[str, Scorecard] = {
    "more_leads_unworked": card(symptoms=("not_enough_leads",), lead_list=0),
    "poor_leads_undefined": card(symptoms=("poor_leads",), lead_definition=1),
    "cannot_close_unworked": card(symptoms=("cannot_close",), follow_up=1),
    "paid_to_voicemail": card(done_last_30_days=("cold_ad",), after_hours=1),
    "marketing_judged_by_sales": card(marketing_measure=1),
    "blame_without_numbers": card(slow_month=0, funnel_counts=1),
    "stop_start_marketing": card(symptoms=("feast_or_famine",), busy_week=1),
    "follow_up_into_silence": card(follow_up=3, clear_answers=1),
    "fast_but_uncounted": card(first_reply=4, funnel_counts=0),
    "long_goal_short_clock": card(marketing_goal=2, patience=0),
    "patience_without_target": card(patience=3, marketing_goal=1),
    "name_without_time": card(marketing_owner=3, busy_week=1),
    "numbers_without_source": card(marketing_measure=3, lead_source=1),
    "rule_without_list": card(lead_definition=3, lead_list=1),
    "meet_without_hearing": card(joint_review=3, buyer_words=1),
    "steps_without_list": card(sales_steps=3, sales_list=1),
    "invite_all_admit_few": card(audience=0, lead_definition=2),
    "know_but_not_run": card(marketing_goal=1, marketing_measure=1),
}


@pytest.mark.parametrize("rule", EDITION.structure.contradictions, ids=lambda rule: rule.id)
def test_every_contradiction_has_an_example_and_does_not_hold_for_a_middling_firm(
    rule: Rule,
) -> None:
    made = CONTRADICTIONS[rule.id]
    assert rule in made.contradictions
    assert made.evidence(rule)
    assert set(made.evidence(rule)) <= set(rule.when.reads())
    assert rule not in card().contradictions
    assert card().evidence(rule) == ()


@pytest.mark.parametrize("rule", [r for r in EDITION.structure.contradictions if r.impossible])
def test_what_cannot_be_right_is_a_contradiction_first(rule: Rule) -> None:
    """Asked about before the result only where the finding holds, and not each time it does."""
    assert rule.impossible
    assert set(rule.when.reads()) <= set(rule.impossible.reads())
    assert rule not in CONTRADICTIONS[rule.id].impossible
    read = {id: range(4) for id in rule.when.reads()}
    for values in product(*read.values()):
        for mode in ("solo", "team"):
            given = {**dict(zip(read, values, strict=True)), "mode": mode}
            assert not rule.impossible.holds(given) or rule.when.holds(given)


def test_a_contradiction_names_the_answers_that_it_rests_on() -> None:
    made = card(symptoms=("not_enough_leads",), lead_list=0, first_reply=0)
    rules = {rule.id: rule for rule in EDITION.structure.contradictions}
    assert made.evidence(rules["more_leads_unworked"]) == ("symptoms", "lead_list", "first_reply")
    assert made.evidence(rules["know_but_not_run"]) == ()


def test_knowing_the_jobs_means_at_least_ten_of_twelve_cards() -> None:
    cards = [q.id for q in EDITION.questions.values() if q.kind is Kind.SORT and q.required]

    def found(right: int) -> list[str]:
        unsure = everything(cards[right:], "not_sure")
        made = card(also=unsure, marketing_goal=1, marketing_measure=1)
        return [rule.id for rule in made.contradictions]

    assert "know_but_not_run" in found(10)
    assert "know_but_not_run" not in found(9)


@pytest.mark.parametrize("rule", EDITION.structure.contradictions, ids=lambda rule: rule.id)
def test_an_unknown_never_makes_a_contradiction(rule: Rule) -> None:
    made = CONTRADICTIONS[rule.id]
    for id in rule.when.reads():
        question = EDITION.questions.get(id)
        if question is not None and question.unknown and made.answers.values[id] != 2:
            unknown = {**made.answers.values, id: "unknown"}
            assert rule not in scored(unknown, "full").contradictions


def test_a_web_store_may_judge_marketing_by_orders() -> None:
    store = next(b for b in BRANCHES if b["buying_path"] == "checkout")
    made = card(store, marketing_measure=1)
    assert "marketing_judged_by_sales" not in [rule.id for rule in made.contradictions]


@given(complete_answers())
def test_contradictions_come_in_the_editions_order(sample: tuple[dict[str, Answer], Depth]) -> None:
    made = scored(*sample)
    order = EDITION.structure.contradictions
    assert list(made.contradictions) == [rule for rule in order if rule in made.contradictions]


def test_flags_need_an_answer_and_look_only_at_clear_cards() -> None:
    def flags(*ticks: str) -> list[str]:
        return [rule.id for rule in card(done_last_30_days=ticks).flags]

    assert card().flags == ()
    assert flags() == ["no_first_runner", "no_last_runner"]
    assert flags("social_post") == ["no_last_runner"]
    assert flags("proposal") == ["no_first_runner"]
    assert flags("social_post", "proposal") == []
    assert flags("trade_show") == ["no_first_runner", "no_last_runner"]


def test_a_job_that_no_one_does_is_noted() -> None:
    def notes(marketing_by: str, selling_by: str) -> list[str]:
        made = card(TEAM, marketing_by=marketing_by, selling_by=selling_by)
        return [rule.id for rule in made.notes]

    assert notes("staff", "staff") == []
    assert notes("nobody", "staff") == ["market_by_accident"]
    assert notes("staff", "nobody") == ["sell_by_accident"]


def test_a_quick_check_without_a_weak_leg_leaves_the_consult_open() -> None:
    """Whether nothing is urgent, only the questions that it left out could tell."""
    advice = card(separation=3, handoff=3, depth="quick").recommendation
    assert (advice.recommended, advice.reason) == ("optional", "quick")


@pytest.mark.parametrize("archetype", ARCHETYPES)
def test_the_consult_is_recommended_where_a_leg_is_weak(archetype: str) -> None:
    advice = ARCHETYPES[archetype].recommendation
    expected = {"well_rehearsed_relay": "not_now", "good_legs_loose_grip": "optional"}
    assert advice.recommended == expected.get(archetype, "yes")
    assert advice.reason is None
