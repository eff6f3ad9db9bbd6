"""The page about the consult: whether it helps, what to talk about, what to bring or to watch."""

from collections.abc import Iterable, Mapping
from typing import Any

from consult.report.report import AgendaPoint, Consult, Dimension, Finding, Fix
from consult.scoring import Recommendation

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
    """What to say about the consult. `findings` are the edition's words; `parts` all dimensions.

    The agenda is made of findings: the topic of the advice, then the first contradiction or, when
    there is none, the first step of the plan.
    """
    offer, words = findings["consult"], findings["consult_agenda"]
    own = offer[advice.recommended]
    by_id = {part.id: part for part in parts}
    topic = by_id.get(advice.topic or "")
    agenda = _agenda(words["points"], tuple(troubles), topic, contradictions, plan) if topic else ()
    watched = min(by_id.values(), key=lambda part: (part.confirmed, not part.critical))
    return Consult(
        recommended=advice.recommended,
        topic=offer["topics"][advice.topic] if advice.topic else "",
        title=own["title"].format(topic=offer["topics"].get(advice.topic, "")),
        text=own["text"],
        button=own["button"],
        helps=words["helps"],
        helps_not=words["helps_not"],
        agenda=agenda,
        bring=tuple(words[_BRING[path]]),
        watch=tuple(line.format(name=watched.name, asks=watched.asks) for line in words["watch"]),
    )


def _agenda(
    words: Mapping[str, str],
    troubles: tuple[str, ...],
    topic: Dimension,
    contradictions: tuple[Finding, ...],
    plan: tuple[Fix, ...],
) -> tuple[AgendaPoint, ...]:
    named = words["troubles"].format(troubles="; ".join(troubles))
    if contradictions:
        obstacle = words["contradiction"].format(finding=contradictions[0].text)
    else:
        obstacle = words["first_fix"].format(title=plan[0].title)
    points = (
        named if troubles else words["no_troubles"],
        words["topic"].format(name=topic.name, says=topic.says),
        obstacle,
        words["close"],
    )
    return tuple(AgendaPoint(when, text) for when, text in zip(_MINUTES, points, strict=True))
