"""Whether each reader is spoken to as what they are: one person is not "we"."""

import re
from collections.abc import Iterator, Mapping

from consult.content.problem import Problem
from consult.content.texts import file_of
from consult.questionnaire import BASE, Kind, Questionnaire, Wording

SOLO, TEAM = "solo", "team"
_FIELDS = ("ask", "help", "why", "fix", "unknown_fix", "proof")
_WE = re.compile(r"\b(we|us|our|ours)\b", re.IGNORECASE)
_QUOTED = re.compile(r"“[^”]*”")


def reader_problems(questionnaire: Questionnaire) -> list[Problem]:
    """Wordings of scored items that a one-person firm may read, and that speak of several."""
    return [
        Problem(f"{file_of(questionnaire, question)}: {question.id}{place}", message)
        for question in questionnaire.questions.values()
        if question.kind is Kind.RUNG
        for place, message in _item(questionnaire.words.questions[question.id])
    ]


def _item(variants: Mapping[str, Wording]) -> Iterator[tuple[str, str]]:
    for name, wording in variants.items():
        if name == TEAM or (name == BASE and SOLO in variants):
            continue
        where = "" if name == BASE else f": in {name}"
        for field, words in _texts(wording).items():
            if _WE.search(_QUOTED.sub("", words)):
                yield f"{where}: {field}", "says “we”, and one person alone may read it"
            elif name not in (BASE, SOLO) and _left_to_the_team(variants, name, field):
                yield (
                    f"{where}: {field}",
                    "is missing: a firm of one would read the team’s text. Word it for both",
                )


def _left_to_the_team(variants: Mapping[str, Wording], name: str, field: str) -> bool:
    """Whether a variant keeps a base text that had to be worded anew for one person."""
    if SOLO not in variants:
        return False
    base, solo, here = (_texts(variants[each])[field] for each in (BASE, SOLO, name))
    return here == base != solo


def _texts(wording: Wording) -> dict[str, str]:
    texts = {field: str(getattr(wording, field)) for field in _FIELDS}
    return {**texts, "choices": " / ".join(wording.choices.values())}
