"""Which single raise of an answer helps most, and the plan made of the best few."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest

from consult.questionnaire import POINT_SCALE, Axis
from consult.scoring.axis import AxisScore
from consult.scoring.lines import SORTING, Line


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
        return self.line.slot.top


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
    standing = {axis.axis: axis.confirmed for axis in axes}
    changes = []
    for line, axis in best:
        before = standing[axis.axis]
        standing[axis.axis] = before + line.lost
        changes.append(Change(line, axis.axis, before, standing[axis.axis]))
    return tuple(changes)
