"""The money lines: what each answer stands for, and what the numbers do not carry."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.questionnaire.questions import Answer
from consult.scoring.as_json import scorecard_json
from consult.scoring.money import Money
from tests.support.example_firms import SHOP, SOLO, YOUNG, card
from tests.support.strategies import EDITION

INPUTS = EDITION.structure.roles.money
NUMBERS: dict[str, Answer] = {
    "clear_answers": 1,
    "leads_per_month": "20_49",
    "buy_of_ten": "2_3",
    "first_sale_value": 2400,
}


def money(branch: dict[str, Answer] = SOLO, /, **changes: Answer | None) -> Money:
    numbers = {k: v for k, v in {**NUMBERS, **changes}.items() if v is not None}
    return card(branch, also=numbers).money


def printed(**changes: Answer | None) -> dict[str, Any]:
    numbers = {k: v for k, v in {**NUMBERS, **changes}.items() if v is not None}
    return scorecard_json(card(also=numbers).answers)


def test_the_example_of_the_edition() -> None:
    """20 to 49 leads, four to six of ten with an answer: 8 to 29 without, by its own text."""
    shown = printed()
    assert shown["money"] == {
        "silent": [8.0, pytest.approx(29.4)],
        "each": 2400.0,
        "low": pytest.approx(34.5 * 0.5 * 0.25 * 2400 * 0.1),
        "high": pytest.approx(34.5 * 0.5 * 0.25 * 2400 * 0.5),
        "currency": "USD",
        "steps": [
            "leads a month: 20 to 49",
            "of ten, with a clear answer: 4 to 6",
            "so leads a month without a clear answer: 8 to 29.4",
            "first sale: 2400 USD",
            "of ten that are talked with, buy: 2.5",
            "leads without an answer may buy 10% to 50% as often as the others (our assumption)",
            "so sales a month, by the middles (34.5 x 0.5 leads): 0.43125 to 2.15625",
            "so a month, in USD: 1035 to 5175",
        ],
    }
    assert "money_refused" not in shown


@pytest.mark.parametrize(
    ("rung", "ends", "middle"),
    [(0, (0, 3), "1.5"), (1, (4, 6), "5"), (2, (7, 8), "7.5"), (3, (9, 10), "9.5")],
)
def test_each_rung_of_clear_answers_stands_for_so_many_of_ten(
    rung: int, ends: tuple[int, int], middle: str
) -> None:
    found = money(clear_answers=rung)
    assert found.silent is not None
    assert found.silent.worked == (Fraction(ends[0], 10), Fraction(ends[1], 10))
    assert found.estimate is not None
    assert found.estimate.worked == Fraction(middle) / 10


@pytest.mark.parametrize(
    ("question", "given", "figure", "middle"),
    [
        ("leads_per_month", "5_9", "leads", "7"),
        ("leads_per_month", "10_19", "leads", "14.5"),
        ("leads_per_month", "50_99", "leads", "74.5"),
        ("leads_per_month", "100_199", "leads", "149.5"),
        ("leads_per_month", 7.5, "leads", "7.5"),
        ("buy_of_ten", "0_1", "buy_rate", "0.05"),
        ("buy_of_ten", "4_5", "buy_rate", "0.45"),
        ("buy_of_ten", "6_7", "buy_rate", "0.65"),
        ("buy_of_ten", "8_10", "buy_rate", "0.9"),
        ("buy_of_ten", 2.5, "buy_rate", "0.25"),
    ],
)
def test_a_range_counts_with_its_middle(
    question: str, given: Answer, figure: str, middle: str
) -> None:
    assert getattr(money(**{question: given}).estimate, figure) == Fraction(middle)


def test_every_number_of_ten_belongs_to_one_rung() -> None:
    numbers = [n for low, high in INPUTS.worked_of_ten for n in range(low, high + 1)]
    assert numbers == list(range(11))


@pytest.mark.parametrize(
    ("reason", "silent", "branch", "changes"),
    [
        ("not_for_this_path", False, SHOP, {}),
        ("not_for_this_path", False, {**SHOP, "customers_so_far": "under_five"}, {}),
        ("too_few_customers", False, YOUNG, {"clear_answers": None}),
        ("clear_answers_unknown", False, SOLO, {"clear_answers": "unknown", "buy_of_ten": None}),
        ("numbers_missing", False, SOLO, {"leads_per_month": None}),
        ("numbers_missing", False, SOLO, {"first_sale_value": None}),
        ("numbers_missing", True, SOLO, {"buy_of_ten": None}),
        ("numbers_missing", True, SOLO, {"buy_of_ten": None, "leads_per_month": "200_or_more"}),
        ("numbers_missing", False, SOLO, {"buy_of_ten": None, "leads_per_month": 4}),
        ("too_few_leads", False, SOLO, {"leads_per_month": "under_5"}),
        ("too_few_leads", False, SOLO, {"leads_per_month": 4.9}),
        ("open_ended", True, SOLO, {"leads_per_month": "200_or_more"}),
        ("numbers_disagree", True, SOLO, {"new_customers_last_month": 20}),
        (None, True, SOLO, {"leads_per_month": 5}),
        (None, True, SOLO, {"first_sale_value": 0}),
    ],
)
def test_a_refusal_has_a_reason_and_keeps_what_assumes_nothing(
    reason: str | None, silent: bool, branch: dict[str, Answer], changes: dict[str, Answer | None]
) -> None:
    found = money(branch, **changes)
    assert found.refused == reason
    assert (found.silent is not None) == silent
    assert (found.estimate is None) == (reason is not None)
    assert reason is None or reason in EDITION.texts.findings["money"]["refusals"]


def test_the_json_keeps_the_silent_leads_when_only_the_range_is_refused() -> None:
    open_ended = printed(leads_per_month="200_or_more")
    assert open_ended["money_refused"] == "open_ended"
    money = open_ended["money"]
    assert (money["silent"], money["low"], money["high"]) == ([80.0, None], None, None)
    assert money["steps"][:3] == [
        "leads a month: 200 or more",
        "of ten, with a clear answer: 4 to 6",
        "so leads a month without a clear answer: 80 or more",
    ]
    missing = printed(first_sale_value=None)
    assert (missing["money"], missing["money_refused"]) == (None, "numbers_missing")


def test_new_customers_have_to_fit_within_a_factor_of_two() -> None:
    """40 leads, 7.5 of ten worked, 4 of ten buy: 12 new customers a month."""
    fitting: dict[str, Answer] = {"leads_per_month": 40, "clear_answers": 2, "buy_of_ten": 4}
    refused = {
        given: money(**fitting, new_customers_last_month=given).refused
        for given in (0, 5.9, 6, 12, 24, 24.1)
    }
    assert refused == {
        0: "numbers_disagree",
        5.9: "numbers_disagree",
        6: None,
        12: None,
        24: None,
        24.1: "numbers_disagree",
    }
    assert money(**fitting, new_customers_last_month=5).disagreeing == (Fraction(5), Fraction(12))
    assert money(buy_of_ten=0, new_customers_last_month=0).refused is None
    assert money(buy_of_ten=0, new_customers_last_month=1).refused == "numbers_disagree"


@given(
    leads=st.sampled_from(list(INPUTS.leads_ranges)[1:-1]) | st.integers(5, 500),
    buyers=st.sampled_from(list(INPUTS.buyers_ranges)) | st.integers(1, 10),
    worked=st.integers(0, 2),
    value=st.integers(1, 100_000),
)
def test_the_range_is_ordered_linear_in_value_and_falls_with_work_done(
    leads: Answer, buyers: Answer, worked: int, value: int
) -> None:
    given: dict[str, Answer] = {"leads_per_month": leads, "buy_of_ten": buyers}
    once = money(**given, clear_answers=worked, first_sale_value=value)
    twice = money(**given, clear_answers=worked, first_sale_value=2 * value)
    more = money(**given, clear_answers=worked + 1, first_sale_value=value)
    assert once.estimate is not None
    assert twice.estimate is not None
    assert more.estimate is not None
    low, high = once.estimate.amount
    assert 0 < low < high
    assert twice.estimate.amount == (2 * low, 2 * high)
    assert more.estimate.amount < (low, high)
    assert once.silent is not None
    a_month = once.silent.a_month
    assert a_month.high is not None
    assert a_month.low <= once.estimate.leads * (1 - once.estimate.worked) <= a_month.high
