"""The money range: what each answer stands for, and where the inputs stop to carry it."""

from fractions import Fraction

import pytest

from consult.questionnaire import Answer
from consult.scoring import MoneyRange, Range
from tests.support.example_firms import card
from tests.support.strategies import EDITION

INPUTS = EDITION.structure.roles.money

LEADS = ((5, 9), (10, 19), (20, 49), (50, 99), (100, 199))
OF_TEN = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 10))
WHOLE = Range(Fraction(1), Fraction(1))


def money(**changes: Answer) -> MoneyRange | str:
    numbers: dict[str, Answer] = {
        "clear_answers": 2,
        "leads_per_month": 40,
        "buy_of_ten": 3,
        "first_sale_value": 100,
    }
    return card(also={**numbers, **changes}).money


def ends(low: float, high: float, of: int = 1) -> Range:
    return Range(Fraction(low) / of, Fraction(high) / of)


@pytest.mark.parametrize(
    ("question", "given", "figure", "expected"),
    [
        # Leads are counted from both ends of what was given.
        *(("leads_per_month", f"{low}_{high}", "leads", ends(low, high)) for low, high in LEADS),
        ("leads_per_month", 5, "leads", ends(5, 5)),
        ("leads_per_month", 7.5, "leads", ends(7.5, 7.5)),
        # So many of ten is a rate.
        *(("buy_of_ten", f"{low}_{high}", "buy_rate", ends(low, high, 10)) for low, high in OF_TEN),
        ("buy_of_ten", 2.5, "buy_rate", ends(2.5, 2.5, 10)),
        # What has no clear answer is what is left of ten.
        ("clear_answers", 2, "unworked", ends(2, 3, 10)),
        ("clear_answers", 3, "unworked", ends(0, 1, 10)),
    ],
)
def test_each_answer_stands_for_a_range(
    question: str, given: Answer, figure: str, expected: Range
) -> None:
    assert getattr(money(**{question: given}), figure) == expected


@pytest.mark.parametrize("rung", [0, 1])
def test_where_most_leads_are_lost_the_inputs_do_not_carry_an_estimate(rung: int) -> None:
    assert money(clear_answers=rung) == "inputs_do_not_fit"


def test_every_number_of_ten_belongs_to_one_rung() -> None:
    numbers = [n for low, high in INPUTS.worked_of_ten for n in range(low, high + 1)]
    assert numbers == list(range(11))


def test_fewer_than_five_leads_a_month_say_nothing() -> None:
    assert money(leads_per_month=4.9) == "too_few_leads"
    assert isinstance(money(leads_per_month=5), MoneyRange)


@pytest.mark.parametrize("id", ["leads_per_month", "buy_of_ten", "first_sale_value"])
def test_a_missing_number_is_said_to_be_missing(id: str) -> None:
    numbers: dict[str, Answer] = {"leads_per_month": 40, "buy_of_ten": 3, "first_sale_value": 100}
    del numbers[id]
    assert card(also=numbers).money == "numbers_missing"


def test_the_figures_follow_from_each_other() -> None:
    found = MoneyRange(ends(10, 20), ends(1, 2, of=5), ends(1, 2, of=4), Fraction(60))
    assert found.unworked_leads == ends(2, 8)
    assert found.sales_if_worked == ends(0.5, 4)
    assert found.sales == ends(0.125, 3)
    assert found.amount == ends(7.5, 180)


@pytest.mark.parametrize(
    ("unworked", "first_sale", "fits"),
    [
        (Fraction(2, 5), 1, True),  # three quarters of 0.4 are half of the 0.6 that are worked
        (Fraction(401, 1000), 1, False),
        (Fraction(1, 100), 1, True),
        (Fraction(0), 1, False),
        (Fraction(2, 5), 0, False),
        (Fraction(1), 1, False),
    ],
)
def test_an_estimate_above_half_of_what_is_earned_now_is_not_believed(
    unworked: Fraction, first_sale: int, fits: bool
) -> None:
    share = Range(unworked, unworked)
    assert MoneyRange(WHOLE, share, WHOLE, Fraction(first_sale)).fits == fits
    ten_times = MoneyRange(ends(10, 10), share, ends(1, 1, of=2), Fraction(7 * first_sale))
    assert ten_times.fits == fits
