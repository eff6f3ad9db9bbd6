"""Findings: every archetype, contradiction, flag, band and refusal by a readable example."""

from fractions import Fraction

import pytest
from hypothesis import given

from consult.questionnaire import Answer, Depth, Kind
from consult.questionnaire.model import Rule
from consult.scoring import MoneyRange, Scorecard, score
from tests.support.example_firms import HANDOFF, SOLO, TEAM, card, everything
from tests.support.strategies import BRANCHES, EDITION, complete_answers, walked

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
    "fast_hands_no_lanes": card(separation=1, handoff=3),
    "one_hat_one_bucket": card(separation=0, handoff=0),
    "all_running_no_lanes": card(TEAM, separation=0, handoff=0),
}


@pytest.mark.parametrize("archetype", EDITION.texts.findings["archetypes"])
def test_every_archetype_has_an_example(archetype: str) -> None:
    assert ARCHETYPES[archetype].archetype == archetype


def test_a_lone_owner_is_never_a_pair_of_silos_nor_a_crowd() -> None:
    silent = everything([*TALK, *REVIEWS], 0)
    assert card(TEAM, handoff=1, also=silent).archetype == "two_silos"
    assert card(SOLO, handoff=1, also=silent).archetype == "baton_on_the_floor"
    assert card(SOLO, separation=0, handoff=0).archetype == "one_hat_one_bucket"


def test_one_dropped_exchange_keeps_a_firm_from_the_best_name() -> None:
    nearly = card(separation=3, handoff=3, lead_list=0, lead_source=1)
    assert nearly.handoff.confirmed >= 75
    assert nearly.weakest_exchange.id == "lead_capture"
    assert nearly.archetype == "good_legs_loose_grip"


def test_within_three_points_of_a_line_both_names_are_given() -> None:
    grip = card(separation=3, handoff=1, first_reply=3, after_hours=3, lead_list=3, lead_source=2)
    assert abs(grip.handoff.confirmed - 50) <= 3
    assert (grip.archetype, grip.near_archetype) == ("baton_on_the_floor", "good_legs_loose_grip")
    assert (grip.handoff.band, grip.handoff.near) == ("fumbled", "passed")
    assert card().near_archetype is None


def test_a_name_that_takes_both_scores_across_the_line_is_given_too() -> None:
    both = card(
        separation=3,
        handoff=3,
        first_reply=4,
        also=everything(["busy_week", "budget_split", "audience", "sales_list"], 0)
        | everything(["buyer_words", "won_by_source", "joint_review", "review_outcome"], 0),
        marketing_tests=1,
        patience=2,
        lead_definition=0,
        not_now=1,
    )
    assert all(72 <= axis.confirmed < 75 for axis in both.axes)
    assert (both.archetype, both.near_archetype) == ("good_legs_loose_grip", "well_rehearsed_relay")


@pytest.mark.parametrize(
    ("rung", "separation_band", "handoff_band"),
    [
        (0, "blended", "dropped"),
        (1, "blurred", "fumbled"),
        (2, "marked", "passed"),
        (3, "clear", "smooth"),
    ],
)
def test_every_band_has_an_example(rung: int, separation_band: str, handoff_band: str) -> None:
    made = card(separation=rung, handoff=rung)
    assert (made.separation.band, made.handoff.band) == (separation_band, handoff_band)


def test_a_third_unknown_replaces_band_and_archetype() -> None:
    made = ARCHETYPES["running_in_the_dark"]
    assert made.handoff.unknown_share >= Fraction(1, 3)
    assert made.handoff.band == "too_much_unknown"
    assert made.handoff.near is None
    assert made.near_archetype is None


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
            after = score(walked(unknown, "full").on_path)
            assert isinstance(after, Scorecard)
            assert rule not in after.contradictions


def test_a_web_store_may_judge_marketing_by_orders() -> None:
    store = next(b for b in BRANCHES if b["buying_path"] == "checkout")
    made = card(store, marketing_measure=1)
    assert "marketing_judged_by_sales" not in [rule.id for rule in made.contradictions]


@given(complete_answers())
def test_contradictions_come_in_the_editions_order(sample: tuple[dict[str, Answer], Depth]) -> None:
    made = score(walked(*sample).on_path)
    assert isinstance(made, Scorecard)
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


NUMBERS: dict[str, Answer] = {
    "clear_answers": 2,
    "leads_per_month": 40,
    "buy_of_ten": "2_3",
    "first_sale_value": 1200,
}


def test_the_money_range_follows_the_printed_arithmetic() -> None:
    money = card(also=NUMBERS).money
    assert isinstance(money, MoneyRange)
    assert (money.amount.low, money.amount.high) == (Fraction(480), Fraction(3240))
    assert (money.unworked_leads.low, money.unworked_leads.high) == (Fraction(8), Fraction(12))
    assert (money.sales.low, money.sales.high) == (Fraction(2, 5), Fraction(27, 10))


YOUNG = next(b for b in BRANCHES if b["customers_so_far"] == "under_five")


@pytest.mark.parametrize(
    ("reason", "branch", "changes"),
    [
        ("numbers_missing", SOLO, {"clear_answers": 2, "leads_per_month": 40}),
        ("clear_answers_unknown", SOLO, {**NUMBERS, "clear_answers": "unknown"}),
        ("too_few_customers", YOUNG, {k: v for k, v in NUMBERS.items() if k != "clear_answers"}),
        ("too_few_leads", SOLO, {**NUMBERS, "leads_per_month": "under_5"}),
        ("too_few_leads", SOLO, {**NUMBERS, "leads_per_month": 4}),
        ("open_ended", SOLO, {**NUMBERS, "leads_per_month": "200_or_more"}),
        ("inputs_do_not_fit", SOLO, {**NUMBERS, "clear_answers": 0}),
        ("inputs_do_not_fit", SOLO, {**NUMBERS, "first_sale_value": 0}),
    ],
)
def test_every_refusal_of_the_money_range_has_an_example(
    reason: str, branch: dict[str, Answer], changes: dict[str, Answer]
) -> None:
    assert card(branch, also=changes).money == reason
    assert reason in EDITION.texts.findings["money"]["refusals"]


@given(complete_answers(branch=SOLO, depth="quick"))
def test_the_money_range_is_ordered_linear_in_value_and_falls_with_work_done(
    sample: tuple[dict[str, Answer], Depth],
) -> None:
    answers = sample[0]

    def money(**changes: Answer) -> MoneyRange | None:
        made = score(walked({**answers, **NUMBERS, **changes}, "quick").on_path)
        assert isinstance(made, Scorecard)
        return made.money if isinstance(made.money, MoneyRange) else None

    once, twice = money(first_sale_value=700), money(first_sale_value=1400)
    more_worked = money(first_sale_value=700, clear_answers=3)
    assert once is not None
    assert twice is not None
    assert more_worked is not None
    assert once.amount.low <= once.amount.high
    assert (twice.amount.low, twice.amount.high) == (2 * once.amount.low, 2 * once.amount.high)
    assert more_worked.amount.low <= once.amount.low
    assert more_worked.amount.high < once.amount.high


@pytest.mark.parametrize(
    ("archetype", "recommended"),
    [
        ("running_in_the_dark", "yes"),
        ("well_rehearsed_relay", "not_now"),
        ("good_legs_loose_grip", "optional"),
        ("two_silos", "yes"),
        ("baton_on_the_floor", "yes"),
        ("fast_hands_no_lanes", "optional"),
        ("one_hat_one_bucket", "yes"),
        ("all_running_no_lanes", "yes"),
    ],
)
def test_the_consult_is_recommended_only_where_it_helps(archetype: str, recommended: str) -> None:
    advice = ARCHETYPES[archetype].recommendation
    assert advice.recommended == recommended
    assert (advice.topic is None) == (recommended == "not_now")


def test_a_lone_owner_with_steady_habits_reaches_100_twice_and_has_nothing_to_change() -> None:
    made = card(SOLO, separation=3, handoff=3, first_reply=4)
    assert (made.separation.confirmed, made.handoff.confirmed) == (Fraction(100), Fraction(100))
    assert made.plan == ()
    assert made.best_change is None


def test_the_worked_example_of_the_method_adds_up_as_printed() -> None:
    """The "Baton on the Floor" profile of the method: lost points, largest first."""
    made = card(
        handoff=0,
        lead_definition=2,
        handoff_moment=2,
        lead_source=1,
        lead_context=2,
        promise_match=2,
        won_by_source=2,
        buyer_words=1,
        joint_review=2,
        review_outcome=2,
        lost_reasons=2,
        funnel_counts=0,
    )
    lost = {line.id: round(float(line.lost), 1) for line in made.handoff.lines}
    assert made.handoff.confirmed == Fraction("30.833333333333333333").limit_denominator(1000)
    assert {id for id, points in lost.items() if points == 7.5} == {
        "lead_list",
        "first_reply",
        "after_hours",
        "follow_up",
        "clear_answers",
    }
    assert (lost["lead_source"], lost["not_now"], lost["funnel_counts"]) == (5.0, 5.0, 5.0)
    assert (lost["buyer_words"], lost["lead_definition"], lost["joint_review"]) == (3.3, 2.5, 0.8)
