"""What a new edition would have said: stored results compared with the same answers scored again.

Nothing is changed by looking. A submission keeps the result of its own edition for good.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consult.questionnaire import Answer, Axis, Depth, Questionnaire, walk
from consult.scoring.scorecard import Scorecard, score

AXES: tuple[Axis, Axis] = ("separation", "handoff")
STEPS = (-20, -10, -5, -1, 1, 5, 10, 20)
"""Where the steps of the distribution of changes begin, in points."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A submission as it is stored: its answers, and the scorecard of its own edition."""

    depth: Depth
    answers: Mapping[str, Answer]
    scorecard: Mapping[str, Any]


@dataclass
class Comparison:
    """How stored results would move under another edition.

    ``moves`` counts changes of each axis by step of `STEPS`, ``bands`` and ``archetypes`` count
    (before, after) pairs. ``unfinished`` are submissions whose answers do not suffice for the new
    edition, ``dropped`` counts answers, by id, that it no longer asks or offers.
    """

    compared: int = 0
    unfinished: int = 0
    moves: dict[Axis, Counter[int]] = field(default_factory=lambda: {a: Counter() for a in AXES})
    bands: dict[Axis, Counter[tuple[str, str]]] = field(
        default_factory=lambda: {a: Counter() for a in AXES}
    )
    archetypes: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def compare(stored: Iterable[Stored], edition: Questionnaire) -> Comparison:
    """Score every stored submission by ``edition`` and count how the results differ."""
    comparison = Comparison()
    for submission in stored:
        replayed = walk(edition, submission.answers, submission.depth)
        comparison.dropped.update(replayed.on_path.ignored)
        card = score(replayed.on_path)
        if isinstance(card, Scorecard):
            _count(comparison, submission.scorecard, card)
        else:
            comparison.unfinished += 1
    return comparison


def step_of(change: float) -> int:
    """The index of the step that a change of a score falls into, 0 for the largest fall."""
    return sum(change >= step for step in STEPS)


def _count(comparison: Comparison, before: Mapping[str, Any], after: Scorecard) -> None:
    comparison.compared += 1
    comparison.archetypes[before["archetype"], after.archetype] += 1
    for axis in after.axes:
        old = before[axis.axis]
        comparison.moves[axis.axis][step_of(float(axis.confirmed) - old["confirmed"])] += 1
        comparison.bands[axis.axis][old["band"], axis.band] += 1
