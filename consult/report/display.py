"""Exact scores as printed numbers: rounded for the eye, without saying anything untrue."""

from collections.abc import Sequence
from fractions import Fraction

from consult.scoring.axis import CUTS


def whole(score: Fraction) -> int:
    """A score of 0 to 100 as a whole number, halves up.

    Never lifted onto a line that it did not reach: 49.6 prints as 49, since a printed 50 under
    the name of the band below 50 would contradict itself. The same goes for 100.
    """
    rounded = int(score + Fraction(1, 2))
    return rounded - 1 if rounded > score and rounded in (*CUTS, 100) else rounded


def apportion(parts: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers in proportion to `parts` that add up to `total` (largest remainder).

    Parts of 0 stay 0, and of equal remainders the earlier part gets the odd one.
    """
    whole_sum = sum(parts, Fraction())
    if whole_sum == 0:
        return [0] * len(parts)
    shares = [part * total / whole_sum for part in parts]
    given = [int(share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda i: given[i] - shares[i])
    for i in by_remainder[: total - sum(given)]:
        given[i] += 1
    return given


def significant(amount: Fraction, digits: int = 2) -> int:
    """An amount rounded to so many significant figures, at least to a whole number."""
    size = len(str(int(amount)))
    step = int(10 ** max(0, size - digits))
    return int(amount / step + Fraction(1, 2)) * step
