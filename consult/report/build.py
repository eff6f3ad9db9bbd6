"""From a walk and its scorecard to the Report: the edition's texts, filled in for one owner."""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from consult.questionnaire.journey import Walk
from consult.questionnaire.model import Rule
from consult.questionnaire.questions import UNKNOWN, Kind
from consult.report.display import Points, in_words, printed_points, whole
from consult.report.one_lead import one_lead_of
from consult.report.report import (
    Archetype,
    Axis,
    Card,
    Dimension,
    Figure,
    Finding,
    Fix,
    NamedTrouble,
    NotAsked,
    QuestionAnswer,
    Relay,
    Report,
    ScoredAnswer,
    State,
    Unknown,
)
from consult.report.report_sections import (
    agreement_of,
    answer_to,
    consult_of,
    finding_of,
    jobs_of,
    money_in_words,
)
from consult.scoring.archetypes import RUNNING_IN_THE_DARK
from consult.scoring.axis import CUTS, SORTING, AxisScore, DimensionScore, Line
from consult.scoring.plan import Step
from consult.scoring.scorecard import Scorecard
from consult.settings.brand import Brand


def build_report(walk: Walk, brand: Brand | None = None) -> Report:
    """The Report of a complete walk, with the currency of a brand and the length of its consults.

    Raises ValueError when answers are missing.
    """
    return _Writer(walk, brand or Brand()).report()


class _Writer:
    def __init__(self, walk: Walk, brand: Brand) -> None:
        self.walk = walk
        self.scorecard = Scorecard(walk.on_path)
        self.roles = walk.questionnaire.structure.roles
        self.sign, self.minutes = brand.currency_sign, brand.minutes
        self.asked = walk.by_id
        self.findings: Mapping[str, Any] = walk.questionnaire.texts.findings
        self.cards = tuple(self._cards())

    def report(self) -> Report:
        scorecard = self.scorecard
        separation, handoff = self._axis(scorecard.separation), self._axis(scorecard.handoff)
        plan = tuple(self._plan())
        troubles = tuple(self._troubles())
        contradictions = self._found("contradictions", scorecard.contradictions)
        money, refused = money_in_words(scorecard.money, self.walk, self.sign)
        return Report(
            edition=self.walk.questionnaire.name,
            depth=self.walk.depth,
            mode=self.walk.facts["mode"],
            path=self.walk.facts["path"],
            separation=separation,
            handoff=handoff,
            archetype=self._archetype(),
            relay=self._relay(),
            weakest=next(d for d in handoff.dimensions if d.id == scorecard.weakest_exchange.id),
            plan=plan,
            unknowns=tuple(self._unknowns()),
            contradictions=contradictions,
            flags=(*self._found("flags", scorecard.flags), *self._found("notes", scorecard.notes)),
            money=money,
            money_refused=refused,
            consult=consult_of(
                scorecard.recommendation,
                self.walk,
                self.minutes,
                troubles=troubles,
                parts=(*separation.dimensions, *handoff.dimensions),
                contradictions=contradictions,
                plan=plan,
            ),
            cards=self.cards,
            answers=tuple(self._unscored_answers()),
            not_asked=tuple(self._not_asked()),
            figures=tuple(self._figures(handoff)),
            method=tuple(self.findings["method"]),
            sources=self.findings["sources"],
            agreement=agreement_of(self.walk),
            troubles=troubles,
            one_lead=one_lead_of(self.walk),
            own_words=answer_to([self.roles.own_words], self.walk),
            jobs=jobs_of(self.walk, self.sign),
            finding=finding_of(scorecard, self.walk),
        )

    def _axis(self, score: AxisScore) -> Axis:
        points = printed_points(score)
        why, facts = self.findings["matters"][score.axis], self.walk.facts
        band = band_text(score, self.findings)
        return Axis(
            id=score.axis,
            confirmed=whole(score.confirmed),
            possible=whole(score.possible),
            band=score.band,
            band_name=band["name"],
            means=band["means"],
            dimensions=tuple(self._dimension(part, points) for part in score.dimensions),
            matters=f"{why[facts['mode']]} {why[facts['path']]}",
        )

    def _dimension(self, score: DimensionScore, points: Mapping[str, Points]) -> Dimension:
        texts = self.walk.for_owner(self.findings["dimensions"][score.id])
        state = state_of(score.confirmed, score.possible)
        says = {
            "strong": texts["strong"],
            "weak": texts["low"],
            "partly": self.findings["states"]["partly"].format(asks=texts["asks"]),
            "unknown": self.findings["states"]["unknown"].format(asks=texts["asks"]),
        }
        return Dimension(
            id=score.id,
            name=texts["name"],
            asks=texts["asks"],
            says=says[state],
            state=state,
            confirmed=whole(score.confirmed),
            possible=whole(score.possible),
            critical=score.dimension.critical,
            lines=tuple(self._line(line, points[line.id]) for line in score.lines),
        )

    def _line(self, line: Line, points: Points) -> ScoredAnswer:
        if line.id == SORTING:
            return self._sorting_line(line, points)
        asked = self.asked[line.id]
        texts = asked.wording
        return ScoredAnswer(
            id=line.id,
            title=texts.title,
            question=texts.ask,
            answer=in_words(asked, self.sign),
            unknown=line.unknown,
            earned=points.earned / 10,
            possible=points.possible / 10,
            why=texts.why,
            fix=texts.unknown_fix if line.unknown else texts.fix,
            claims=line.item.claims,
        )

    def _sorting_line(self, line: Line, points: Points) -> ScoredAnswer:
        sorting = self.walk.questionnaire.texts.sorting
        clear = [card for card in self.cards if card.side != _EITHER]
        alike = sum(card.agrees for card in clear)
        return ScoredAnswer(
            id=line.id,
            title=sorting.get("title", "The cards"),
            question=sorting["prompt"],
            answer=f"{alike} of {len(clear)} cards match our definitions.",
            unknown=False,
            earned=points.earned / 10,
            possible=points.possible / 10,
            why=sorting["test"],
            fix=sorting["test"],
            claims=line.item.claims,
        )

    def _relay(self) -> Relay:
        """The legs that name the firm; what is unknown stays open only in the dark."""
        dark = self.scorecard.archetype == RUNNING_IN_THE_DARK
        legs = [
            state_of(leg.confirmed, leg.possible if dark else leg.confirmed)
            for leg in self.scorecard.legs
        ]
        return Relay(*legs)

    def _archetype(self) -> Archetype:
        own = self.findings["archetypes"][self.scorecard.archetype]
        marketing, _, sales = self.scorecard.legs
        strong, weak = (marketing, sales) if sales.weak else (sales, marketing)
        says = own["says"].format(strong=strong.id, weak=weak.id)
        return Archetype(self.scorecard.archetype, own["name"], says)

    def _plan(self) -> Iterable[Fix]:
        scores = {axis.axis: axis.confirmed for axis in self.scorecard.axes}
        quoted: list[str] = []
        for step in self.scorecard.plan:
            before = scores[step.axis]
            scores[step.axis] += step.line.lost
            reasons = tuple(self._reasons(step, quoted))
            quoted += step.because
            yield self._fix(step, before, scores[step.axis], reasons)

    def _fix(self, step: Step, before: Fraction, after: Fraction, reasons: tuple[str, ...]) -> Fix:
        asked = self.asked[step.id]
        texts = asked.wording
        unknown = asked.answer == UNKNOWN
        tool = self.walk.questionnaire.tool(step.id, self.walk.facts)
        # An aim that is called low elsewhere is none, so it may be more than the next rung.
        aim_now = next(n for n in range(step.next_rung, step.to_rung + 1) if 2 * n >= step.to_rung)
        return Fix(
            id=step.id,
            title=texts.title,
            axis=step.axis,
            why=texts.why,
            start=f"{texts.unknown_fix} {texts.fix}" if unknown else texts.fix,
            proof=texts.proof,
            now=in_words(asked, self.sign),
            next=texts.choices[str(aim_now)],
            aim=texts.choices[str(step.to_rung)],
            before=whole(before),
            after=whole(after),
            because=step.because,
            reasons=reasons,
            effort=tool.effort,
            tool=tool.name,
            tool_text=tool.text,
        )

    def _reasons(self, step: Step, quoted: Sequence[str]) -> Iterable[str]:
        """Why a step is in its place; a trouble among the reasons `quoted` before isn't again."""
        texts = self.findings["because"]
        troubles = [reason for reason in step.because if reason.startswith("trouble:")]
        if new := [reason for reason in troubles if reason not in quoted]:
            choices = self.asked[self.roles.troubles].wording.choices
            names = "” and “".join(choices[reason.partition(":")[2]] for reason in new)
            yield texts["trouble_later" if quoted else "trouble"].format(troubles=names)
        elif troubles:
            yield texts["trouble_again"]
        for reason in step.because[len(troubles) :]:
            kind, _, id = reason.partition(":")
            name = self.asked[id].wording.title if kind == "groundwork" else id.capitalize()
            later = "_later" if kind == "most_lost" and quoted else ""
            yield texts[kind + later].format(name=name)

    def _found(self, kind: str, rules: Iterable[Rule]) -> tuple[Finding, ...]:
        """Findings as this owner reads them; some have a text for when one answer is the cause."""
        found = []
        for rule in rules:
            texts = self.findings[kind][rule.id]
            own, variants = self.walk.for_owner(texts), texts.get("in", {})
            causes = [id for id in self.scorecard.evidence(rule) if id in variants]
            if len(causes) == 1:
                own = {**own, **variants[causes[0]]}
            found.append(Finding(rule.id, own.get("name", ""), own["text"]))
        return tuple(found)

    def _unknowns(self) -> Iterable[Unknown]:
        for asked in self.walk.asked:
            if asked.answer == UNKNOWN and asked.question.kind is Kind.RUNG:
                texts = asked.wording
                yield Unknown(asked.id, texts.title, texts.ask, texts.unknown_fix)

    def _troubles(self) -> Iterable[NamedTrouble]:
        names = self.asked[self.roles.troubles].wording.choices
        texts = self.findings["troubles"]
        seen: set[str] = set()
        for trouble in self.scorecard.troubles:
            part = trouble.points_to
            own = self.walk.for_owner(self.findings["dimensions"][part.id])
            says = texts["unexplained"][trouble.id]
            if trouble.explained:
                known = state_of(part.confirmed, part.possible) != "unknown"
                text = texts["again" if part.id in seen else "explained" if known else "open"]
                says = text.format(part=own["name"], low=own["low"])
                seen.add(part.id)
            yield NamedTrouble(
                trouble.id, names[trouble.id], trouble.points_to.id, trouble.explained, says
            )

    def _figures(self, handoff: Axis) -> Iterable[Figure]:
        """Outside figures were measured on leads who write or call, so others see none."""
        if self.walk.facts["path"] != "conversation":
            return
        open_parts = {d.id for d in handoff.dimensions if d.state != "strong"}
        for id, dimension in self.roles.figures.items():
            if dimension in open_parts:
                texts = self.findings["figures"][id]
                yield Figure(dimension, texts["text"], texts["source"])

    def _unscored_answers(self) -> Iterable[QuestionAnswer]:
        # Not the owner's sentence: it is in the report once, so that it can be removed.
        others = (Kind.RUNG, Kind.SORT, Kind.TEXT)
        for asked in self.walk.asked:
            if asked.question.kind not in others and asked.answer is not None:
                yield QuestionAnswer(asked.wording.ask, in_words(asked, self.sign))

    def _cards(self) -> Iterable[Card]:
        for asked in self.walk.asked:
            if asked.question.kind is Kind.SORT and asked.answer is not None:
                texts, side = asked.wording, asked.question.answer
                either = side not in texts.choices
                yield Card(
                    text=texts.ask,
                    answer=texts.choices[str(asked.answer)],
                    side=_EITHER if either else texts.choices[str(side)],
                    agrees=either or asked.answer == side,
                    note=texts.note,
                )

    def _not_asked(self) -> Iterable[NotAsked]:
        titles: dict[str, list[str]] = {}
        for left_out in self.walk.not_asked:
            titles.setdefault(left_out.reason, []).append(left_out.wording.title)
        for reason, own in titles.items():
            yield NotAsked(self.findings["not_asked"][reason], tuple(own))


_EITHER = "Either"
_STATES: tuple[State, ...] = ("weak", "weak", "partly", "strong")
"""The state of a part in each band."""


def band_text(score: AxisScore, findings: Mapping[str, Any]) -> Mapping[str, str]:
    """The name and meaning of a score's band, of the edition's texts."""
    bands: Mapping[str, Mapping[str, str]] = findings["bands"][score.axis]
    unknown: Mapping[str, str] = findings["too_much_unknown"]
    return unknown if score.too_much_unknown else bands[score.band]


def state_of(confirmed: Fraction, possible: Fraction) -> State:
    """The state of a part by the lines of the bands; unknown when open answers could change it."""
    now, at_best = (_STATES[bisect(CUTS, score)] for score in (confirmed, possible))
    return now if now == at_best else "unknown"
