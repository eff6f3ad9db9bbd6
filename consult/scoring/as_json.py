"""The scorecard as the JSON that `consult score` prints (docs: the contract of the command)."""

from functools import cache

from consult.questionnaire import UNKNOWN, Axis
from consult.scoring.axis import AxisScore, DimensionScore
from consult.scoring.lines import Line
from consult.scoring.money import MoneyRange, Range
from consult.scoring.scorecard import Change, Scorecard, Unfinished

Json = dict[str, object]


def scorecard_json(card: Scorecard | Unfinished, currency: str = "USD") -> Json:
    """Plain data in the contract's shape. Scores are unrounded floats from 0 to 100."""
    answers = card.answers
    head: Json = {
        "edition": answers.questionnaire.name,
        "depth": answers.depth,
        "mode": answers.facts["mode"],
        "path": answers.facts["path"],
        "complete": isinstance(card, Scorecard),
        "missing": list(answers.missing),
        "ignored": list(answers.ignored),
    }
    if isinstance(card, Unfinished):
        return head | _no_result()
    best = card.best_change
    return head | {
        "separation": _axis(card.separation),
        "handoff": _axis(card.handoff),
        "archetype": card.archetype,
        "near_archetype": card.near_archetype,
        "weakest_exchange": card.weakest_exchange.id,
        "contradictions": [rule.id for rule in card.contradictions],
        "flags": [rule.id for rule in card.flags],
        "best_change": _change(best) if best else None,
        "plan": [_change(change) for change in card.plan],
        **_money(card.money, currency),
        "consult": {
            "recommended": card.recommendation.recommended,
            "topic": card.recommendation.topic,
        },
    }


def _no_result() -> Json:
    nothing = dict.fromkeys(("confirmed", "possible", "band", "near", "unknown_share"))
    axes: tuple[Axis, Axis] = ("separation", "handoff")
    return {
        **{axis: {**nothing, "dimensions": [], "lines": []} for axis in axes},
        **dict.fromkeys(("archetype", "near_archetype", "weakest_exchange")),
        "contradictions": [],
        "flags": [],
        "best_change": None,
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
        "near": score.near,
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


def _change(change: Change) -> Json:
    return {
        "id": change.id,
        "from": change.from_rung,
        "to": change.to_rung,
        "axis": change.axis,
        "before": float(change.before),
        "after": float(change.after),
    }


def _money(money: MoneyRange | str, currency: str) -> Json:
    if isinstance(money, str):
        return {"money": None, "money_refused": money}
    amount = money.amount
    return {
        "money": {
            "low": float(amount.low),
            "high": float(amount.high),
            "currency": currency,
            "steps": _steps(money, currency),
        }
    }


def _steps(money: MoneyRange, currency: str) -> list[str]:
    return [
        f"leads a month: {_span(money.leads)}",
        f"of ten, without a clear answer: {_span(money.unworked, times=10)}",
        f"so leads a month without a clear answer: {_span(money.unworked_leads)}",
        f"of ten that are talked with, buy: {_span(money.buy_rate, times=10)}",
        "leads without an answer may buy 25% to 75% as often as the others (our assumption)",
        f"so sales a month: {_span(money.sales)}",
        f"first sale: {float(money.first_sale):g} {currency}",
        f"so a month, in {currency}: {_span(money.amount)}",
    ]


def _span(figure: Range, times: int = 1) -> str:
    return f"{float(times * figure.low):g} to {float(times * figure.high):g}"
