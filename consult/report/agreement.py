"""The handoff agreement: one page to pin on the wall, filled in from the answers.

What the owner does already stands there as settled; everything else is a sentence with blanks, so
that nobody is told to have agreed to something that they never said.
"""

from collections.abc import Mapping
from typing import Any

from consult.questionnaire import UNKNOWN, Asked, Walk
from consult.report.answer_text import in_words
from consult.report.report import Agreement, AgreementLine


def agreement_of(walk: Walk, words: Mapping[str, Any]) -> Agreement:
    """The agreement of a complete walk; `words` is `agreement` in the edition's findings."""
    page = _own_words(words["page"], walk)
    asked = {one.id: one for one in walk.asked}
    lines = []
    for id, question in walk.questionnaire.structure.roles.agreement.items():
        own, answered = _own_words(words["lines"][id], walk), asked.get(question)
        text = own["settled" if _is_settled(answered) else "open"]
        who = words["names"][str(answered.answer)] if "{who}" in text and answered else ""
        today = _today(answered, page, "quick_look" in _left_out(walk, question))
        lines.append(AgreementLine(id, own["title"], text.format(who=who), today))
    return Agreement(page["title"], page["intro"], page["today"], page["signed"], tuple(lines))


def _own_words(words: Mapping[str, Any], walk: Walk) -> Mapping[str, str]:
    """The words for this business. A shop or a web store may be run by one person or by many."""
    path, mode = walk.facts["path"], walk.facts["mode"]
    changes = words.get("in", {}).get(mode if path == "conversation" else path, {})
    return {**words, **changes}


def _left_out(walk: Walk, question: str) -> list[str]:
    """The reason why a question was not asked, if it was not."""
    return [one.reason for one in walk.not_asked if one.question.id == question]


def _today(asked: Asked | None, page: Mapping[str, str], for_later: bool) -> str:
    """What the owner does so far, or why that is not known; empty if the question does not fit."""
    if asked is None:
        return page["not_asked"] if for_later else ""
    return page["unknown"] if asked.answer == UNKNOWN else in_words(asked, sign="")


def _is_settled(asked: Asked | None) -> bool:
    """Whether an answer is the best that was offered."""
    return asked is not None and str(asked.answer) == list(asked.wording.choices)[-1]
