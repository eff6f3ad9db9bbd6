"""What if an answer were another one: both scores, before and after. Nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from consult.owner.question_form import UNKNOWN_TEXT
from consult.questionnaire import UNKNOWN, Answer, Asked, Kind, Walk, walk
from consult.report.display import tenths
from consult.report.report import AXIS_NAMES
from consult.scoring import AxisScore, Scorecard, scorecard_of


@dataclass(frozen=True)
class Option:
    """Another answer that can be picked."""

    value: str
    text: str
    picked: bool


@dataclass(frozen=True)
class Pick:
    """A scored question: what was said, what else could be, and what is picked now, if anything."""

    id: str
    ask: str
    said: str
    options: tuple[Option, ...]

    @property
    def picked(self) -> str:
        """The text of the answer that is picked; empty while it is as it was said."""
        return next((option.text for option in self.options if option.picked), "")


@dataclass(frozen=True)
class Group:
    """The questions of one part of a score."""

    axis: str
    name: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True)
class Move:
    """One score and its level, before and after. `before` and `after` are 0.0 to 100.0."""

    id: str
    name: str
    before: float
    after: float
    band_before: str
    band_after: str


@dataclass(frozen=True)
class WhatIf:
    """Everything that the page shows. `refused` says that something asked for is not on offer."""

    groups: tuple[Group, ...]
    moves: tuple[Move, ...]
    archetype_before: str
    archetype_after: str
    refused: bool

    @property
    def changed(self) -> tuple[Pick, ...]:
        return tuple(pick for group in self.groups for pick in group.picks if pick.picked)


def what_if(way: Walk, wanted: Mapping[str, str]) -> WhatIf:
    """Score a complete walk again with some scored answers replaced.

    `wanted` maps question ids to answers as a form sends them, empty for "as it was said". What is
    not on offer is left out, and `refused` says so.
    """
    picked: dict[str, Answer] = {}
    asked = {a.id: a for a in way.asked if a.question.kind is Kind.RUNG}
    refused = False
    for id, text in wanted.items():
        if not text:
            continue
        if id not in asked or text not in _values(asked[id]):
            refused = True
        elif text != str(asked[id].answer):
            picked[id] = text if text == UNKNOWN else int(text)
    return _compared(way, asked, picked, refused)


def _compared(
    way: Walk, asked: Mapping[str, Asked], picked: Mapping[str, Answer], refused: bool
) -> WhatIf:
    words = way.questionnaire.texts.findings
    before = scorecard_of(way.on_path)
    # A scored answer decides no branch, so the variants of the wording stay what they were.
    changed = walk(way.questionnaire, {**way.on_path.values, **picked}, way.depth)
    after = scorecard_of(changed.on_path)
    axes = zip(before.axes, after.axes, strict=True)
    return WhatIf(
        groups=tuple(_groups(before, words, asked, picked)),
        moves=tuple(_move(one, other, words) for one, other in axes),
        archetype_before=words["archetypes"][before.archetype]["name"],
        archetype_after=words["archetypes"][after.archetype]["name"],
        refused=refused,
    )


def _groups(
    card: Scorecard,
    words: Mapping[str, Any],
    asked: Mapping[str, Asked],
    picked: Mapping[str, Answer],
) -> Iterator[Group]:
    for axis in card.axes:
        for dimension in axis.dimensions:
            own = [asked[line.id] for line in dimension.lines if line.id in asked]
            name = words["dimensions"][dimension.id]["name"]
            picks = tuple(_pick(a, picked.get(a.id)) for a in own)
            yield Group(AXIS_NAMES[axis.axis], name, picks)


def _pick(asked: Asked, picked: Answer | None) -> Pick:
    values = _values(asked)
    said = values[str(asked.answer)]
    others = tuple(
        Option(value, text, picked is not None and value == str(picked))
        for value, text in values.items()
        if value != str(asked.answer)
    )
    return Pick(asked.id, asked.wording.ask, said, others)


def _values(asked: Asked) -> dict[str, str]:
    """The answers that are offered, best first: that is what one comes to look for."""
    choices = dict(reversed(list(asked.wording.choices.items())))
    return {**choices, UNKNOWN: UNKNOWN_TEXT} if asked.question.unknown else choices


def _move(before: AxisScore, after: AxisScore, words: Mapping[str, Any]) -> Move:
    return Move(
        id=before.axis,
        name=AXIS_NAMES[before.axis],
        before=_printed(before.confirmed),
        after=_printed(after.confirmed),
        band_before=_band(before, words),
        band_after=_band(after, words),
    )


def _band(axis: AxisScore, words: Mapping[str, Any]) -> str:
    band = (
        words["too_much_unknown"] if axis.too_much_unknown else words["bands"][axis.axis][axis.band]
    )
    name: str = band["name"]
    return name


def _printed(points: Fraction) -> float:
    return tenths(points) / 10
