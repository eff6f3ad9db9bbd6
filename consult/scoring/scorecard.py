"""The scorecard: everything that the answers mean, from two scores down to single lines.

Pure functions over the journey's on-path answers. There is no overall score on purpose: two axes
are the message, and an average would hide a silo behind a middling number (section 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from heapq import nlargest
from typing import Literal

from consult.questionnaire import POINT_SCALE, Axis, OnPathAnswers
from consult.questionnaire.conditions import Given
from consult.questionnaire.model import Rule, Structure
from consult.scoring.archetypes import (
    FAST_HANDS_NO_LANES,
    GOOD_LEGS_LOOSE_GRIP,
    WELL_REHEARSED_RELAY,
    archetype_of,
    weakest_exchange,
)
from consult.scoring.axis import AxisScore, DimensionScore
from consult.scoring.lines import SORTING, Line, lines_of, sorting_twelfths
from consult.scoring.money import MoneyRange, money_range


@dataclass(frozen=True, slots=True)
class Change:
    """Raising one item from its rung (an unknown counts as the lowest) to its top.

    ``before`` and ``after`` are the axis' confirmed score; in a plan they build on the changes
    before, so that the steps read as one path.
    """

    line: Line
    axis: Axis
    before: Fraction
    after: Fraction

    @property
    def id(self) -> str:
        return self.line.id

    @property
    def from_rung(self) -> int:
        return self.line.rung or 0

    @property
    def to_rung(self) -> int:
        return self.line.item.top


def best_changes(axes: Sequence[AxisScore], count: int) -> tuple[Change, ...]:
    """The best ``count`` raises in order; fewer when fewer items are below their top.

    A score is a sum over its lines, so what a raise brings does not depend on the others, and the
    most that an item can bring is what it lost. Sorting cards are knowledge, not habits, and are
    left out. Ties go to the earlier item.
    """
    raisable = [
        (line, axis)
        for axis in axes
        for line in axis.lines
        if line.id != SORTING and line.twelfths < POINT_SCALE
    ]
    # Equal gains keep the edition's order, as with `sorted`.
    best = nlargest(count, raisable, key=lambda found: found[0].lost)
    current = {axis.axis: axis.confirmed for axis in axes}
    changes = []
    for line, axis in best:
        before = current[axis.axis]
        current[axis.axis] = before + line.lost
        changes.append(Change(line, axis.axis, before, current[axis.axis]))
    return tuple(changes)


_CAN_WAIT = (WELL_REHEARSED_RELAY,)
_OPTIONAL = (GOOD_LEGS_LOOSE_GRIP, FAST_HANDS_NO_LANES)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``topic`` is the id of the dimension to talk about; None when the consult can wait."""

    recommended: Literal["yes", "optional", "not_now"]
    topic: str | None


def recommend(archetype: str, best_change: Change | None) -> Recommendation:
    """Recommend by archetype; the topic is the dimension of the best change."""
    if archetype in _CAN_WAIT or best_change is None:
        return Recommendation("not_now", None)
    topic = best_change.line.item.dimension.id
    return Recommendation("optional" if archetype in _OPTIONAL else "yes", topic)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """In place of a scorecard while required answers are missing: nothing is imputed."""

    answers: OnPathAnswers


@dataclass(frozen=True)
class Scorecard:
    """The result of one complete set of answers. Everything is derived; nothing is stored."""

    answers: OnPathAnswers

    @cached_property
    def separation(self) -> AxisScore:
        return self._axis("separation")

    @cached_property
    def handoff(self) -> AxisScore:
        return self._axis("handoff")

    @property
    def axes(self) -> tuple[AxisScore, AxisScore]:
        return self.separation, self.handoff

    @property
    def archetype(self) -> str:
        return self._archetypes[0]

    @property
    def near_archetype(self) -> str | None:
        """The archetype past the cut, when a score is close to one."""
        return self._archetypes[1]

    @property
    def weakest_exchange(self) -> DimensionScore:
        return weakest_exchange(self.handoff)

    @cached_property
    def contradictions(self) -> tuple[Rule, ...]:
        """All that hold, in the edition's order; a page shows the first three."""
        return self._holding(self._structure.contradictions)

    def evidence(self, rule: Rule) -> tuple[str, ...]:
        """The ids of the answers, and facts, that make a rule true; empty when it is not."""
        return rule.when.evidence(self._given)

    @cached_property
    def flags(self) -> tuple[Rule, ...]:
        return self._holding(self._structure.flags)

    @cached_property
    def notes(self) -> tuple[Rule, ...]:
        return self._holding(self._structure.notes)

    @cached_property
    def plan(self) -> tuple[Change, ...]:
        """The three raises that help most, in order, each given the ones before."""
        return best_changes(self.axes, 3)

    @property
    def best_change(self) -> Change | None:
        """The single raise that lifts the sum of both scores most; None when all is at the top."""
        return self.plan[0] if self.plan else None

    @cached_property
    def money(self) -> MoneyRange | str:
        """The money range, or the id of the reason why there is none."""
        return money_range(self.answers)

    @property
    def recommendation(self) -> Recommendation:
        return recommend(self.archetype, self.best_change)

    @cached_property
    def _archetypes(self) -> tuple[str, str | None]:
        solo = self.answers.facts["mode"] == "solo"
        return archetype_of(self.separation, self.handoff, solo, self._structure.roles)

    @property
    def _structure(self) -> Structure:
        return self.answers.questionnaire.structure

    def _axis(self, axis: Axis) -> AxisScore:
        return AxisScore(axis, lines_of(self.answers, axis))

    def _holding(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        given = self._given
        return tuple(rule for rule in rules if rule.when.holds(given))

    @cached_property
    def _given(self) -> Given:
        sorting = 100 * sorting_twelfths(self.answers) / POINT_SCALE
        return {**self.answers.values, **self.answers.facts, SORTING: sorting}


def score(answers: OnPathAnswers) -> Scorecard | Unfinished:
    """Score complete answers; `Unfinished` when something required is still missing."""
    return Unfinished(answers) if answers.missing else Scorecard(answers)


def scorecard_of(answers: OnPathAnswers) -> Scorecard:
    """The scorecard of complete answers; raises ValueError when something is missing."""
    if answers.missing:
        raise ValueError(f"answers are missing: {', '.join(answers.missing)}")
    return Scorecard(answers)
