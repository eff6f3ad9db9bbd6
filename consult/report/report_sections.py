"""Sections of the report: the handoff agreement, the consult agenda, the money range in words.

What the owner does already is in the agreement as settled; everything else is a sentence with
blanks, so that it claims nothing that the owner never said.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from consult.questionnaire import UNKNOWN, Asked, Walk
from consult.questionnaire.yaml_texts import for_owner
from consult.report.display import in_words, significant
from consult.report.report import (
    AgendaPoint,
    Agreement,
    AgreementLine,
    Consult,
    Dimension,
    Finding,
    Fix,
    Money,
)
from consult.scoring import Recommendation
from consult.scoring.money import UNWORKED_WORTH, MoneyRange, Range
from consult.settings.brand import CURRENCY_SIGNS


def agreement_of(walk: Walk, texts: Mapping[str, Any]) -> Agreement:
    """The agreement of a complete walk; `texts` is `agreement` in the edition's findings."""
    page = for_owner(texts["page"], walk.facts)
    asked = {one.id: one for one in walk.asked}
    left_out = {(one.question.id, one.reason) for one in walk.not_asked}
    lines = []
    for id, question in walk.questionnaire.structure.roles.agreement.items():
        own, answered = for_owner(texts["lines"][id], walk.facts), asked.get(question)
        text = own["settled" if _is_decided(answered) else "open"]
        who = texts["names"][str(answered.answer)] if "{who}" in text and answered else ""
        today = _today(answered, page, (question, "quick_look") in left_out)
        lines.append(AgreementLine(id, own["title"], text.format(who=who), today))
    return Agreement(page["title"], page["intro"], page["today"], page["signed"], tuple(lines))


def _today(asked: Asked | None, page: Mapping[str, str], for_later: bool) -> str:
    """What the owner does so far, or why that is not known; empty if the question does not fit."""
    if asked is None:
        return page["not_asked"] if for_later else ""
    return page["unknown"] if asked.answer == UNKNOWN else in_words(asked, sign="")


def _is_decided(asked: Asked | None) -> bool:
    """Whether an answer is the best that was offered."""
    return asked is not None and str(asked.answer) == list(asked.wording.choices)[-1]


_MINUTES = ("0–5", "5–15", "15–25", "25–30")
_BRING = {"conversation": "bring", "counter": "bring_shop", "checkout": "bring_online"}


def consult_of(
    advice: Recommendation,
    findings: Mapping[str, Any],
    *,
    path: str,
    troubles: Iterable[str],
    parts: Iterable[Dimension],
    contradictions: tuple[Finding, ...],
    plan: tuple[Fix, ...],
) -> Consult:
    """What to say about the consult. `findings` are the edition's texts; `parts` all dimensions.

    The agenda is made of findings: the topic of the advice, then the first contradiction or, when
    there is none, the first step of the plan.
    """
    offer, texts = findings["consult"], findings["consult_agenda"]
    own = offer[advice.recommended]
    by_id = {part.id: part for part in parts}
    topic = by_id.get(advice.topic or "")
    agenda = _agenda(texts["points"], tuple(troubles), topic, contradictions, plan) if topic else ()
    watched = min(by_id.values(), key=lambda part: (part.confirmed, not part.critical))
    return Consult(
        recommended=advice.recommended,
        topic=offer["topics"][advice.topic] if advice.topic else "",
        title=own["title"].format(topic=offer["topics"].get(advice.topic, "")),
        text=own["text"],
        button=own["button"],
        helps=texts["helps"],
        helps_not=texts["helps_not"],
        agenda=agenda,
        bring=tuple(texts[_BRING[path]]),
        watch=tuple(line.format(name=watched.name, asks=watched.asks) for line in texts["watch"]),
    )


def _agenda(
    texts: Mapping[str, str],
    troubles: tuple[str, ...],
    topic: Dimension,
    contradictions: tuple[Finding, ...],
    plan: tuple[Fix, ...],
) -> tuple[AgendaPoint, ...]:
    named = texts["troubles"].format(troubles="; ".join(troubles))
    if contradictions:
        obstacle = texts["contradiction"].format(finding=contradictions[0].text)
    else:
        obstacle = texts["first_fix"].format(title=plan[0].title)
    points = (
        named if troubles else texts["no_troubles"],
        texts["topic"].format(name=topic.name, says=topic.says),
        obstacle,
        texts["close"],
    )
    return tuple(AgendaPoint(when, text) for when, text in zip(_MINUTES, points, strict=True))


_STEPS = ("leads", "unworked", "buy", "discount", "value")


def money_in_words(
    found: MoneyRange | str, texts: Mapping[str, Any], sign: str
) -> tuple[Money | None, str]:
    """The range with its sum, and "" ; or None and the reason why there is none.

    `texts` are the edition's on money, `sign` goes before each amount.
    """
    if isinstance(found, str):
        return None, texts["refusals"][found]
    figures = _figures(found, sign)
    money = Money(
        result=texts["result"].format(**_result(found, sign)),
        steps=tuple(texts["steps"][step].format(**figures) for step in _STEPS),
        sums=(
            texts["steps"]["low"].format(**_end(found, "low", sign)),
            texts["steps"]["high"].format(**_end(found, "high", sign)),
        ),
        assumptions=tuple(texts["assumptions"]),
        tags=tuple(texts["tags"]["assumed" if step == "discount" else "said"] for step in _STEPS),
    )
    return money, ""


def money_in_figures(found: MoneyRange, shown: Money) -> Mapping[str, str]:
    """The range and what it rests on, as figures for words of one's own.

    `shown` is what the owner read of it, which alone still knows its currency.
    """
    high = _result(found, "")["high"]
    signs = [sign for sign in CURRENCY_SIGNS.values() if sign + high in shown.result]
    sign = max(signs, key=len, default="")  # "$" is in "A$" as well
    return {**_figures(found, sign), **_result(found, sign)}


def _result(found: MoneyRange, sign: str) -> dict[str, str]:
    return {
        "sales_low": _sales(found.sales.low),
        "sales_high": _sales(found.sales.high),
        "low": _money(Fraction(significant(found.amount.low)), sign),
        "high": _money(Fraction(significant(found.amount.high)), sign),
    }


def _figures(found: MoneyRange, sign: str) -> dict[str, str]:
    """The figures that go into the sum, as ranges."""
    return {
        "leads": _range(found.leads, _number),
        "unworked": _range(found.unworked, _percent),
        "buy": _range(Range(found.buy_rate.low * 10, found.buy_rate.high * 10), _number),
        "discount": _range(Range(*UNWORKED_WORTH), _percent),
        "value": _money(found.first_sale, sign),
    }


def _end(found: MoneyRange, end: str, sign: str) -> dict[str, str]:
    """The figures of one end of the sum."""
    return {
        "leads": _number(getattr(found.leads, end)),
        "unworked": _percent(getattr(found.unworked, end)),
        "buy": _percent(getattr(found.buy_rate, end)),
        "discount": _percent(UNWORKED_WORTH[0 if end == "low" else 1]),
        "value": _money(found.first_sale, sign),
        "result": _money(getattr(found.amount, end), sign),
    }


def _range(ends: Range, show: Any) -> str:
    low, high = show(ends.low), show(ends.high)
    return low if low == high else f"{low} to {high}"


def _number(value: Fraction) -> str:
    return f"{float(value):,.10g}"


def _percent(value: Fraction) -> str:
    return f"{float(value * 100):.3g}%"


def _money(value: Fraction, sign: str) -> str:
    cents = value.denominator != 1 and value < 100
    return f"{sign}{float(value):,.2f}" if cents else f"{sign}{float(value):,.0f}"


def _sales(value: Fraction) -> str:
    """About how many sales: one figure below one, whole numbers above."""
    return f"{float(value):.1g}" if value < 1 else f"{float(value):.0f}"
