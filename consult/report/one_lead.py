"""One real lead, as its own small relay: where it waited longest, beside what was said in general.

It comes from a few optional answers about one person, and nothing of it is scored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consult.questionnaire.journey import Asked, Walk
from consult.questionnaire.model import OneLeadInputs
from consult.questionnaire.questions import UNKNOWN, Answer
from consult.report.display import in_words, mid_sentence

BEFORE_REPLY, WITH_YOU, NOWHERE = "before_reply", "with_you", "nowhere"
_A_WEEK = 7
"""Days after which a reply that has not come yet is later than any that was offered."""


@dataclass(frozen=True)
class LeadStop:
    """A stop of one real lead: the answers about it, and a mark where it waited longest."""

    name: str
    answers: tuple[str, ...]
    mark: str


@dataclass(frozen=True)
class OneLead:
    """How one real lead fared, based on the owner's answers.

    `longest` says where it waited longest, `beside` holds it beside what was said in general, and
    `waiting` tells staff that it waits for the owner. Each is empty where it does not apply.
    """

    title: str
    intro: str
    stops: tuple[LeadStop, ...]
    longest: str
    beside: str
    waiting: str


def one_lead_of(walk: Walk) -> OneLead | None:
    """The relay of the lead; None when the owner skipped it or does not know what came of it."""
    inputs, asked, known = _answers_of(walk)
    if inputs.evidence not in known or not {inputs.heard_back, inputs.ended} & known.keys():
        return None
    texts = walk.for_owner(walk.questionnaire.texts.findings["one_lead"])
    longest = waited_longest(known, inputs)
    waiting = inputs.left_with.get(str(known.get(inputs.ended))) == WITH_YOU
    return OneLead(
        title=texts["title"],
        intro=texts["intro"],
        stops=tuple(_stops(asked, inputs, texts, longest)),
        longest=texts[longest] if longest else "",
        beside=_beside(asked, known, inputs, texts),
        waiting=texts["waiting"] if waiting else "",
    )


def far_from_usual(walk: Walk) -> str:
    """What was said in general beside this lead, where they are two rungs or more apart, or ""."""
    inputs, asked, known = _answers_of(walk)
    if inputs.evidence not in known:
        return ""
    texts = walk.for_owner(walk.questionnaire.texts.findings["one_lead"])
    return _beside(asked, known, inputs, texts, apart=2)


def _answers_of(walk: Walk) -> tuple[OneLeadInputs, dict[str, Asked], dict[str, Answer | None]]:
    """Which questions are about the lead; what was answered, and what of it is known."""
    asked = {id: one for id, one in walk.by_id.items() if one.answer is not None}
    known = {id: one.answer for id, one in asked.items() if one.answer != UNKNOWN}
    return walk.questionnaire.structure.roles.one_lead, asked, known


def waited_longest(known: Mapping[str, Answer | None], inputs: OneLeadInputs) -> str:
    """Where the lead waited longest: the name of the text that says so; "" if nothing tells.

    The days are the middles of what was answered, so a near tie may be told either way.
    """
    heard, ended, since = (
        str(known.get(id)) for id in (inputs.heard_back, inputs.ended, inputs.asked)
    )
    if heard not in inputs.days_to_reply:
        return ""
    reply = inputs.days_to_reply[heard]
    if reply is None:
        return BEFORE_REPLY
    left_with = inputs.left_with.get(ended, inputs.left_with.get(str(known.get(inputs.last_word))))
    if left_with is None or inputs.ended not in known:
        return ""
    if not left_with:  # it came to an end
        return BEFORE_REPLY if reply else NOWHERE
    if since not in inputs.days_since:
        return ""
    after = inputs.days_since[since] - reply
    if max(reply, after) <= 0:
        return NOWHERE
    return left_with if after > reply else BEFORE_REPLY


def _stops(
    asked: Mapping[str, Asked], inputs: OneLeadInputs, texts: Mapping[str, Any], longest: str
) -> Iterator[LeadStop]:
    waited = {NOWHERE: "", "": "", BEFORE_REPLY: "reply"}.get(longest, "now")
    for name, ids in (
        ("came", (inputs.came_from, inputs.asked)),
        ("reply", (inputs.heard_back,)),
        ("now", (inputs.ended, inputs.last_word)),
    ):
        answers = {id: in_words(asked[id], sign="") for id in ids if id in asked}
        if inputs.last_word in answers:
            answers[inputs.last_word] = texts["last"].format(who=answers[inputs.last_word])
        if answers:
            mark = texts["here"] if name == waited else ""
            yield LeadStop(texts[name], tuple(answers.values()), mark)


def _beside(
    asked: Mapping[str, Asked],
    known: Mapping[str, Answer | None],
    inputs: OneLeadInputs,
    texts: Mapping[str, Any],
    apart: int = 1,
) -> str:
    """What was said in general, where this lead fared otherwise by so many rungs, or "".

    A shop's rungs are about greeting a visitor, so they are on another scale.
    """
    usual, heard = asked.get(inputs.first_reply), str(known.get(inputs.heard_back))
    if usual is None or usual.variant in usual.question.rungs_in or heard not in inputs.rungs:
        return ""
    waits = inputs.days_to_reply[heard] is None
    if waits and inputs.days_since.get(str(known.get(inputs.asked)), 0) < _A_WEEK:
        return ""
    if not isinstance(usual.answer, int) or abs(usual.answer - inputs.rungs[heard]) < apart:
        return ""
    said = in_words(usual, sign="").rstrip(".")
    text: str = texts["beside"]
    return text.format(usual=mid_sentence(said), heard=texts["heard"][heard])
