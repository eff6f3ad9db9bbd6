"""The money range: what each answer stands for, and where the inputs stop to carry it."""

from fractions import Fraction

import pytest

from consult.questionnaire import Answer
from consult.scoring import MoneyRange, Range
from tests.support.example_firms import card
from tests.support.strategies import EDITION

INPUTS = EDITION.structure.roles.money

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
    ("given", "leads"),
    [
        ("5_9", ends(5, 9)),
        ("10_19", ends(10, 19)),
        ("20_49", ends(20, 49)),
        ("50_99", ends(50, 99)),
        ("100_199", ends(100, 199)),
        (5, ends(5, 5)),
        (7.5, ends(7.5, 7.5)),
    ],
)
def test_leads_are_counted_from_both_ends_of_what_was_given(given: Answer, leads: Range) -> None:
    found = money(leads_per_month=given)
    assert isinstance(found, MoneyRange)
    assert found.leads == leads


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ("0_1", ends(0, 1, of=10)),
        ("2_3", ends(2, 3, of=10)),
        ("4_5", ends(4, 5, of=10)),
        ("6_7", ends(6, 7, of=10)),
        ("8_10", ends(8, 10, of=10)),
        (2.5, ends(2.5, 2.5, of=10)),
    ],
)
def test_so_many_of_ten_is_a_rate(given: Answer, rate: Range) -> None:
    found = money(buy_of_ten=given)
    assert isinstance(found, MoneyRange)
    assert found.buy_rate == rate


@pytest.mark.parametrize(("rung", "unworked"), [(2, ends(2, 3, of=10)), (3, ends(0, 1, of=10))])
def test_what_has_no_clear_answer_is_what_is_left_of_ten(rung: int, unworked: Range) -> None:
    found = money(clear_answers=rung)
    assert isinstance(found, MoneyRange)
    assert found.unworked == unworked


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
