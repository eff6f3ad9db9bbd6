"""One axis of the result: its score, its band, its dimensions and the lines behind them."""

from bisect import bisect
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property

from consult.questionnaire import POINT_SCALE, Axis, Dimension
from consult.scoring.lines import Line

CUTS = (25, 50, 75)
"""Where the bands begin (5.5): below 50 an average answer means "by chance", from 75 "in use"."""

BANDS: dict[Axis, tuple[str, str, str, str]] = {
    "separation": ("blended", "blurred", "marked", "clear"),
    "handoff": ("dropped", "fumbled", "passed", "smooth"),
}
TOO_MUCH_UNKNOWN = "too_much_unknown"

NEAR = 3
"""Points from a cut within which a result is "on the line": half a rung on one heavy item."""

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

    @property
    def unknown(self) -> bool:
        """Whether any of its answers is "I don't know"."""
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
        return self._band_at(self.confirmed)

    @property
    def near(self) -> str | None:
        """The id of the band past_cut the cut when the score is on the line, else None."""
        cut = near_cut(self.confirmed, CUTS)
        if cut is None or self.too_much_unknown:
            return None
        return self._band_at(past_cut(self.confirmed, cut))

    @cached_property
    def dimensions(self) -> tuple[DimensionScore, ...]:
        by_id: dict[str, list[Line]] = {}
        for line in self.lines:
            by_id.setdefault(line.item.dimension.id, []).append(line)
        return tuple(_dimension(tuple(own)) for own in by_id.values())

    @property
    def _total(self) -> int:
        return self.lines[0].item.total

    def _band_at(self, score: Fraction) -> str:
        return BANDS[self.axis][bisect(CUTS, score)]


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


def near_cut(score: Fraction, cuts: tuple[int, ...]) -> int | None:
    """The cut that ``score`` lies within `NEAR` points of, or None."""
    return next((cut for cut in cuts if cut - NEAR <= score <= cut + NEAR), None)


def past_cut(score: Fraction, cut: int) -> Fraction:
    """A score just on the other side of ``cut``."""
    return Fraction(cut) if score < cut else cut - Fraction(1, 1_000_000)
