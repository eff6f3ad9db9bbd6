"""The scorecard: everything that the answers mean, from two scores down to single lines.

Pure functions over the journey's on-path answers. There is no overall score on purpose: two axes
are the message, and an average would hide a silo behind a middling number (section 1).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from consult.questionnaire.conditions import Given
from consult.questionnaire.journey import OnPathAnswers
from consult.questionnaire.model import Rule, Structure
from consult.questionnaire.questions import POINT_SCALE, Axis
from consult.scoring.archetypes import (
    RUNNING_IN_THE_DARK,
    WELL_REHEARSED_RELAY,
    Legs,
    archetype_of,
    legs_of,
    weakest_exchange,
)
from consult.scoring.axis import SORTING, AxisScore, DimensionScore, lines_of, sorting_twelfths
from consult.scoring.money import Money, money_of
from consult.scoring.plan import Step, Trouble, plan_of, troubles_of


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Whether a consult would help, and with what.

    ``topic`` is a symptom or a dimension, None when there is nothing to talk about. ``reason`` says
    why a consult is only optional: the firm has few customers yet, or the quick check saw too
    little to send them away.
    """

    recommended: Literal["yes", "optional", "not_now"]
    topic: str | None
    reason: Literal["early", "quick"] | None = None


@dataclass(frozen=True)
class Scorecard:
    """The result of one complete set of answers. Everything is derived; nothing is stored.

    Raises ValueError when an answer is missing: none is imputed.
    """

    answers: OnPathAnswers

    def __post_init__(self) -> None:
        if self.answers.missing:
            raise ValueError(f"answers are missing: {', '.join(self.answers.missing)}")

    @cached_property
    def separation(self) -> AxisScore:
        return self._axis("separation")

    @cached_property
    def handoff(self) -> AxisScore:
        return self._axis("handoff")

    @property
    def axes(self) -> tuple[AxisScore, AxisScore]:
        return self.separation, self.handoff

    @cached_property
    def legs(self) -> Legs:
        return legs_of(self.separation, self.handoff, self._structure.roles)

    @cached_property
    def archetype(self) -> str:
        solo = self.answers.facts["mode"] == "solo"
        roles = self._structure.roles
        return archetype_of(self.separation, self.handoff, self.legs, solo, roles)

    @property
    def weakest_exchange(self) -> DimensionScore:
        return weakest_exchange(self.handoff)

    @cached_property
    def contradictions(self) -> tuple[Rule, ...]:
        """All that hold, in the edition's order; a page shows the first three."""
        return self._holding(self._structure.contradictions)

    @property
    def impossible(self) -> tuple[Rule, ...]:
        """The contradictions whose answers cannot all be right."""
        given = self._given
        return tuple(r for r in self.contradictions if r.impossible and r.impossible.holds(given))

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
    def troubles(self) -> tuple[Trouble, ...]:
        return troubles_of(self.axes, self._named, self._structure.roles.plan)

    @cached_property
    def plan(self) -> tuple[Step, ...]:
        """Up to three steps, groundwork first; empty when every answer is at its top."""
        return plan_of(self.axes, self.archetype, self._named, self._structure.roles.plan)

    @cached_property
    def money(self) -> Money:
        return money_of(self.answers)

    @cached_property
    def recommendation(self) -> Recommendation:
        explained = [trouble.id for trouble in self.troubles if trouble.explained]
        of_plan = [step.line.item.dimension.id for step in self.plan]
        topic = next(iter((*explained, *of_plan)), None)
        if self._structure.roles.early.holds(self._given):
            return Recommendation("optional", topic, "early")
        if self.archetype == RUNNING_IN_THE_DARK or any(leg.weak for leg in self.legs):
            return Recommendation("yes", topic)
        if self.answers.depth == "quick":
            return Recommendation("optional", topic, "quick")
        if self.archetype == WELL_REHEARSED_RELAY and not explained:
            return Recommendation("not_now", topic)
        return Recommendation("optional", topic)

    @property
    def _named(self) -> tuple[str, ...]:
        named = self.answers.values.get(self._structure.roles.troubles, ())
        return named if isinstance(named, tuple) else ()

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
