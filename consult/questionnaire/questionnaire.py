"""A questionnaire: one edition's structure and words, joined, and the answers that it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from consult.questionnaire.model import Dimension, Structure
from consult.questionnaire.questions import BASE, UNKNOWN, Answer, Depth, Kind, Part, Question
from consult.questionnaire.wording import EditionTexts, Tool, Wording, read_edition_texts
from consult.questionnaire.yaml_texts import Texts

Stretches = tuple[tuple[Part, tuple[str, ...]], ...]
"""Parts, each with the ids of some of its pages."""


@dataclass(frozen=True, eq=False)
class Questionnaire:
    """One edition, ready to be asked: ``structure`` says what, ``texts`` how.

    Compared by identity: there is one object for each edition (see `editions.load`).
    """

    structure: Structure
    texts: EditionTexts

    @property
    def name(self) -> str:
        return self.structure.name

    @property
    def questions(self) -> Mapping[str, Question]:
        return self.structure.questions

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return self.structure.dimensions

    def variant(self, question_id: str, facts: Mapping[str, str]) -> str:
        """The name of the wording to show for these facts: how people buy beats who works."""
        return self._variant_of(self.texts.questions[question_id], facts)

    def tool(self, item_id: str, facts: Mapping[str, str]) -> Tool:
        return self.texts.tools[item_id][self.tool_variant(item_id, facts)]

    def tool_variant(self, item_id: str, facts: Mapping[str, str]) -> str:
        return self._variant_of(self.texts.tools[item_id], facts)

    def for_owner(self, texts: Texts, facts: Mapping[str, str]) -> Texts:
        """Texts with what is worded otherwise for these facts, which is under ``in``."""
        variants: Mapping[str, Texts] = texts.get("in", {})
        return {**texts, **variants.get(self._variant_of(variants, facts), {})}

    def _variant_of(self, worded: Mapping[str, object], facts: Mapping[str, str]) -> str:
        values = (facts[fact] for fact in self.structure.variant_facts)
        return next((value for value in values if value in worded), BASE)

    def wordings(self, facts: Mapping[str, str]) -> Mapping[str, tuple[str, Wording]]:
        """Each question's variant and wording for these facts; few differ, so they are kept."""
        key = tuple(facts.items())
        if key not in self._wordings:
            variants = {id: self.variant(id, facts) for id in self.questions}
            self._wordings[key] = {id: (v, self.wording(id, v)) for id, v in variants.items()}
        return self._wordings[key]

    @cached_property
    def _wordings(self) -> dict[tuple[tuple[str, str], ...], Mapping[str, tuple[str, Wording]]]:
        return {}

    @cached_property
    def stretches(self) -> Mapping[Depth, Stretches]:
        """The parts with the ids of all pages that each depth may ask."""
        parts = self.structure.parts
        full = ((part, tuple(page.id for page in part.pages)) for part in parts)
        quick = ((part, tuple(page.id for page in part.pages if page.quick)) for part in parts)
        return {"full": tuple(full), "quick": tuple((part, ids) for part, ids in quick if ids)}

    def wording(self, question_id: str, variant: str = BASE) -> Wording:
        return self.texts.questions[question_id][variant]

    def accepts(self, question_id: str, variant: str, value: object) -> bool:
        offered = self._offered.get((question_id, variant))
        if offered is not None:
            # 1 == 1.0 == True in Python; only the whole number is a rung.
            return type(value) in (int, str) and value in offered
        question = self.questions[question_id]
        match question.kind:
            case Kind.CHOICES:
                return (
                    isinstance(value, tuple)
                    and all(choice in question.accepted for choice in value)
                    and len(value) == len(set(value)) <= (question.max_choices or len(value))
                )
            case Kind.NUMBER | Kind.COUNT:
                return _is_amount(value, question.most)
            case Kind.TEXT:
                return isinstance(value, str) and len(value) <= question.most
            case Kind.RANGE:
                return value in question.choices or _is_amount(value, question.most)
            case _:
                return False  # what offers choices has none in this wording

    @cached_property
    def _offered(self) -> Mapping[tuple[str, str], frozenset[Answer]]:
        """What each question with one answer offers, by question and variant of its wording."""
        return {
            (question.id, variant): frozenset(
                [
                    *range(len(question.choices_as(variant))),
                    *([UNKNOWN] if question.unknown else []),
                ]
                if question.kind is Kind.RUNG
                else question.choices
            )
            for question in self.questions.values()
            if question.kind in (Kind.RUNG, Kind.CHOICE, Kind.SORT)
            for variant in self.texts.questions[question.id]
        }


def join(structure: Structure, folder: Path) -> Questionnaire:
    """Join a structure with the wording in ``folder``; raises `EditionError` with the place."""
    return Questionnaire(structure, read_edition_texts(structure, folder))


def _is_amount(value: object, most: int) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= most  # also refuses NaN and infinity
    )


class AnswerError(ValueError):
    """An answer that the questionnaire does not offer; ``id`` names the question."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(f"{id}: {message}")
        self.id = id


def read_answers(questionnaire: Questionnaire, raw: Mapping[str, object]) -> dict[str, Answer]:
    """Check answers by question id and return them as the journey takes them.

    Whether a rung is in range depends on the wording, and that on the answers about the business,
    so each is held against the variant that these answers lead to.
    Raises `AnswerError` for an unknown id, a wrong type, or a value that is not offered.
    """
    read: dict[str, Answer] = {}
    for id, value in raw.items():
        if id not in questionnaire.questions:
            raise AnswerError(id, f"is not a question of edition {questionnaire.name}")
        # Only JSON's own types can reach us; lists are the one that needs another shape.
        read[id] = tuple(value) if isinstance(value, list) else value  # type: ignore[assignment]
    facts = questionnaire.structure.facts_of(read)
    for id, answer in read.items():
        variant = questionnaire.variant(id, facts)
        if not questionnaire.accepts(id, variant, answer):
            offered = _offered(questionnaire.questions[id], variant)
            raise AnswerError(id, f"{_shown(raw[id])} is not offered; it takes {offered}")
    return read


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _offered(question: Question, variant: str) -> str:
    choices = question.choices_as(variant)
    match question.kind:
        case Kind.RUNG:
            unknown = f', or "{UNKNOWN}"' if question.unknown else ""
            return f"a whole number from 0 to {len(choices) - 1}{unknown}"
        case Kind.NUMBER | Kind.COUNT:
            return f"a number from 0 to {question.most}"
        case Kind.RANGE:
            return f"one of {', '.join(choices)}, or a number from 0 to {question.most}"
        case Kind.TEXT:
            return f"a text of up to {question.most} characters"
        case Kind.CHOICES:
            most = f"up to {question.max_choices}" if question.max_choices else "any"
            return f"a list with {most} of {', '.join(question.accepted)}"
        case Kind.CHOICE | Kind.SORT:
            return f"one of {', '.join(choices)}"
