"""Exact scores as printed numbers: rounded for the eye, without saying anything untrue."""

from datetime import date
from fractions import Fraction

from consult.scoring.axis import CUTS

_LINES = (*CUTS, 100)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def tenths(score: Fraction) -> int:
    """A score of 0 to 100 in tenths, halves up.

    Never lifted onto a line that it did not reach: 49.97 prints as 49.9, since a printed 50.0 under
    the name of the band below 50 would contradict itself. The same goes for 100.
    """
    rounded = int(score * 10 + Fraction(1, 2))
    lifted = rounded > score * 10 and rounded in [10 * line for line in _LINES]
    return rounded - 1 if lifted else rounded


def whole(score: Fraction) -> int:
    """A score of 0 to 100 as a whole number, with the same care as `tenths`.

    Rounded from the tenths, so that whoever sees both finds that the one is the other, rounded.
    """
    exact = tenths(score)
    rounded = (exact + 5) // 10
    return rounded - 1 if 10 * rounded > exact and rounded in _LINES else rounded


def significant(amount: Fraction, digits: int = 2) -> int:
    """An amount rounded to so many significant figures, at least to a whole number."""
    size = len(str(int(amount)))
    step = int(10 ** max(0, size - digits))
    return int(amount / step + Fraction(1, 2)) * step


def long_date(day: date) -> str:
    """A day as an owner reads it, as in "March 2, 2026", whatever the language of the machine."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"
