"""Answers that come from outside as JSON: checked, or refused with the id that is wrong."""

from collections.abc import Mapping

from consult.questionnaire.model import UNKNOWN, Answer, Kind, Question
from consult.questionnaire.questionnaire import Questionnaire


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
    facts = questionnaire.structure.facts_of({id: v for id, v in read.items() if _hashable(v)})
    for id, answer in read.items():
        variant = questionnaire.variant(id, facts)
        if not _hashable(answer) or not questionnaire.accepts(id, variant, answer):
            offered = _offered(questionnaire.questions[id], variant)
            raise AnswerError(id, f"{_shown(raw[id])} is not offered; it takes {offered}")
    return read


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _offered(question: Question, variant: str) -> str:
    choices = question.choices_as(variant)
    match question.kind:
        case Kind.RUNG:
            unknown = f', or "{UNKNOWN}"' if question.unknown else ""
            return f"a whole number from 0 to {len(choices) - 1}{unknown}"
        case Kind.NUMBER:
            return f"a number from 0 to {question.most}"
        case Kind.RANGE:
            return f"one of {', '.join(choices)}, or a number from 0 to {question.most}"
        case Kind.CHOICES:
            most = f"up to {question.max_choices}" if question.max_choices else "any"
            return f"a list with {most} of {', '.join(choices)}"
        case Kind.CHOICE | Kind.SORT:
            return f"one of {', '.join(choices)}"
