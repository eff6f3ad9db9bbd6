"""What the owner's troubles may come from, and the plan: up to three steps, groundwork first.

See docs/instrument.md for the rules; their tables are the edition's (`PlanRules`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from consult.questionnaire.model import PlanRules
from consult.questionnaire.questions import POINT_SCALE, Axis
from consult.scoring.archetypes import TWO_SILOS
from consult.scoring.axis import AxisScore, DimensionScore, Line

STEPS = 3
STEPS_BACK = 4
"""How often a step may give way to its groundwork, and that to its own."""

LOW_TWELFTHS = POINT_SCALE * 2 // 3
"""Below two thirds, an answer comes first within its dimension, and explains a trouble."""

LOWER_BY = 5
"""Points by which one score has to be below the other for the plan to start there."""

NAMED, UNNAMED = 3, 2
"""What a loss counts for in a dimension that a named trouble touches, and in any other."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble that the owner named, and the weakest dimension that it may come from."""

    id: str
    points_to: DimensionScore

    @property
    def explained(self) -> bool:
        return self.points_to.confirmed < Fraction(100 * LOW_TWELFTHS, POINT_SCALE)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan: an answer to raise, an unknown counting as the lowest rung.

    ``because`` are its reasons: "trouble:<symptom>", "lower:<axis>", "groundwork:<item>" for what
    the step is the groundwork of, or "most_lost" when there is no other.
    """

    line: Line
    because: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.line.id

    @property
    def axis(self) -> Axis:
        return self.line.item.dimension.axis

    @property
    def from_rung(self) -> int:
        return self.line.rung or 0

    @property
    def next_rung(self) -> int:
        return self.from_rung + 1

    @property
    def to_rung(self) -> int:
        return self.line.item.top


def troubles_of(
    axes: Sequence[AxisScore], named: Sequence[str], rules: PlanRules
) -> tuple[Trouble, ...]:
    """Each named trouble in the edition's order; ties between dimensions go to the earlier."""
    parts = [part for axis in axes for part in axis.dimensions if part.items]
    return tuple(
        Trouble(
            symptom, min((p for p in parts if p.id in touched), key=lambda part: part.confirmed)
        )
        for symptom, touched in rules.touches.items()
        if symptom in named
    )


def plan_of(
    axes: tuple[AxisScore, AxisScore], archetype: str, named: Sequence[str], rules: PlanRules
) -> tuple[Step, ...]:
    """The plan: where most is lost first, and before each step what it rests on."""
    lines = {line.id: line for axis in axes for part in axis.dimensions for line in part.items}
    plan: dict[str, Step] = {}
    for part, reasons in _in_order(axes, named, rules):
        while len(plan) < STEPS and (wanted := _first_step(part, rules)):
            line = _with_groundwork(wanted, lines, plan, rules.gates)
            taken = [step.line.item.dimension for step in plan.values()]
            if line.item.dimension in taken:
                break
            groundwork = () if line is wanted else (f"groundwork:{wanted.id}",)
            plan[line.id] = Step(line, (*reasons, *groundwork) or ("most_lost",))
            if line is wanted:
                break
    steps = list(plan.values())
    talk = lines.get(rules.talk)
    if archetype == TWO_SILOS and talk and talk.twelfths < POINT_SCALE and talk.id not in plan:
        steps = [*steps[: STEPS - 1], Step(talk, ("most_lost",))]
    return tuple(steps)


def _in_order(
    axes: tuple[AxisScore, AxisScore], named: Sequence[str], rules: PlanRules
) -> Iterator[tuple[DimensionScore, tuple[str, ...]]]:
    """The dimensions in the order of the plan, each with the reasons for its place."""
    troubles = {symptom: ids for symptom, ids in rules.touches.items() if symptom in named}
    touched = {id for ids in troubles.values() for id in ids}
    parts = [part for axis in axes for part in axis.dimensions]
    scale = prod(axis.lines[0].item.total for axis in axes)  # both axes in whole numbers

    def loss(part: DimensionScore) -> int:
        weight = NAMED if part.id in touched else UNNAMED
        return part.lost_shares * (scale // part.total) * weight

    parts.sort(key=loss, reverse=True)  # which keeps the order of ties
    lower = _lower(*axes)
    first = next((part for part in parts if part.dimension.axis == lower), parts[0])
    moved = first is not parts[0]
    for part in (first, *(part for part in parts if part is not first)):
        reasons = [f"trouble:{symptom}" for symptom, ids in troubles.items() if part.id in ids]
        if moved and part is first:
            reasons.append(f"lower:{lower}")
        yield part, tuple(reasons)


def _lower(separation: AxisScore, handoff: AxisScore) -> Axis | None:
    """The axis that is clearly below the other, or None."""
    ahead = separation.confirmed - handoff.confirmed
    if abs(ahead) <= LOWER_BY:
        return None
    return "handoff" if ahead > 0 else "separation"


def _first_step(part: DimensionScore, rules: PlanRules) -> Line | None:
    """The first low answer of a dimension, else the first that is not at its top."""
    order = rules.order.get(part.id, part.dimension.items)
    lines = sorted(part.items, key=lambda line: order.index(line.id))
    for limit in (LOW_TWELFTHS, POINT_SCALE):
        for line in lines:
            if line.twelfths < limit:
                return line
    return None


def _with_groundwork(
    line: Line,
    lines: Mapping[str, Line],
    plan: Mapping[str, Step],
    gates: Mapping[str, Mapping[str, int]],
) -> Line:
    """The step itself, or the groundwork that it still lacks."""
    for _ in range(STEPS_BACK):
        missing = (
            lines[id]
            for id, mark in gates.get(line.id, {}).items()
            if id in lines and id not in plan and lines[id].points < mark
        )
        line = next(missing, line)
    return line
