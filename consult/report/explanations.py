"""Why a result says what it says: what each answer could have earned, and what each finding read.

The Report holds what was shown. This adds the reasons, worked out again from the frozen
answers under their own edition, which never changes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consult.questionnaire.editions import load
from consult.questionnaire.journey import Asked, Walk, walk
from consult.questionnaire.model import Rule
from consult.questionnaire.questionnaire import read_answers
from consult.questionnaire.questions import DEPTHS, NOT_SURE, Kind
from consult.report.display import Points, in_words, mid_sentence, printed_points, tenths, whole
from consult.report.report import AXIS_NAMES, QuestionAnswer
from consult.scoring.archetypes import exchanges, mean_of
from consult.scoring.axis import SORTING, AxisScore, Line
from consult.scoring.money import Money
from consult.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class Rung:
    """One of the answers that were offered, the points it earns, and whether it was given."""

    text: str
    points: float
    given: bool


@dataclass(frozen=True)
class LineReason:
    """Why a line earned what it did; for the cards, `sums` says how they were counted."""

    rungs: tuple[Rung, ...]
    sums: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class FindingReason:
    """What a finding read, and the claims that it rests on."""

    read: tuple[QuestionAnswer, ...]
    claims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reasons:
    """The reasons behind a Report, each by the id of what it explains there.

    `archetype_rule` is the rule in words; `archetype` holds the figures that it was held against.
    `money` is what the money lines show, or why they show none; `numbers` are the questions about
    leads a month, buyers of ten, first sale and new customers, each "" where it was not answered.
    """

    lines: Mapping[str, LineReason]
    findings: Mapping[str, FindingReason]
    archetype_rule: str
    archetype: tuple[QuestionAnswer, ...]
    exchanges: tuple[QuestionAnswer, ...]
    money: Money
    numbers: tuple[str, ...]


def replay(edition: str, depth: str, answers: Mapping[str, object]) -> Walk:
    """The walk of a submission; raises EditionError or AnswerError for what was never submitted."""
    questionnaire = load(edition)
    return walk(questionnaire, read_answers(questionnaire, answers), DEPTHS[depth])


def reasons_of(edition: str, depth: str, answers: Mapping[str, object]) -> Reasons:
    """The reasons behind the result of a submission; see `replay` for the errors."""
    return explain(replay(edition, depth, answers))


def explain(walk: Walk) -> Reasons:
    """The reasons behind the result of a complete walk; raises ValueError for any other."""
    explainer = _Explainer(walk)
    return Reasons(
        lines=dict(explainer.lines()),
        findings=dict(explainer.findings()),
        archetype_rule=explainer.texts["archetypes"][explainer.card.archetype]["rule"],
        archetype=tuple(explainer.archetype_figures()),
        exchanges=tuple(explainer.exchanges()),
        money=explainer.card.money,
        numbers=tuple(explainer.numbers()),
    )


class _Explainer:
    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.card = Scorecard(walk.on_path)
        self.asked = walk.by_id
        self.texts: Mapping[str, Any] = walk.questionnaire.texts.findings

    def lines(self) -> Iterator[tuple[str, LineReason]]:
        for axis in self.card.axes:
            points = printed_points(axis)
            for line in axis.lines:
                claims = self._claims(line.item.claims)
                if line.id == SORTING:
                    yield line.id, LineReason((), self._card_counts()[1], claims)
                else:
                    rungs = tuple(_rungs(self.asked[line.id], line, points[line.id]))
                    yield line.id, LineReason(rungs, "", claims)

    def findings(self) -> Iterator[tuple[str, FindingReason]]:
        for rule in (*self.card.contradictions, *self.card.flags, *self.card.notes):
            ids = self._answers_behind(rule)
            yield rule.id, FindingReason(self._given(ids), self._claims(rule.claims))

    def archetype_figures(self) -> Iterator[QuestionAnswer]:
        """The figures and facts that the archetypes' rules read."""
        for axis in self.card.axes:
            name = AXIS_NAMES[axis.axis]
            yield QuestionAnswer(name, f"{tenths(axis.confirmed) / 10} of 100 points")
            if axis.unknown_share:
                yield QuestionAnswer(f"{name}, not known yet", f"{_unknown(axis)} of 100 points")
        for leg in self.card.legs:
            yield QuestionAnswer(f"Leg: {leg.id}", f"{whole(leg.confirmed)} of 100")
        one = self.walk.facts["mode"] == "solo"
        yield QuestionAnswer(
            "Who does the two jobs", "One person" if one else "Not one person alone"
        )
        roles = self.walk.questionnaire.structure.roles
        asked = {part.id for part in self.card.handoff.dimensions}
        if not one and asked.issuperset(roles.talking):
            for what, parts in (
                ("Where you talk", roles.talking),
                ("Where you act on leads", roles.acting),
            ):
                mean = whole(mean_of(self.card.handoff, parts))
                yield QuestionAnswer(f"{what}: {self._names(parts)}", f"{mean} of 100 on average")

    def exchanges(self) -> Iterator[QuestionAnswer]:
        for exchange in exchanges(self.card.handoff):
            yield QuestionAnswer(self._names([exchange.id]), f"{whole(exchange.confirmed)} of 100")

    def numbers(self) -> Iterator[str]:
        inputs = self.walk.questionnaire.structure.roles.money
        for id in (inputs.leads, inputs.buyers, inputs.first_sale, inputs.new_customers):
            asked = self.asked.get(id)
            yield asked.wording.ask if asked and asked.answer is not None else ""

    def _names(self, dimensions: Iterable[str]) -> str:
        texts = self.texts["dimensions"]
        names = [self.walk.for_owner(texts[id])["name"] for id in dimensions]
        return ", ".join([names[0], *map(mid_sentence, names[1:])])

    def _answers_behind(self, rule: Rule) -> Iterator[str]:
        """The questions whose answers make a rule true; a fact counts as what it is made of."""
        facts = {fact.id: fact for fact in self.walk.questionnaire.structure.facts}
        for id in self.card.evidence(rule):
            if id in facts:
                yield from (read for _, when in facts[id].cases for read in when.reads())
            else:
                yield id

    def _given(self, ids: Iterable[str]) -> tuple[QuestionAnswer, ...]:
        found = []
        for id in dict.fromkeys(ids):
            if id == SORTING:
                prompt = self.walk.questionnaire.texts.sorting["prompt"]
                found.append(QuestionAnswer(prompt, ". ".join(self._card_counts())))
            elif id in self.asked and self.asked[id].answer is not None:
                asked = self.asked[id]
                # No rule reads an amount of money, so no currency is needed.
                found.append(QuestionAnswer(asked.wording.ask, in_words(asked, sign="")))
        return tuple(found)

    def _card_counts(self) -> tuple[str, str]:
        """How many cards match our definitions, and how the others were counted."""
        clear = [a for a in self.walk.asked if a.question.kind is Kind.SORT and a.question.required]
        right = sum(a.answer == a.question.answer for a in clear)
        not_sure = sum(a.answer == NOT_SURE for a in clear)
        wrong, counted = len(clear) - right - not_sure, max(0, 2 * right + not_sure - len(clear))
        others = (
            f"{wrong} {'doesn’t' if wrong == 1 else 'don’t'}" if wrong else "",
            f"{not_sure} not sure" if not_sure else "",
        )
        rest = (", ".join(filter(None, others)), f"That counts as {counted}.")
        return f"{right} of {len(clear)} match our definitions", ". ".join(filter(None, rest))

    def _claims(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.texts["claims"][id] for id in ids)


def _rungs(asked: Asked, line: Line, points: Points) -> Iterator[Rung]:
    """Every answer offered, worst first, with the points that it earns here."""
    top = line.item.top
    for id, text in asked.wording.choices.items():
        given = line.rung == int(id)
        rounded = (2 * points.possible * int(id) + top) // (2 * top)
        yield Rung(text, (points.earned if given else rounded) / 10, given)


def _unknown(axis: AxisScore) -> float:
    points = printed_points(axis)
    return sum(points[line.id].possible for line in axis.lines if line.unknown) / 10
