"""One axis of the result: its score, its band, its dimensions and the lines behind them."""

from bisect import bisect
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property

from consult.questionnaire import POINT_SCALE, Axis, Dimension
from consult.scoring.lines import SORTING, Line

CUTS = (25, 50, 75)
"""Where the bands begin (5.5): below 50 an average answer means "by chance", from 75 "in use"."""

BANDS: dict[Axis, tuple[str, str, str, str]] = {
    "separation": ("blended", "blurred", "marked", "clear"),
    "handoff": ("dropped", "fumbled", "passed", "smooth"),
}
TOO_MUCH_UNKNOWN = "too_much_unknown"

UNKNOWN_LIMIT = Fraction(1, 3)
"""The share of an axis' weight from which unknowns are the finding (5.3)."""


@dataclass(frozen=True, eq=False)
class DimensionScore:
    """A dimension's confirmed and possible score (0-100) and its weight in the axis."""

    dimension: Dimension
    lines: tuple[Line, ...]
    confirmed: Fraction
    possible: Fraction
    weight: Fraction

    @property
    def id(self) -> str:
        return self.dimension.id

    @cached_property
    def items(self) -> tuple[Line, ...]:
        """The lines but for the sorting cards, which are knowledge and no habit to raise."""
        return tuple(line for line in self.lines if line.id != SORTING)

    @cached_property
    def lost_shares(self) -> int:
        """What its items lost, as whole shares of the `total` of the axis."""
        return sum(line.item.share * (POINT_SCALE - line.twelfths) for line in self.items)

    @property
    def total(self) -> int:
        return self.lines[0].item.total

    @property
    def unknown(self) -> bool:
        return any(line.unknown for line in self.lines)


@dataclass(frozen=True)
class AxisScore:
    """One of the two headline scores.

    ``confirmed`` counts every "I don't know" as the lowest rung, ``possible`` as the highest.
    Scores are exact fractions from 0 to 100; nothing is rounded before it is shown.
    """

    axis: Axis
    lines: tuple[Line, ...]

    @cached_property
    def confirmed(self) -> Fraction:
        return Fraction(100 * _earned(self.lines), POINT_SCALE * self._total)

    @cached_property
    def possible(self) -> Fraction:
        return Fraction(100 * _earnable(self.lines), POINT_SCALE * self._total)

    @cached_property
    def unknown_share(self) -> Fraction:
        """The part of the weight that was answered with "I don't know", 0 to 1."""
        return Fraction(sum(line.item.share for line in self.lines if line.unknown), self._total)

    @property
    def too_much_unknown(self) -> bool:
        return self.unknown_share >= UNKNOWN_LIMIT

    @property
    def band(self) -> str:
        """The id of the band, by the confirmed score."""
        if self.too_much_unknown:
            return TOO_MUCH_UNKNOWN
        return BANDS[self.axis][bisect(CUTS, self.confirmed)]

    @cached_property
    def dimensions(self) -> tuple[DimensionScore, ...]:
        by_id: dict[str, list[Line]] = {}
        for line in self.lines:
            by_id.setdefault(line.item.dimension.id, []).append(line)
        return tuple(_dimension(tuple(own)) for own in by_id.values())

    @property
    def _total(self) -> int:
        return self.lines[0].item.total


@cache
def _dimension(lines: tuple[Line, ...]) -> DimensionScore:
    """Lines are few, and so are the sets of two or three that make a dimension."""
    items = [line.item for line in lines]
    share = sum(item.share for item in items)
    return DimensionScore(
        items[0].dimension,
        lines,
        confirmed=Fraction(100 * _earned(lines), POINT_SCALE * share),
        possible=Fraction(100 * _earnable(lines), POINT_SCALE * share),
        weight=Fraction(100 * share, items[0].total),
    )


def _earned(lines: tuple[Line, ...]) -> int:
    return sum(line.item.share * line.twelfths for line in lines)


def _earnable(lines: tuple[Line, ...]) -> int:
    return sum(line.item.share * line.best_twelfths for line in lines)
