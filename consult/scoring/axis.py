"""One axis of the result: the lines of its score, its dimensions and its band.

An axis is the weighted mean of its dimensions, a dimension the mean of its lines. Written
out line by line, each line has an effective weight, the weights of an axis add up to 100, and

    score = sum of weight x points / 100,   score + all that was lost = 100, exactly.

What does not apply is left out of both sums, so a shorter path can still reach 100. Weights only
depend on which lines apply, so they are worked out once per set of lines and kept as integers:
floats would let the order of the answers decide on which side of a line a score falls.
"""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import lcm

from consult.questionnaire.journey import OnPathAnswers
from consult.questionnaire.model import Dimension
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import NOT_SURE, POINT_SCALE, UNKNOWN, Answer, Axis, Kind

SORTING = "sorting"
"""The id of the line that the sorting cards make together."""

SORTING_CLAIMS = ("Q1", "Q2", "Q3")

CUTS = (25, 50, 75)
"""Where the bands begin: below 50 an average answer means "by chance", from 75 "in use"."""

BANDS: dict[Axis, tuple[str, str, str, str]] = {
    "separation": ("blended", "blurred", "marked", "clear"),
    "handoff": ("dropped", "fumbled", "passed", "smooth"),
}
TOO_MUCH_UNKNOWN = "too_much_unknown"

UNKNOWN_LIMIT = Fraction(1, 3)
"""The share of an axis' weight from which unknowns are the finding."""


@dataclass(frozen=True, eq=False)
class ScoredItem:
    """What a line scores, an item or the cards: ``share`` of ``total`` is its part of the weight.

    ``top`` is the highest rung, or the whole scale for the sorting line.
    """

    id: str
    dimension: Dimension
    share: int
    total: int
    top: int
    claims: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a score: what was answered, and what it earned and lost.

    ``rung`` is None for the sorting line and for an unknown. ``twelfths`` are the points of the
    answer in twelfths of 100, an unknown counting as the lowest rung. All figures are exact.
    """

    item: ScoredItem
    rung: int | None
    unknown: bool
    twelfths: int

    @property
    def id(self) -> str:
        return self.item.id

    @cached_property
    def points(self) -> Fraction:
        return Fraction(100 * self.twelfths, POINT_SCALE)

    @cached_property
    def weight(self) -> Fraction:
        """What the line can earn at most; the weights of an axis add up to 100."""
        return Fraction(100 * self.item.share, self.item.total)

    @cached_property
    def earned(self) -> Fraction:
        return Fraction(100 * self.item.share * self.twelfths, self.item.total * POINT_SCALE)

    @cached_property
    def lost(self) -> Fraction:
        return self.weight - self.earned

    @property
    def best_twelfths(self) -> int:
        """The points if an unknown turned out well."""
        return POINT_SCALE if self.unknown else self.twelfths


def lines_of(answers: OnPathAnswers, axis: Axis) -> tuple[Line, ...]:
    """The lines of an axis, in the edition's order. The answers must be complete."""
    facts = tuple(answers.facts.items())
    items = _scored_items(answers.questionnaire, axis, answers.asked, facts)
    return tuple(_line(answers, item) for item in items)


def sorting_twelfths(answers: OnPathAnswers) -> int:
    """The sorting score, in twelfths of 100.

    Right answers less wrong ones over the clear cards asked: guessing gives about nothing,
    and an honest "not sure" is never worse than a wrong answer. "Either" cards do not count.
    """
    right = wrong = 0
    cards = _clear_cards(answers.questionnaire, answers.asked)
    for card_id, side in cards:
        given = answers.values[card_id]
        right += given == side
        wrong += given not in (side, NOT_SURE)
    return POINT_SCALE * max(0, right - wrong) // len(cards)


def _line(answers: OnPathAnswers, scored: ScoredItem) -> Line:
    if scored.id == SORTING:
        return _line_at(scored, None, False, sorting_twelfths(answers))
    given: Answer = answers.values[scored.id]
    if given == UNKNOWN:
        return _line_at(scored, None, True, 0)
    if not isinstance(given, int):
        raise TypeError(f"{scored.id}: a scored item is answered with a rung, not {given!r}")
    return _line_at(scored, given, False, given * POINT_SCALE // scored.top)


_line_at = cache(Line)
"""There are only a few thousand different lines, so their fractions are worked out once."""


@cache
def _scored_items(
    questionnaire: Questionnaire,
    axis: Axis,
    asked: tuple[str, ...],
    facts: tuple[tuple[str, str], ...],
) -> tuple[ScoredItem, ...]:
    """What the lines are scored by; there is one set for each path through the edition."""
    max_rungs = _max_rungs(questionnaire, asked, dict(facts))
    by_dimension = []
    for dimension in questionnaire.dimensions:
        if dimension.axis == axis:
            ids = [id for id in dimension.items if id in max_rungs]
            if dimension.sorting:
                ids.append(SORTING)
            if ids:
                by_dimension.append((dimension, ids))
    # One denominator for all: every dimension's weight can be shared out in whole numbers.
    parts = lcm(*(len(ids) for _, ids in by_dimension))
    total = parts * sum(dimension.weight for dimension, _ in by_dimension)
    return tuple(
        ScoredItem(
            id,
            dimension,
            share=dimension.weight * parts // len(ids),
            total=total,
            top=max_rungs.get(id, POINT_SCALE),
            claims=questionnaire.questions[id].claims if id in max_rungs else SORTING_CLAIMS,
        )
        for dimension, ids in by_dimension
        for id in ids
    )


def _max_rungs(
    questionnaire: Questionnaire, asked: tuple[str, ...], facts: Mapping[str, str]
) -> dict[str, int]:
    """The scored items that were asked, each with its highest rung."""
    items = [questionnaire.questions[id] for id in asked]
    return {
        item.id: len(item.choices_as(questionnaire.variant(item.id, facts))) - 1
        for item in items
        if item.kind is Kind.RUNG
    }


@cache
def _clear_cards(
    questionnaire: Questionnaire, asked: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """The scored cards among the questions that were asked, each with its right side."""
    return tuple(
        (question.id, question.answer)
        for question in map(questionnaire.questions.__getitem__, asked)
        if question.kind is Kind.SORT and question.answer and question.required
    )


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
