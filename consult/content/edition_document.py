"""An edition on paper: all that an agency reviews, as Markdown (docs/instrument.md)."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from consult.content.document_chapters import (
    findings_chapter,
    heading,
    questions_chapter,
    table,
    tools_chapter,
)
from consult.questionnaire import Axis, Questionnaire
from consult.questionnaire.editions import folder
from consult.scoring.axis import BANDS, CUTS
from consult.scoring.lines import SORTING_CLAIMS

Evidence = Mapping[str, Any]

_AXES: tuple[Axis, Axis] = ("separation", "handoff")


def document(questionnaire: Questionnaire) -> str:
    """The whole edition as one Markdown text: claims, scores, questions, findings, evidence."""
    text = (folder(questionnaire.name) / "evidence.yaml").read_text(encoding="utf-8")
    evidence: Evidence = yaml.safe_load(text)
    chapters = (
        _front(questionnaire),
        _claims(questionnaire),
        _scores(questionnaire, evidence),
        questions_chapter(questionnaire, evidence["items"]),
        tools_chapter(questionnaire),
        findings_chapter(questionnaire, evidence["archetypes"]),
        _evidence_chapter(questionnaire, evidence),
    )
    return "\n".join(line for chapter in chapters for line in chapter).rstrip() + "\n"


def _front(questionnaire: Questionnaire) -> Iterator[str]:
    yield from heading(1, f"The instrument, edition {questionnaire.name}")
    yield (
        "Made by `consult questionnaire document`: change the YAML files in "
        "`consult/questionnaire/editions`, not this page. It shows all that is asked and said, "
        "how answers are scored, and what that rests on."
    )
    yield ""


def _claims(questionnaire: Questionnaire) -> Iterator[str]:
    yield from heading(2, "What the article says")
    yield (
        "The check is built on an article for business owners. These are its claims in our words, "
        "and what rests on each."
    )
    yield ""
    structure = questionnaire.structure
    carriers: list[tuple[str, tuple[str, ...]]] = [("the sorting cards", SORTING_CLAIMS)]
    carriers += [(f"`{q.id}`", q.claims) for q in structure.questions.values()]
    carriers += [(f"`{r.id}`", r.claims) for r in (*structure.contradictions, *structure.flags)]
    yield from table(
        ("", "Claim", "Rests on it"),
        (
            (
                claim,
                text,
                ", ".join(carrier for carrier, claims in carriers if claim in claims)
                or "the offer",
            )
            for claim, text in questionnaire.texts.findings["claims"].items()
        ),
    )


def _scores(questionnaire: Questionnaire, evidence: Evidence) -> Iterator[str]:
    texts = questionnaire.texts.findings
    yield from heading(2, "How answers become scores")
    for line in texts["method"]:
        yield f"- {line}"
    yield ""
    unknown = texts["too_much_unknown"]
    yield (
        f"The levels change at {', '.join(map(str, CUTS))}. When unknown answers carry a third or "
        f"more of a score, its level is “{unknown['name']}”: “{unknown['means']}”"
    )
    yield ""
    yield (
        "An item’s share is the share of its score, in points of 100, when every question applies. "
        "In the quick look the shares of what is left grow."
    )
    yield ""
    for axis in _AXES:
        yield from _axis(questionnaire, axis, evidence)


def _axis(questionnaire: Questionnaire, axis: Axis, evidence: Evidence) -> Iterator[str]:
    texts = questionnaire.texts.findings
    own = [dimension for dimension in questionnaire.dimensions if dimension.axis == axis]
    total = sum(dimension.weight for dimension in own)
    yield from heading(3, axis.capitalize())
    rows = []
    for dimension in own:
        lines = [f"`{id}`" for id in dimension.items]
        if dimension.sorting:
            lines.append("the sorting cards")
        share = 100 * dimension.weight / total / len(lines)
        own_texts = texts["dimensions"][dimension.id]
        rows.append(
            (
                f"{own_texts['name']} `{dimension.id}`",
                own_texts["asks"],
                str(dimension.weight),
                f"{', '.join(lines)}: {share:.1f} each",
                evidence["dimensions"][dimension.id],
            )
        )
    yield from table(("Part", "Asks", "Weight", "Lines and their share", "Literature"), rows)
    yield from table(
        ("Level", "From", "Means"),
        (
            (texts["bands"][axis][band]["name"], str(start), texts["bands"][axis][band]["means"])
            for band, start in zip(BANDS[axis], (0, *CUTS), strict=True)
        ),
    )


def _evidence_chapter(questionnaire: Questionnaire, evidence: Evidence) -> Iterator[str]:
    yield from heading(2, "What it rests on")
    yield from heading(3, "How we read the article")
    for reading in evidence["readings"]:
        yield f"- {reading}"
    yield ""
    yield from heading(3, "Why it is built this way")
    yield from table(
        ("Decision", "Source", "How well we know it"),
        ((each["text"], each["source"], each["mark"]) for each in evidence["principles"]),
    )
    yield from heading(3, "The only outside figures")
    yield "They may be printed beside a part of the result. None enters a score or the money range."
    yield ""
    figures = questionnaire.texts.findings["figures"]
    yield from table(
        ("Printed", "Source", "Its weakness"),
        ((f["text"], f["source"], evidence["figures"][id]) for id, f in figures.items()),
    )
    yield from heading(3, "Figures that are not printed")
    yield from table(
        ("Popular figure", "Why not"),
        ((each["figure"], each["because"]) for each in evidence["not_printed"]),
    )
