"""An edition described for people and programs outside: its map, its JSON and its fingerprint.

The map shows the parts in order, their pages, and each question with the condition under which it
is asked, read off the conditions themselves.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256

from consult.questionnaire.conditions import ALWAYS
from consult.questionnaire.model import Dimension
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, Part, Question
from consult.questionnaire.wording import Wording


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the map: ``level`` 0 is a part, 1 a page, 2 a question."""

    level: int
    text: str
    note: str = ""
    branches: bool = False


def map_text(questionnaire: Questionnaire) -> str:
    """The map as indented lines, one question each."""
    lines = [f"Edition {questionnaire.name}"]
    for fact in questionnaire.structure.facts:
        cases = "; ".join(f"{value} when {when}" for value, when in fact.cases)
        lines.append(f"{fact.id}: {cases}; otherwise {fact.otherwise}")
    lines.append("")
    for row in map_rows(questionnaire):
        note = f"  [{row.note}]" if row.note else ""
        lines.append(f"{'   ' * row.level}{row.text}{note}")
    return "\n".join(lines)


def map_rows(questionnaire: Questionnaire) -> Iterator[Row]:
    for number, part in enumerate(questionnaire.structure.parts, start=1):
        yield Row(0, f"{number} · {questionnaire.texts.parts[part.id].title}")
        for page in part.pages:
            yield Row(1, page.id, "" if page.quick else "full only")
            for question in page.questions:
                note, branches = _note(questionnaire, question), question.asked is not ALWAYS
                yield Row(2, question.id, note, branches)


def _note(questionnaire: Questionnaire, question: Question) -> str:
    variants = [name for name in questionnaire.texts.questions[question.id] if name != BASE]
    return ", ".join(
        [
            *([] if question.quick else ["full only"]),
            *([] if question.asked is ALWAYS else [f"asked when {question.asked}"]),
            *([f"own words for {' and '.join(variants)}"] if variants else []),
        ]
    )


Json = dict[str, object]


def edition_json(questionnaire: Questionnaire) -> Json:
    """Ids, wording, choices, conditions and weights of an edition, in the order of the way."""
    structure = questionnaire.structure
    return {
        "edition": questionnaire.name,
        "facts": {
            fact.id: {
                "cases": {value: str(when) for value, when in fact.cases},
                "otherwise": fact.otherwise,
            }
            for fact in structure.facts
        },
        "parts": [_part_json(questionnaire, part) for part in structure.parts],
        "dimensions": [_dimension_json(questionnaire, each) for each in structure.dimensions],
        "contradictions": {rule.id: str(rule.when) for rule in structure.contradictions},
        "flags": {rule.id: str(rule.when) for rule in structure.flags},
        "archetypes": list(questionnaire.texts.findings["archetypes"]),
    }


def _part_json(questionnaire: Questionnaire, part: Part) -> Json:
    pages = [
        {
            "id": page.id,
            "title": questionnaire.texts.pages[page.id].title,
            "questions": [_question_json(questionnaire, question) for question in page.questions],
        }
        for page in part.pages
    ]
    return {"id": part.id, "title": questionnaire.texts.parts[part.id].title, "pages": pages}


def _dimension_json(questionnaire: Questionnaire, dimension: Dimension) -> Json:
    return {
        "id": dimension.id,
        "axis": dimension.axis,
        "weight": dimension.weight,
        "items": list(dimension.items),
        "sorting_cards": dimension.sorting,
        "critical": dimension.critical,
        "name": questionnaire.texts.findings["dimensions"][dimension.id]["name"],
    }


def _question_json(questionnaire: Questionnaire, question: Question) -> Json:
    more = {
        "claims": list(question.claims),
        "answer": question.answer,
        "groups": {id: list(choices) for id, choices in question.groups.items()},
        "accepted_too": list(question.unlisted),
        "max_choices": question.max_choices,
    }
    return {
        "id": question.id,
        "kind": question.kind.value,
        "required": question.required,
        "quick": question.quick,
        "unknown_offered": question.unknown,
        "asked": None if question.asked is ALWAYS else str(question.asked),
        "wording": {
            variant: _wording_json(question, variant, wording)
            for variant, wording in questionnaire.texts.questions[question.id].items()
        },
        **{name: value for name, value in more.items() if value},
    }


def _wording_json(question: Question, variant: str, wording: Wording) -> Json:
    texts = {
        name: text
        for name in ("title", "help", "why", "fix", "unknown_fix", "proof", "note")
        if (text := getattr(wording, name))
    }
    choices = {id: wording.choices[id] for id in question.choices_as(variant)}
    return {"ask": wording.ask, "choices": choices, **texts}


def fingerprint(questionnaire: Questionnaire) -> str:
    """SHA-256, in hexadecimal, of the edition as JSON with its keys in order."""
    content = [_plain(questionnaire.structure), _plain(questionnaire.texts)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if hasattr(value, "holds"):  # a condition reads as a sentence
        return str(value)
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
