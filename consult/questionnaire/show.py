"""One edition as plain data, for people and programs outside: what `questionnaire show` prints."""

from consult.questionnaire.conditions import ALWAYS
from consult.questionnaire.model import Dimension, Fact, Part, Question
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.wording import Wording

Json = dict[str, object]


def edition_json(questionnaire: Questionnaire) -> Json:
    """Ids, wording, choices, conditions and weights of an edition, in the order of the way."""
    structure = questionnaire.structure
    return {
        "edition": questionnaire.name,
        "facts": {fact.id: _fact(fact) for fact in structure.facts},
        "parts": [_part(questionnaire, part) for part in structure.parts],
        "dimensions": [_dimension(questionnaire, each) for each in structure.dimensions],
        "contradictions": {rule.id: str(rule.when) for rule in structure.contradictions},
        "flags": {rule.id: str(rule.when) for rule in structure.flags},
        "archetypes": list(questionnaire.words.findings["archetypes"]),
    }


def _fact(fact: Fact) -> Json:
    cases = {value: str(when) for value, when in fact.cases}
    return {"cases": cases, "otherwise": fact.otherwise}


def _part(questionnaire: Questionnaire, part: Part) -> Json:
    pages = [
        {
            "id": page.id,
            "title": questionnaire.words.pages[page.id].title,
            "questions": [_question(questionnaire, question) for question in page.questions],
        }
        for page in part.pages
    ]
    return {"id": part.id, "title": questionnaire.words.parts[part.id].title, "pages": pages}


def _dimension(questionnaire: Questionnaire, dimension: Dimension) -> Json:
    return {
        "id": dimension.id,
        "axis": dimension.axis,
        "weight": dimension.weight,
        "items": list(dimension.items),
        "sorting_cards": dimension.sorting,
        "critical": dimension.critical,
        "name": questionnaire.words.findings["dimensions"][dimension.id]["name"],
    }


def _question(questionnaire: Questionnaire, question: Question) -> Json:
    shown: Json = {
        "id": question.id,
        "kind": question.kind.value,
        "required": question.required,
        "quick": question.quick,
        "unknown_offered": question.unknown,
        "asked": None if question.asked is ALWAYS else str(question.asked),
        "wording": {
            variant: _wording(question, variant, wording)
            for variant, wording in questionnaire.words.questions[question.id].items()
        },
    }
    if question.claims:
        shown["claims"] = list(question.claims)
    if question.answer:
        shown["answer"] = question.answer
    if question.max_choices:
        shown["max_choices"] = question.max_choices
    return shown


def _wording(question: Question, variant: str, wording: Wording) -> Json:
    texts = {
        name: text
        for name in ("title", "help", "why", "fix", "unknown_fix", "proof", "note")
        if (text := getattr(wording, name))
    }
    choices = {id: wording.choices[id] for id in question.choices_as(variant)}
    return {"ask": wording.ask, "choices": choices, **texts}
