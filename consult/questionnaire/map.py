"""The branches of an edition, drawn: as text for a terminal and as a picture.

Both show the same thing: the parts in order, their pages, and each question with the condition
under which it is asked, read off the conditions themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from consult.questionnaire.conditions import ALWAYS
from consult.questionnaire.model import BASE, Page, Part, Question
from consult.questionnaire.questionnaire import Questionnaire

_LINE = 18
_WIDTH = 760
_MARGIN = 24


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the map: ``level`` 0 is a part, 1 a page, 2 a question."""

    level: int
    text: str
    note: str = ""
    branches: bool = False


def map_text(questionnaire: Questionnaire) -> str:
    """The map as indented lines, one question each."""
    lines = [f"Edition {questionnaire.name}", *_facts(questionnaire), ""]
    for row in _rows(questionnaire):
        note = f"  [{row.note}]" if row.note else ""
        lines.append(f"{'   ' * row.level}{row.text}{note}")
    return "\n".join(lines)


def map_svg(questionnaire: Questionnaire) -> str:
    """The map as a standalone SVG picture: a track with its parts, branches set off by a bar."""
    rows = [_Row(0, f"Edition {questionnaire.name}"), *_rows(questionnaire)]
    height = _LINE * (len(rows) + 2)
    drawn = "".join(_draw(row, _LINE * (i + 2)) for i, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12">'
        f"<title>The way through edition {escape(questionnaire.name)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#fbfaf6"/>{drawn}</svg>'
    )


def _draw(row: _Row, y: int) -> str:
    x = _MARGIN + 28 * row.level
    weight = "bold" if row.level == 0 else "normal"
    bar = f'<rect x="{x - 10}" y="{y - 11}" width="4" height="14" fill="#b3541e"/>'
    note = f'<tspan dx="8" fill="#5b6472" font-size="11">{escape(row.note)}</tspan>'
    return (
        f"{bar if row.branches else ''}"
        f'<text x="{x}" y="{y}" font-weight="{weight}" fill="#14213d">{escape(row.text)}'
        f"{note if row.note else ''}</text>"
    )


def _facts(questionnaire: Questionnaire) -> Iterator[str]:
    for fact in questionnaire.structure.facts:
        cases = "; ".join(f"{value} when {when}" for value, when in fact.cases)
        yield f"{fact.id}: {cases}; otherwise {fact.otherwise}"


def _rows(questionnaire: Questionnaire) -> Iterator[_Row]:
    for number, part in enumerate(questionnaire.structure.parts, start=1):
        yield from _part(questionnaire, number, part)


def _part(questionnaire: Questionnaire, number: int, part: Part) -> Iterator[_Row]:
    yield _Row(0, f"{number} · {questionnaire.words.parts[part.id].title}")
    for page in part.pages:
        yield from _page(questionnaire, page)


def _page(questionnaire: Questionnaire, page: Page) -> Iterator[_Row]:
    full_only = not any(question.quick for question in page.questions)
    yield _Row(1, page.id, "full only" if full_only else "")
    for question in page.questions:
        yield _Row(
            2, question.id, _note(questionnaire, question), branches=question.asked is not ALWAYS
        )


def _note(questionnaire: Questionnaire, question: Question) -> str:
    variants = [name for name in questionnaire.words.questions[question.id] if name != BASE]
    return ", ".join(
        [
            *([] if question.quick else ["full only"]),
            *([] if question.asked is ALWAYS else [f"asked when {question.asked}"]),
            *([f"own words for {' and '.join(variants)}"] if variants else []),
        ]
    )
