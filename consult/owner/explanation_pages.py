"""Behind the result: where each point comes from, and what another answer would change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask import Blueprint, render_template, request

from consult.owner.question_form import UNKNOWN_TEXT
from consult.owner.result_pages import open_result
from consult.questionnaire import UNKNOWN, Answer, Asked, Kind, Walk, walk
from consult.report.display import tenths
from consult.report.explanations import reasons_of, replay
from consult.report.report import AXIS_NAMES, from_json
from consult.scoring import AxisScore, Scorecard, scorecard_of

explanation_pages = Blueprint("explanations", __name__, url_prefix="/result/<token>")


@explanation_pages.get("/why")
def why(token: str) -> str:
    """Show every answer with its points and reasons, and what each finding is based on."""
    lead = open_result(token)
    return render_template(
        "owner/why.html",
        token=token,
        report=from_json(json.dumps(lead.report)),
        reasons=reasons_of(lead.edition, lead.depth, lead.answers),
    )


@explanation_pages.get("/what-if")
def try_answers(token: str) -> str:
    """Show what the scores would be with other answers, as the query names them; save nothing."""
    lead = open_result(token)
    walk = replay(lead.edition, lead.depth, lead.answers)
    comparison = compare(walk, request.args.to_dict())
    return render_template("owner/what_if.html", token=token, shown=comparison)


# --- What if -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """Another answer that can be picked."""

    value: str
    text: str
    picked: bool


@dataclass(frozen=True)
class Pick:
    """A scored question: the answer given, the other options, and which of them is picked."""

    id: str
    ask: str
    given: str
    options: tuple[Option, ...]

    @property
    def picked(self) -> str:
        """The text of the option that is picked; empty if none is."""
        return next((option.text for option in self.options if option.picked), "")


@dataclass(frozen=True)
class Group:
    """The questions of one part of a score."""

    axis: str
    name: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True)
class Move:
    """One score and its level, before and after; scores are 0.0 to 100.0."""

    id: str
    name: str
    before: float
    after: float
    band_before: str
    band_after: str


@dataclass(frozen=True)
class Comparison:
    """Everything that the page shows; `refused` is true if the query asked for no real option."""

    groups: tuple[Group, ...]
    moves: tuple[Move, ...]
    archetype_before: str
    archetype_after: str
    refused: bool

    @property
    def changed(self) -> tuple[Pick, ...]:
        return tuple(pick for group in self.groups for pick in group.picks if pick.picked)


def compare(given: Walk, wanted: Mapping[str, str]) -> Comparison:
    """Score a complete walk again with some scored answers replaced.

    `wanted` maps question ids to answers as a form sends them; empty leaves the answer as given.
    """
    picked: dict[str, Answer] = {}
    asked = {a.id: a for a in given.asked if a.question.kind is Kind.RUNG}
    refused = False
    for id, text in wanted.items():
        if not text:
            continue
        if id not in asked or text not in _values(asked[id]):
            refused = True
        elif text != str(asked[id].answer):
            picked[id] = text if text == UNKNOWN else int(text)
    # A scored answer decides no branch, so the variants of the wording stay the same.
    changed = walk(given.questionnaire, {**given.on_path.values, **picked}, given.depth)
    before, after = scorecard_of(given.on_path), scorecard_of(changed.on_path)
    texts = given.questionnaire.texts.findings
    return Comparison(
        groups=tuple(_groups(before, texts, asked, picked)),
        moves=tuple(_move(a, b, texts) for a, b in zip(before.axes, after.axes, strict=True)),
        archetype_before=texts["archetypes"][before.archetype]["name"],
        archetype_after=texts["archetypes"][after.archetype]["name"],
        refused=refused,
    )


def _groups(
    card: Scorecard,
    texts: Mapping[str, Any],
    asked: Mapping[str, Asked],
    picked: Mapping[str, Answer],
) -> Iterator[Group]:
    for axis in card.axes:
        for dimension in axis.dimensions:
            own = [asked[line.id] for line in dimension.lines if line.id in asked]
            name = texts["dimensions"][dimension.id]["name"]
            yield Group(AXIS_NAMES[axis.axis], name, tuple(_pick(a, picked.get(a.id)) for a in own))


def _pick(asked: Asked, picked: Answer | None) -> Pick:
    values = _values(asked)
    given = str(asked.answer)
    options = tuple(
        Option(value, text, picked is not None and value == str(picked))
        for value, text in values.items()
        if value != given
    )
    return Pick(asked.id, asked.wording.ask, values[given], options)


def _values(asked: Asked) -> dict[str, str]:
    """The answers offered, best first: that is what people look for here."""
    choices = dict(reversed(list(asked.wording.choices.items())))
    return {**choices, UNKNOWN: UNKNOWN_TEXT} if asked.question.unknown else choices


def _move(before: AxisScore, after: AxisScore, texts: Mapping[str, Any]) -> Move:
    return Move(
        id=before.axis,
        name=AXIS_NAMES[before.axis],
        before=_rounded(before.confirmed),
        after=_rounded(after.confirmed),
        band_before=_band_name(before, texts),
        band_after=_band_name(after, texts),
    )


def _band_name(axis: AxisScore, texts: Mapping[str, Any]) -> str:
    if axis.too_much_unknown:
        return str(texts["too_much_unknown"]["name"])
    return str(texts["bands"][axis.axis][axis.band]["name"])


def _rounded(points: Fraction) -> float:
    return tenths(points) / 10
