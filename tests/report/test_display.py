"""Printed numbers: rounded for the eye, and never at odds with what was measured."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.report.display import apportion, significant, whole
from consult.scoring.axis import CUTS

TWELFTHS = st.integers(0, 360).map(lambda n: Fraction(n, 12))
SCORES = st.fractions(0, 100, max_denominator=400)


@pytest.mark.parametrize(
    ("score", "printed"),
    [("0", 0), ("41.4", 41), ("41.5", 42), ("49.6", 49), ("50", 50), ("74.99", 74), ("99.9", 99)],
)
def test_a_score_never_looks_better_than_its_band(score: str, printed: int) -> None:
    assert whole(Fraction(score)) == printed


@given(SCORES)
def test_a_printed_score_lies_in_the_band_of_the_exact_one(score: Fraction) -> None:
    assert abs(whole(score) - score) < 1
    assert [whole(score) >= cut for cut in CUTS] == [score >= cut for cut in CUTS]


@given(SCORES, SCORES)
def test_a_better_score_never_prints_lower(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    assert whole(low) <= whole(high)


@given(st.lists(TWELFTHS, min_size=1, max_size=30), st.integers(1, 1000))
def test_parts_add_up_as_printed(parts: list[Fraction], total: int) -> None:
    given_out = apportion(parts, total)
    assert sum(given_out) == (total if any(parts) else 0)
    assert all(share == 0 for share, part in zip(given_out, parts, strict=True) if part == 0)


def test_of_equal_parts_the_earlier_gets_the_odd_one() -> None:
    assert apportion([Fraction(1, 3)] * 3, 100) == [34, 33, 33]


@pytest.mark.parametrize(
    ("amount", "printed"), [("3240", 3200), ("480", 480), ("0", 0), ("7.4", 7), ("98765", 99000)]
)
def test_money_has_two_figures(amount: str, printed: int) -> None:
    assert significant(Fraction(amount)) == printed
