"""Whether an edition is fit to be shown, and fits each reader: one person, a shop, a web store."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from consult.editing.coverage import coverage_problems, kinds_of_business
from consult.editing.language import choice_problems, language_problems
from consult.editing.texts import Problem, place_of, texts_of
from consult.questionnaire.editions import folder
from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, Kind
from consult.questionnaire.wording import Tool, Wording

SOLO, TEAM = "solo", "team"
_READ_FIELDS = ("ask", "help", "unknown", "why", "fix", "unknown_fix", "proof")
_WE = re.compile(r"\b(we|us|our|ours)\b", re.IGNORECASE)
_QUOTED = re.compile(r"“[^”]*”")
_SHOPS = {"checkout", "counter"}
_LEAD = re.compile(r"\bleads?\b", re.IGNORECASE)


def check(questionnaire: Questionnaire) -> list[Problem]:
    """Everything to change in the edition, in words for an editor; empty when it is fit."""
    return [
        *coverage_problems(questionnaire),
        *reader_problems(questionnaire),
        *tool_problems(questionnaire),
        *choice_problems(questionnaire),
        *language_problems(texts_of(folder(questionnaire.name) / "wording")),
    ]


def reader_problems(questionnaire: Questionnaire) -> list[Problem]:
    """Wordings that do not fit a reader: “we” for one person, “leads” for a shop or a store."""
    of_items = [
        Problem(f"{place_of(questionnaire, question, variant)}: {field}", message)
        for question in questionnaire.questions.values()
        if question.kind is Kind.RUNG
        for variant, field, message in _item(questionnaire.texts.questions[question.id])
    ]
    return [*of_items, *_leads_in_shops(questionnaire)]


def _leads_in_shops(questionnaire: Questionnaire) -> Iterator[Problem]:
    shown = {
        (asked.id, asked.variant): asked
        for profile in kinds_of_business(questionnaire)
        for walked in [walk(questionnaire, profile)]
        if _SHOPS & set(walked.facts.values())
        for asked in walked.asked
    }
    for asked in shown.values():
        texts = (asked.wording.title, asked.wording.note, *_texts(asked.wording).values())
        if _LEAD.search(" / ".join(texts)):
            yield Problem(
                place_of(questionnaire, asked.question, asked.variant),
                "says “lead” to a shop. Speak of visitors, shoppers or carts",
            )


def _item(variants: Mapping[str, Wording]) -> Iterator[tuple[str, str, str]]:
    """Variant, field and message of each text that does not fit."""
    for name, wording in variants.items():
        if name == TEAM or (name == BASE and SOLO in variants):
            continue
        for field, texts in _texts(wording).items():
            if _WE.search(_QUOTED.sub("", texts)):
                yield name, field, "says “we”, and one person alone may read it"
            elif name not in (BASE, SOLO) and _left_to_the_team(variants, name, field):
                message = "is missing: a firm of one would read the team’s text. Word it for both"
                yield name, field, message


def _left_to_the_team(variants: Mapping[str, Wording], name: str, field: str) -> bool:
    """Whether a variant keeps a base text that had to be worded again for one person."""
    if SOLO not in variants:
        return False
    base, solo, here = (_texts(variants[each])[field] for each in (BASE, SOLO, name))
    return here == base != solo


def _texts(wording: Wording) -> dict[str, str]:
    texts = {field: str(getattr(wording, field)) for field in _READ_FIELDS}
    return {**texts, "choices": " / ".join(wording.choices.values())}


_FEWEST_WORDS, _MOST_WORDS = 40, 140
_WORD = re.compile(r"[^\W_]+(?:’[^\W_]+)?")
_OF_THE_PHONE_TRADES = re.compile(r"\b(leads?|quotes?)\b", re.IGNORECASE)
"""What shops and web stores do not have: they have visitors, shoppers and carts."""


def tool_problems(questionnaire: Questionnaire) -> list[Problem]:
    """Tools that are too short or too long, that nobody gets, or that do not fit who gets them."""
    readers = _readers(questionnaire)
    problems = []
    for id, variants in questionnaire.texts.tools.items():
        for name, tool in variants.items():
            place = f"tools.yaml: {id}" if name == BASE else f"tools.yaml: {id}: in {name}"
            messages = [*_length(tool), *_fit(tool, readers[id, name])]
            # The base may be hidden behind its variants: it is what they start from.
            if name != BASE and not readers[id, name]:
                messages = ["no business gets this tool"]
            problems += [Problem(place, message) for message in messages]
    return problems


def _readers(questionnaire: Questionnaire) -> dict[tuple[str, str], set[str]]:
    """The values of the facts of all who get a tool, by item and variant."""
    readers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for profile in kinds_of_business(questionnaire):
        walked = walk(questionnaire, profile)
        for asked in walked.asked:
            if asked.question.kind is Kind.RUNG:
                variant = questionnaire.tool_variant(asked.id, walked.facts)
                readers[asked.id, variant].update(walked.facts.values())
    return readers


def _length(tool: Tool) -> Iterator[str]:
    count = len(_WORD.findall(tool.text))
    if not _FEWEST_WORDS <= count <= _MOST_WORDS:
        yield f"has {count} words. A tool has {_FEWEST_WORDS} to {_MOST_WORDS}"


def _fit(tool: Tool, readers: set[str]) -> Iterator[str]:
    if SOLO in readers and _WE.search(_QUOTED.sub("", tool.text)):
        yield "says “we”, and one person alone may read it"
    if readers & _SHOPS:
        for match in _OF_THE_PHONE_TRADES.finditer(f"{tool.name} {tool.text}"):
            yield f"says “{match.group()}” to a shop. Speak of visitors, shoppers or carts"
