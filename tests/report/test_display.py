"""Printed numbers: rounded for the eye, and never at odds with what was measured."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.report.display import significant, tenths, whole
from consult.scoring.axis import CUTS

LINES = (*CUTS, 100)
SCORES = st.fractions(0, 100, max_denominator=400)


@pytest.mark.parametrize(
    ("score", "printed"),
    [("0", 0), ("41.4", 41), ("41.5", 42), ("49.6", 49), ("50", 50), ("74.99", 74), ("99.9", 99)],
)
def test_a_score_never_looks_better_than_its_band(score: str, printed: int) -> None:
    assert whole(Fraction(score)) == printed


@given(SCORES)
def test_a_printed_score_lies_in_the_band_of_the_exact_one(score: Fraction) -> None:
    assert abs(tenths(score) - 10 * score) < 1
    assert abs(whole(score) - score) < 1
    for printed in (whole(score), Fraction(tenths(score), 10)):
        assert [printed >= line for line in (*CUTS, 100)] == [
            score >= line for line in (*CUTS, 100)
        ]


@given(SCORES, SCORES)
def test_a_better_score_never_prints_lower(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    assert whole(low) <= whole(high)
    assert tenths(low) <= tenths(high)


@given(SCORES)
def test_the_whole_number_is_the_one_with_a_decimal_rounded(score: Fraction) -> None:
    rounded = (tenths(score) + 5) // 10
    assert whole(score) == (rounded - 1 if rounded in LINES and rounded > score else rounded)


@pytest.mark.parametrize(
    ("amount", "printed"), [("3240", 3200), ("480", 480), ("0", 0), ("7.4", 7), ("98765", 99000)]
)
def test_money_has_two_figures(amount: str, printed: int) -> None:
    assert significant(Fraction(amount)) == printed
