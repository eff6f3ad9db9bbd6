"""The scorecard as the JSON that `consult score` prints (docs: the contract of the command)."""

from fractions import Fraction
from functools import cache

from consult.questionnaire.journey import OnPathAnswers
from consult.questionnaire.questions import UNKNOWN, Axis
from consult.scoring.axis import AxisScore, DimensionScore, Line
from consult.scoring.money import Estimate, Money, Silent
from consult.scoring.plan import Step
from consult.scoring.scorecard import Scorecard

Json = dict[str, object]


def scorecard_json(answers: OnPathAnswers, currency: str = "USD") -> Json:
    """Plain data in the contract's shape. Scores are unrounded floats from 0 to 100.

    They are null while something is missing.
    """
    head: Json = {
        "edition": answers.questionnaire.name,
        "depth": answers.depth,
        "mode": answers.facts["mode"],
        "path": answers.facts["path"],
        "complete": not answers.missing,
        "missing": list(answers.missing),
        "ignored": list(answers.ignored),
    }
    if answers.missing:
        return head | _no_result()
    card = Scorecard(answers)
    return head | {
        "separation": _axis(card.separation),
        "handoff": _axis(card.handoff),
        "legs": {leg.id: float(leg.confirmed) for leg in card.legs},
        "archetype": card.archetype,
        "weakest_exchange": card.weakest_exchange.id,
        "troubles": [
            {"id": one.id, "points_to": one.points_to.id, "explained": one.explained}
            for one in card.troubles
        ],
        "contradictions": [rule.id for rule in card.contradictions],
        "flags": [rule.id for rule in card.flags],
        "plan": [_step(step) for step in card.plan],
        **_money(card.money, currency),
        "consult": {
            "recommended": card.recommendation.recommended,
            "topic": card.recommendation.topic,
            "reason": card.recommendation.reason,
        },
    }


def _no_result() -> Json:
    nothing = dict.fromkeys(("confirmed", "possible", "band", "unknown_share"))
    axes: tuple[Axis, Axis] = ("separation", "handoff")
    return {
        **{axis: {**nothing, "dimensions": [], "lines": []} for axis in axes},
        "legs": dict.fromkeys(("marketing", "handoff", "sales")),
        **dict.fromkeys(("archetype", "weakest_exchange")),
        "troubles": [],
        "contradictions": [],
        "flags": [],
        "plan": [],
        "money": None,
        "money_refused": "incomplete",
        "consult": None,
    }


def _axis(score: AxisScore) -> Json:
    return {
        "confirmed": float(score.confirmed),
        "possible": float(score.possible),
        "band": score.band,
        "unknown_share": float(score.unknown_share),
        # Copies, because callers may change the JSON.
        "dimensions": [dict(_dimension(dimension)) for dimension in score.dimensions],
        "lines": [{**_line(line), "claims": list(line.item.claims)} for line in score.lines],
    }


@cache
def _dimension(score: DimensionScore) -> Json:
    return {
        "id": score.id,
        "confirmed": float(score.confirmed),
        "possible": float(score.possible),
        "weight": float(score.weight),
    }


@cache
def _line(line: Line) -> Json:
    return {
        "id": line.id,
        "dimension": line.item.dimension.id,
        "rung": UNKNOWN if line.unknown else line.rung,
        "points": float(line.points),
        "weight": float(line.weight),
        "earned": float(line.earned),
        "lost": float(line.lost),
    }


def _step(step: Step) -> Json:
    return {
        "id": step.id,
        "from": step.from_rung,
        "next": step.next_rung,
        "to": step.to_rung,
        "because": list(step.because),
    }


def _money(money: Money, currency: str) -> Json:
    refused: Json = {"money_refused": money.refused} if money.refused else {}
    if money.silent is None:
        return {"money": None, **refused}
    a_month = money.silent.a_month
    low, high = map(float, money.estimate.amount) if money.estimate else (None, None)
    return {
        "money": {
            "silent": [float(a_month.low), None if a_month.high is None else float(a_month.high)],
            "each": float(money.silent.each),
            "low": low,
            "high": high,
            "currency": currency,
            "steps": _steps(money.silent, money.estimate, currency),
        },
        **refused,
    }


def _steps(silent: Silent, estimate: Estimate | None, currency: str) -> list[str]:
    """The arithmetic in words, one line per figure."""
    fewest, most = silent.worked
    a_month = silent.a_month
    steps = [
        f"leads a month: {_span(silent.leads.low, silent.leads.high)}",
        f"of ten, with a clear answer: {_span(10 * fewest, 10 * most)}",
        f"so leads a month without a clear answer: {_span(a_month.low, a_month.high)}",
        f"first sale: {_number(silent.each)} {currency}",
    ]
    if estimate is None:
        return steps
    unworked = f"{_number(estimate.leads)} x {_number(1 - estimate.worked)}"
    return [
        *steps,
        f"of ten that are talked with, buy: {_number(10 * estimate.buy_rate)}",
        "leads without an answer may buy 10% to 50% as often as the others (our assumption)",
        f"so sales a month, by the middles ({unworked} leads): {_span(*estimate.sales)}",
        f"so a month, in {currency}: {_span(*estimate.amount)}",
    ]


def _span(low: Fraction, high: Fraction | None) -> str:
    return f"{_number(low)} or more" if high is None else f"{_number(low)} to {_number(high)}"


def _number(figure: Fraction) -> str:
    return f"{float(figure):g}"
