"""The points of a score as they are printed: every sum on the page is right to the last digit.

All points are in tenths here. Each number that is printed is one of the two tenths round the exact
one, a number that is exact stays as it is, and whatever is printed below each other adds up: the
lines to their dimension, the dimensions to the score, what they could earn to 100.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, lcm

from consult.report.display import tenths
from consult.scoring import AxisScore


@dataclass(frozen=True, slots=True)
class Points:
    """Tenths of a point that were earned and lost; together they are what could be earned."""

    earned: int
    lost: int

    @property
    def possible(self) -> int:
        return self.earned + self.lost


Exact = tuple[Fraction, Fraction]
"""Earned and lost, in exact tenths."""


def printed_points(axis: AxisScore) -> dict[str, Points]:
    """The printed points of each line of an axis, by the line's id.

    A full answer prints all of its points and a zero prints 0.0. The points are shared out to the
    dimensions first and then within each, so that a weight of 20 reads 20.0.
    """
    total = tenths(axis.confirmed)
    exact = [[(10 * line.earned, 10 * line.lost) for line in d.lines] for d in axis.dimensions]
    by_dimension = share_out([_sum(lines) for lines in exact], Points(total, 1000 - total))
    shared = zip(axis.dimensions, exact, by_dimension, strict=True)
    return {
        line.id: points
        for dimension, lines, whole in shared
        for line, points in zip(dimension.lines, share_out(lines, whole), strict=True)
    }


def share_out(rows: Sequence[Exact], total: Points) -> list[Points]:
    """Round every row so that both columns add up to `total`, with the least squared error.

    Earned, lost and their sum each become one of the two whole numbers round the exact ones. This
    is controlled rounding of a table with two columns, which always has a solution when `total` is
    itself rounded in this way; raises ValueError when it is not.
    """
    return list(_share_out(tuple(rows), total))


@lru_cache(maxsize=4096)
def _share_out(rows: tuple[Exact, ...], total: Points) -> tuple[Points, ...]:
    # Kept, because the lines of a dimension come out in few ways.
    # The best rounding of the rows so far, for each pair of sums that they can have. Errors are
    # whole numbers of a common part: to add and square fractions would take ten times as long.
    part = lcm(*(number.denominator for row in rows for number in row))
    best: dict[tuple[int, int], tuple[int, tuple[Points, ...]]] = {(0, 0): (0, ())}
    for earned, lost in rows:
        roundings = [
            (one, int((one.earned - earned) * part) ** 2 + int((one.lost - lost) * part) ** 2)
            for one in _roundings(earned, lost)
        ]
        longer: dict[tuple[int, int], tuple[int, tuple[Points, ...]]] = {}
        for (earned_so_far, lost_so_far), (error, chosen) in best.items():
            for one, more in roundings:
                sums = earned_so_far + one.earned, lost_so_far + one.lost
                if sums not in longer or error + more < longer[sums][0]:
                    longer[sums] = error + more, (*chosen, one)
        best = longer
    if (total.earned, total.lost) not in best:
        raise ValueError(f"{total} is no rounding of the sum of {rows}")
    return best[total.earned, total.lost][1]


def _roundings(earned: Fraction, lost: Fraction) -> list[Points]:
    possible = earned + lost
    choices = [Points(one, other) for one in _round(earned) for other in _round(lost)]
    return [one for one in choices if floor(possible) <= one.possible <= ceil(possible)]


def _round(exact: Fraction) -> tuple[int, ...]:
    """The whole numbers next to an exact one, the lower first."""
    return tuple(dict.fromkeys((floor(exact), ceil(exact))))


def _sum(rows: Sequence[Exact]) -> Exact:
    return sum((e for e, _ in rows), Fraction()), sum((lost for _, lost in rows), Fraction())
