"""Sections of the report: the agreement, the two jobs, the consult agenda, the money in words.

What the owner does already is in the agreement as settled; everything else is a sentence with
blanks, so that it claims nothing that the owner never said.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from consult.questionnaire import journey
from consult.questionnaire.journey import Asked, Walk
from consult.questionnaire.questions import UNKNOWN
from consult.report.display import in_words, significant
from consult.report.report import (
    AgendaPoint,
    Agreement,
    AgreementLine,
    Consult,
    Dimension,
    Finding,
    Fix,
    JobLine,
    Money,
    NamedTrouble,
    TwoJobs,
)
from consult.scoring.archetypes import RUNNING_IN_THE_DARK, best_answer, worst_answers
from consult.scoring.axis import Line
from consult.scoring.money import UNWORKED_WORTH, Estimate, Range, Silent
from consult.scoring.money import Money as Figures
from consult.scoring.scorecard import Recommendation, Scorecard
from consult.settings.brand import CURRENCY_SIGNS


def agreement_of(walk: Walk) -> Agreement:
    texts = walk.questionnaire.texts.findings["agreement"]
    page = walk.for_owner(texts["page"])
    left_out = {(one.question.id, one.reason) for one in walk.not_asked}
    lines = []
    for id, question in walk.questionnaire.structure.roles.agreement.items():
        own, answered = walk.for_owner(texts["lines"][id]), walk.by_id.get(question)
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
    return asked is not None and str(asked.answer) == list(asked.wording.choices)[-1]


def jobs_of(walk: Walk, sign: str) -> TwoJobs:
    texts = walk.questionnaire.texts.findings["jobs"]
    lines = []
    for id, line in walk.questionnaire.structure.roles.jobs.items():
        own = walk.for_owner(texts["lines"][id])
        said = [answer_to(items, walk, sign) for items in (line.marketing, line.sales)]
        lines.append(JobLine(own["name"], own["marketing"], own["sales"], *said))
    frame = {key: text for key, text in texts.items() if key != "lines"}
    return TwoJobs(**frame, lines=tuple(lines))


def answer_to(items: Iterable[str], walk: Walk, sign: str = "") -> str:
    """The answer to the first of these questions that was answered, or an empty text."""
    said = next((id for id in items if id in walk.on_path.values), None)
    return in_words(walk.by_id[said], sign) if said else ""


LONGEST_FINDING = 18
"""The most words of the finding; with more, it says one thing less."""


def finding_of(card: Scorecard, walk: Walk) -> str:
    """The result as one sentence: the best of the strongest leg, but the worst of the weak ones."""
    texts = walk.questionnaire.texts.findings["finding"]
    dark = card.archetype == RUNNING_IN_THE_DARK
    worst = worst_answers(card.legs, [step.id for step in card.plan], dark)
    goods = []
    for leg in sorted(card.legs, key=lambda leg: -leg.confirmed):
        if best := best_answer(leg):
            goods.append(_said(best, "good", walk))
        elif not (leg.weak or dark):
            goods.append(texts["holds"][leg.id])
    if not worst and len(goods) < 2:
        goods.append(texts["steady"])
    made = []
    for count in (3, 2, 1):
        lows = [_said(line, "low", walk) for line in worst[:count] if not line.unknown]
        if unknown := [_said(line, "text", walk) for line in worst[:count] if line.unknown]:
            lows.append(texts["unknown"].format(unknown=" or ".join(unknown)))
        if not lows or not goods:
            made.append(f"{_listed(lows or goods[:count])}.")
        elif count < 3:
            made.append(texts["but"].format(good=goods[0], low=_listed(lows)))
    short = next(text for text in made if len(text.split()) <= LONGEST_FINDING)
    return re.sub(r"\w", lambda first: first.group().upper(), short, count=1)


def _said(line: Line, kind: str, walk: Walk) -> str:
    texts = walk.questionnaire.texts.findings["finding"]
    own = texts["unknowns" if kind == "text" else "answers"][line.id]
    return str(walk.for_owner(own)[kind])


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


_SHARES = (Fraction(0), Fraction(1, 6), Fraction(1, 2), Fraction(5, 6), Fraction(1))
"""When the points of its agenda begin, and when the last one ends."""

_BRING = {"conversation": "bring", "counter": "bring_shop", "checkout": "bring_online"}


def consult_of(
    advice: Recommendation,
    walk: Walk,
    minutes: int,
    *,
    troubles: tuple[NamedTrouble, ...],
    parts: Iterable[Dimension],
    contradictions: tuple[Finding, ...],
    plan: tuple[Fix, ...],
) -> Consult:
    """What to say about a consult of so many minutes; `parts` are all dimensions.

    The agenda is made of findings: the topic of the advice, then the first contradiction or, when
    there is none, the first step of the plan.
    """
    findings = walk.questionnaire.texts.findings
    offer, texts = findings["consult"], findings["consult_agenda"]
    own = offer[advice.reason or advice.recommended]
    by_id = {part.id: part for part in parts}
    # The topic is a trouble, and with it the part that it points to, or a part of its own.
    points_to = {trouble.id: trouble.dimension for trouble in troubles}
    topic = by_id.get(points_to.get(advice.topic or "", advice.topic or ""))
    agenda: tuple[AgendaPoint, ...] = ()
    if topic and advice.recommended != "not_now":
        names = [trouble.name for trouble in troubles]
        points = _agenda(texts["points"], names, topic, contradictions, plan)
        times = [round(share * minutes) for share in _SHARES]
        agenda = tuple(
            AgendaPoint(f"{start}–{end}", text)
            for (start, end), text in zip(pairwise(times), points, strict=True)
        )
    fill = {
        "more": _more_questions(walk),
        "topic": offer["topics"].get(advice.topic, ""),
        "minutes": minutes,
        "trouble": next((one.name for one in troubles if one.id == advice.topic), ""),
        "title": plan[0].title if plan else "",
    }
    about = texts["about" if fill["trouble"] else "about_step"] if plan else ""
    watched = min(by_id.values(), key=lambda part: (part.confirmed, not part.critical))
    return Consult(
        recommended=advice.recommended,
        topic=offer["topics"][advice.topic] if advice.topic else "",
        title=own["title"].format(**fill),
        text=own["text"].format(**fill),
        button=own["button"],
        about=about.format(**fill),
        outcome=texts["outcome"],
        is_not=texts["is_not"],
        minutes=minutes,
        helps=texts["helps"],
        helps_not=texts["helps_not"],
        agenda=agenda,
        bring=tuple(texts[_BRING[walk.facts["path"]]]),
        watch=tuple(line.format(name=watched.name, asks=watched.asks) for line in texts["watch"]),
    )


def _more_questions(walk: Walk) -> int:
    """How many questions a full check would still ask."""
    if walk.depth == "full":
        return 0
    return len(journey.walk(walk.questionnaire, walk.on_path.values, "full").missing)


def _agenda(
    texts: Mapping[str, str],
    troubles: Sequence[str],
    topic: Dimension,
    contradictions: tuple[Finding, ...],
    plan: tuple[Fix, ...],
) -> tuple[str, ...]:
    named = texts["troubles"].format(troubles="” and “".join(troubles))
    if contradictions:
        obstacle = texts["contradiction"].format(finding=contradictions[0].text)
    else:
        obstacle = texts["first_fix"].format(title=plan[0].title)
    return (
        named if troubles else texts["no_troubles"],
        texts["topic"].format(name=topic.name, says=topic.says),
        obstacle,
        texts["close"],
    )


_STEPS = ("leads", "worked", "silent")
_STEPS_OF_RANGE = ("buy", "value", "middles", "discount")
_OURS = ("middles", "discount")


def money_in_words(found: Figures, walk: Walk, sign: str) -> tuple[Money | None, str]:
    """The leads without an answer and the range with its sum; and the reason why there is none."""
    texts = walk.for_owner(walk.questionnaire.texts.findings["money"])
    step_texts = walk.for_owner(texts["steps"])
    refused = texts["refusals"][found.refused] if found.refused else ""
    if found.disagreeing:
        refused = disagreement(found, refused)
    if found.silent is None:
        return None, refused
    figures = _figures(found.silent, found.estimate, sign)
    steps = (*_STEPS, *(_STEPS_OF_RANGE if found.estimate else ()))
    ends = (_end(found.estimate, end, sign) for end in (0, 1)) if found.estimate else ()
    money = Money(
        silent=texts["silent"].format(**figures),
        result=texts["result"].format(**figures) if found.estimate else "",
        steps=tuple(step_texts[step].format(**figures) for step in steps),
        sums=tuple(
            step_texts[name].format(**end) for name, end in zip(("low", "high"), ends, strict=False)
        ),
        assumptions=tuple(texts["assumptions"]) if found.estimate else (),
        tags=tuple(texts["tags"]["assumed" if step in _OURS else "said"] for step in steps),
    )
    return money, refused


def disagreement(found: Figures, text: str) -> str:
    """A text with both counts of new customers filled in, where they disagree."""
    given, made = map(_rounded, found.disagreeing or ())
    return text.format(given=given, made=made)


def money_in_figures(found: Figures, shown: Money) -> Mapping[str, str]:
    """The figures that the owner read, for words of one's own; empty without any.

    `shown` is what the owner read, which alone still knows its currency.
    """
    if found.silent is None:
        return {}
    each = _figures(found.silent, None, "")["each"]
    signs = [sign for sign in CURRENCY_SIGNS.values() if sign + each in shown.silent]
    sign = max(signs, key=len, default="")  # "$" is in "A$" as well
    return _figures(found.silent, found.estimate, sign)


def _figures(silent: Silent, estimate: Estimate | None, sign: str) -> dict[str, str]:
    figures = {
        "leads": _range(silent.leads, _number),
        "worked": _range(Range(*(10 * end for end in silent.worked)), _number),
        "silent": _about(silent.a_month),
        "each": _money(silent.each, sign),
        "value": _money(silent.each, sign),
    }
    if estimate is None:
        return figures
    (low, high), (sales_low, sales_high) = estimate.amount, estimate.sales
    return figures | {
        "buy": _number(10 * estimate.buy_rate),
        "discount": _range(Range(*UNWORKED_WORTH), _percent),
        "sales_low": _sales(sales_low),
        "sales_high": _sales(sales_high),
        "low": _money(Fraction(significant(low)), sign),
        "high": _money(Fraction(significant(high)), sign),
    }


def _end(estimate: Estimate, end: int, sign: str) -> dict[str, str]:
    """The figures of one end of the sum, 0 for the low one."""
    return {
        "leads": _number(estimate.leads),
        "unworked": _percent(1 - estimate.worked),
        "buy": _percent(estimate.buy_rate),
        "value": _money(estimate.each, sign),
        "discount": _percent(UNWORKED_WORTH[end]),
        "result": _money(estimate.amount[end], sign),
    }


def _range(ends: Range, show: Callable[[Fraction], str]) -> str:
    low = show(ends.low)
    if ends.high is None:
        return f"{low} or more"
    high = show(ends.high)
    return low if low == high else f"{low} to {high}"


def _about(ends: Range) -> str:
    """A range of whole numbers; "up to 10" where it begins at none."""
    shown = _range(ends, _rounded)
    return f"up to {shown.removeprefix('0 to ')}" if shown.startswith("0 to ") else f"about {shown}"


def _rounded(value: Fraction) -> str:
    return _number(Fraction(int(value + Fraction(1, 2))))


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
