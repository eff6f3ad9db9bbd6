"""What the leads are like, where they stand, and what the talks with them showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consult.questionnaire.editions import newest
from consult.staff.insights.shares import FEW, Bar, Share, bars
from consult.storage.insights.insights import Spread
from consult.workflow.stages import DECLINE_REASONS, NAMES, STAGES


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of the grid of both scores; ``tone`` runs from 0 to 4."""

    count: int
    tone: int


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """How a dimension was found in the talks."""

    name: str
    judged: int
    worse: Share
    better: Share
    bar: int


def archetypes_of(spread: Spread) -> list[Bar]:
    """The archetypes, the most common first."""
    names = newest().texts.findings["archetypes"]
    named = {names.get(id, {}).get("name", id): count for id, count in spread.archetypes.items()}
    return bars(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def archetypes_title(archetypes: Sequence[Bar]) -> str:
    """The point of the archetypes."""
    if not archetypes or archetypes[0].share.few:
        return "What they are like"
    return f"The most common is “{archetypes[0].name}”"


def grid_of(spread: Spread) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Both scores against each other by their bands: names of the columns, and the rows."""
    words = newest().texts.findings["bands"]
    columns, rows = (
        [band["name"] for band in words[axis].values()] for axis in ("handoff", "separation")
    )
    most = max(spread.bands.values(), default=0)
    return columns, [
        (name, [_cell(spread.bands.get((band, other), 0), most) for other in range(4)])
        for band, name in reversed(list(enumerate(rows)))
    ]


def _cell(count: int, most: int) -> Cell:
    return Cell(count, 0 if not count else 1 + min(3, count * 4 // (most + 1)))


def tenths_of(spread: Spread, axis: str) -> list[Bar]:
    """How many leads lie in each tenth of a score."""
    tenths = spread.tenths[axis]
    names = [f"{10 * tenth}–{10 * tenth + 9 if tenth < 9 else 100}" for tenth in range(10)]
    return bars(list(zip(names, tenths, strict=True)))


def stages_of(stages: Mapping[str, int]) -> list[Bar]:
    """How many leads stand at each stage."""
    return bars([(NAMES[stage], stages.get(stage, 0)) for stage in STAGES])


def returned_of(returned: Mapping[str, int]) -> list[Bar]:
    """Why handovers came back, the most frequent reason first."""
    named = {DECLINE_REASONS.get(id, id): count for id, count in returned.items()}
    return bars(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def returned_title(returned: Sequence[Bar]) -> str:
    """The point of the handovers that came back."""
    if not returned or returned[0].share.few:
        return "Handovers that came back"
    return f"Most come back because: “{returned[0].name}”"


def verdicts_of(verdicts: Mapping[str, Mapping[str, int]]) -> list[VerdictRow]:
    """The dimensions, those most often found worse than said first."""
    names = newest().texts.findings["dimensions"]
    rows = []
    for id, counts in verdicts.items():
        judged = sum(counts.values())
        worse, better = (
            Share(counts.get("worse", 0), judged),
            Share(counts.get("better", 0), judged),
        )
        name = names.get(id, {}).get("name", id)
        rows.append(VerdictRow(name, judged, worse, better, worse.percent or 0))
    return sorted(rows, key=lambda row: (row.judged < FEW, -(row.worse.percent or 0), row.name))


def verdicts_title(rows: Sequence[VerdictRow]) -> str:
    """The point of the verdicts."""
    if not rows or rows[0].judged < FEW:
        return "Which answers mislead"
    return f"“{rows[0].name}” most often turns out worse than they said"
