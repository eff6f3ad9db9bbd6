"""Behind the result: where each point comes from, and what another answer would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request

from consult.owner.result_pages import find_shared, open_result, shared_pages
from consult.questionnaire.journey import Asked, Walk, walk
from consult.questionnaire.questions import UNKNOWN, Answer, Kind
from consult.report.build import band_text
from consult.report.display import tenths
from consult.report.explanations import reasons_of, replay
from consult.report.report import AXIS_NAMES, from_json
from consult.scoring.axis import AxisScore
from consult.scoring.scorecard import Scorecard
from consult.storage.tables.submission_tables import SubmissionRow

explanation_pages = Blueprint("explanations", __name__, url_prefix="/result/<token>")


@explanation_pages.get("/why")
def why(token: str) -> str:
    """Show every answer with its points and reasons, and what each finding is based on."""
    return _why_page(open_result(token), token)


@shared_pages.get("/why", endpoint="why")
def shared_why(token: str) -> str:
    """Show the same to people it is shared with."""
    return _why_page(find_shared(token), token)


def _why_page(submitted: SubmissionRow, token: str) -> str:
    return render_template(
        "owner/why.html",
        token=token,
        shared=request.blueprint == shared_pages.name,
        report=from_json(submitted.report),
        reasons=reasons_of(submitted.edition, submitted.depth, submitted.answers),
    )


@explanation_pages.get("/what-if")
def try_answers(token: str) -> str:
    """Show what the scores would be with other answers, as the query names them; save nothing."""
    submitted = open_result(token)
    walk = replay(submitted.edition, submitted.depth, submitted.answers)
    comparison = compare(walk, request.args.to_dict())
    return render_template("owner/what_if.html", token=token, shown=comparison)


class Pick(NamedTuple):
    """A scored question: the answer given, the others on offer, and the one picked of them."""

    id: str
    ask: str
    given: str
    options: Mapping[str, str]
    picked: str


class Score(NamedTuple):
    """One of the two scores, in points of 100 with one decimal."""

    id: str
    name: str
    points: float
    band: str


@dataclass(frozen=True)
class Comparison:
    """What the page shows; `refused`: the query asked for an answer that is not on offer."""

    plan: Sequence[Pick]
    groups: Sequence[tuple[str, str, Sequence[Pick]]]
    scores: Sequence[tuple[Score, Score]]
    archetypes: tuple[str, str]
    refused: bool

    @property
    def changed(self) -> list[Pick]:
        picks = [*self.plan, *(pick for _, _, picks in self.groups for pick in picks)]
        return [pick for pick in picks if pick.picked]


def compare(given: Walk, wanted: Mapping[str, str]) -> Comparison:
    """Score a complete walk again with some scored answers replaced.

    `wanted` maps question ids to answers as a form sends them; empty leaves the answer as given.
    """
    asked = {a.id: a for a in given.asked if a.question.kind is Kind.RUNG}
    wanted = {id: text for id, text in wanted.items() if text}
    on_offer = {id: t for id, t in wanted.items() if id in asked and t in _values(asked[id])}
    picked = {id: text for id, text in on_offer.items() if text != str(asked[id].answer)}
    answers: dict[str, Answer] = {id: t if t == UNKNOWN else int(t) for id, t in picked.items()}
    # A scored answer decides no branch, so the variants of the wording stay the same.
    changed = walk(given.questionnaire, {**given.on_path.values, **answers}, given.depth)
    before, after = Scorecard(given.on_path), Scorecard(changed.on_path)
    texts = given.questionnaire.texts.findings
    all_picks = {id: _pick(one, picked.get(id, "")) for id, one in asked.items()}
    plan = [all_picks.pop(step.id) for step in before.plan]
    groups = []
    for axis in before.axes:
        for dimension in axis.dimensions:
            picks = [all_picks[line.id] for line in dimension.lines if line.id in all_picks]
            part = given.for_owner(texts["dimensions"][dimension.id])
            groups.append((AXIS_NAMES[axis.axis], part["name"], picks))
    names = texts["archetypes"]
    return Comparison(
        plan=plan,
        groups=groups,
        scores=[
            (_score(a, texts), _score(b, texts))
            for a, b in zip(before.axes, after.axes, strict=True)
        ],
        archetypes=(names[before.archetype]["name"], names[after.archetype]["name"]),
        refused=len(on_offer) < len(wanted),
    )


def _pick(asked: Asked, picked: str) -> Pick:
    options = _values(asked)
    given = options.pop(str(asked.answer))
    return Pick(asked.id, asked.wording.ask, given, options, picked)


def _values(asked: Asked) -> dict[str, str]:
    """The answers offered, best first: that is what people look for here."""
    choices = dict(reversed(list(asked.wording.choices.items())))
    return {**choices, UNKNOWN: asked.wording.unknown} if asked.question.unknown else choices


def _score(axis: AxisScore, texts: Mapping[str, Any]) -> Score:
    band = band_text(axis, texts)["name"]
    return Score(axis.axis, AXIS_NAMES[axis.axis], tenths(axis.confirmed) / 10, band)
