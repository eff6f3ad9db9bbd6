"""An edition on paper: all that an agency reviews, as Markdown (docs/instrument.md).

The page is `templates/instrument.md`; here are the rows of its tables.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from consult.editing.texts import texts_of
from consult.questionnaire.conditions import ALWAYS
from consult.questionnaire.describe import map_rows
from consult.questionnaire.editions import folder
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, Kind, Question
from consult.questionnaire.wording import Wording
from consult.questionnaire.yaml_texts import read_yaml
from consult.scoring.axis import BANDS, CUTS, SORTING_CLAIMS
from consult.settings import PROJECT_FOLDER

Rows = Iterable[tuple[object, ...]]

_READERS = {
    "solo": "One person",
    "team": "A team",
    "checkout": "A web store",
    "counter": "A walk-in shop",
}
_ADVICE = {
    "title": "In tables",
    "why": "Why it matters",
    "fix": "First thing to do",
    "unknown_fix": "When unknown",
    "proof": "How to know it worked",
}


def document(edition: Questionnaire) -> str:
    """The whole edition as one Markdown text: claims, scores, rules, questions, texts, evidence."""
    evidence: Mapping[str, Any] = read_yaml(folder(edition.name) / "evidence.yaml")
    page = _template("instrument.md").render(
        edition=edition,
        texts=edition.texts,
        evidence=evidence,
        readers=_READERS,
        always=ALWAYS,
        codes=_codes,
        cuts=CUTS,
        modes=_modes(edition),
        **_score_tables(edition, evidence),
        **_text_tables(edition, evidence),
        cards=partial(_cards, edition),
        variants=partial(_variants, edition),
        marks=_marks,
        choices=_choices,
        advice=_advice,
    )
    return re.sub(r"\n{3,}", "\n\n", page).rstrip() + "\n"


def _score_tables(edition: Questionnaire, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What the scores, the plan and the name of the firm rest on."""
    findings, plan = edition.texts.findings, edition.structure.roles.plan
    return {
        "claims": _claims(edition),
        "parts": {axis: _parts(edition, axis, evidence) for axis in BANDS},
        "bands": {axis: _bands(findings, axis) for axis in BANDS},
        "touches": [(_code(id), _codes(touched)) for id, touched in plan.touches.items()],
        "gates": [
            (_code(id), ", ".join(f"{_code(other)} {mark}" for other, mark in needed.items()))
            for id, needed in plan.gates.items()
        ],
        "archetypes": [
            (f"{own['name']} {_code(id)}", evidence["archetypes"][id], own["rule"], own["says"])
            for id, own in findings["archetypes"].items()
        ],
    }


def _text_tables(edition: Questionnaire, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What the result can say, and what that rests on."""
    findings, contradictions = edition.texts.findings, edition.structure.contradictions
    impossible = {rule.id: rule.impossible for rule in contradictions}
    return {
        "contradictions": [
            (f"{_code(rule.id)}: {rule.when}", ", ".join(rule.claims)) for rule in contradictions
        ],
        "double_checks": [
            (text, impossible.get(id, "the numbers disagree"))
            for id, text in findings["double_check"].items()
        ],
        "said": [
            (": ".join(text.path), text.text)
            for text in texts_of(folder(edition.name) / "wording")
            if text.file == "findings.yaml"
        ],
        "principles": [
            (each["text"], each["source"], each["mark"]) for each in evidence["principles"]
        ],
        "figures": [
            (figure["text"], figure["source"], evidence["figures"][id])
            for id, figure in findings["figures"].items()
        ],
        "not_printed": [(each["figure"], each["because"]) for each in evidence["not_printed"]],
    }


def map_svg(edition: Questionnaire) -> str:
    """The map of an edition as a standalone SVG picture."""
    return _template("questionnaire_map.svg").render(name=edition.name, rows=[*map_rows(edition)])


def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(PROJECT_FOLDER / "templates"),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
    )
    return environment.get_template(name)


def _code(id: object) -> str:
    return f"`{id}`"


def _codes(ids: Iterable[str]) -> str:
    return ", ".join(map(_code, ids))


def _modes(edition: Questionnaire) -> str:
    """The conditions of the facts that are derived from answers, in words."""
    return " ".join(
        f"{_code(fact.id)} is "
        + ", ".join(f"{_code(value)} when {when}" for value, when in fact.cases)
        + f", otherwise {_code(fact.otherwise)}."
        for fact in edition.structure.facts
    )


def _claims(edition: Questionnaire) -> Rows:
    structure = edition.structure
    carriers: list[tuple[str, tuple[str, ...]]] = [("the sorting cards", SORTING_CLAIMS)]
    carriers += [(_code(q.id), q.claims) for q in structure.questions.values()]
    carriers += [(_code(r.id), r.claims) for r in (*structure.contradictions, *structure.flags)]
    carriers += [(f"jobs: {id}", line.claims) for id, line in structure.roles.jobs.items()]
    for claim, text in edition.texts.findings["claims"].items():
        rests = [carrier for carrier, claims in carriers if claim in claims]
        yield claim, text, ", ".join(rests) or "the offer"


def _parts(edition: Questionnaire, axis: str, evidence: Mapping[str, Any]) -> Rows:
    own = [dimension for dimension in edition.dimensions if dimension.axis == axis]
    total = sum(dimension.weight for dimension in own)
    for dimension in own:
        lines = [*map(_code, dimension.items), *(["the sorting cards"] * dimension.sorting)]
        share = 100 * dimension.weight / total / len(lines)
        texts = edition.texts.findings["dimensions"][dimension.id]
        yield (
            f"{texts['name']} {_code(dimension.id)}",
            texts["asks"],
            dimension.weight,
            f"{', '.join(lines)}: {share:.1f} each",
            evidence["dimensions"][dimension.id],
        )


def _bands(findings: Mapping[str, Any], axis: Any) -> Rows:
    for band, start in zip(BANDS[axis], (0, *CUTS), strict=True):
        own = findings["bands"][axis][band]
        yield own["name"], start, own["means"]


def _cards(edition: Questionnaire, cards: Iterable[Question]) -> Rows:
    short = edition.texts.questions[edition.structure.roles.recent_jobs]
    for card in cards:
        for name, wording in edition.texts.questions[card.id].items():
            reader = "" if name == BASE else f" *({_READERS[name].lower()})*"
            side = f"{card.answer}, not scored" if card.answer == "either" else card.answer
            done = short[name].choices[card.id.removeprefix("sort_")]
            yield f"{wording.ask}{reader}", side, wording.note, done


def _variants(
    edition: Questionnaire, question: Question
) -> Iterator[tuple[str, Wording, Callable[[str], bool]]]:
    """Each wording of a question, and whether a text of it differs from the base."""
    variants = edition.texts.questions[question.id]
    base = variants[BASE]
    for name, wording in variants.items():

        def differs(text: str, name: str = name, wording: Wording = wording) -> bool:
            return name == BASE or getattr(wording, text) != getattr(base, text)

        yield name, wording, differs


def _marks(question: Question) -> str:
    if question.kind is not Kind.RUNG:
        return ""
    return (" ★" if question.quick else "") + (" ?" if question.unknown else "")


def _choices(question: Question, name: str, wording: Wording) -> Iterator[tuple[str, str]]:
    ids = question.choices_as(name)
    for number, id in enumerate(ids):
        scored = question.kind is Kind.RUNG
        points = f"[{round(Fraction(100 * number, len(ids) - 1))}] " if scored else ""
        yield points, wording.choices[id]
    if question.unknown:
        yield "[?] ", wording.unknown


def _advice(wording: Wording, differs: Callable[[str], bool], name: str) -> list[tuple[str, str]]:
    """What the report says about an item; of a variant only what differs from the base."""
    fields = {field: label for field, label in _ADVICE.items() if name != BASE or field != "title"}
    return [
        (label, getattr(wording, field))
        for field, label in fields.items()
        if getattr(wording, field) and differs(field)
    ]
