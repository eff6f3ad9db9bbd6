"""Results without the way to them: a persona's answers, handed in at once."""

from typing import Any

from flask import Flask

from consult.owner.open_draft import freeze
from consult.questionnaire import read_answers, walk
from consult.questionnaire.editions import newest
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from tests.support.apps import services_of
from tests.support.personas import BATON_ON_THE_FLOOR, Depth, Persona


def finding_text(*path: str) -> str:
    """A text of the newest edition's findings by the keys that lead to it."""
    text: Any = newest().texts.findings
    for key in path:
        text = text[key]
    return str(text)


def hand_in(
    app: Flask,
    persona: Persona = BATON_ON_THE_FLOOR,
    depth: Depth = "quick",
    source: dict[str, str] | None = None,
) -> str:
    """Answer and hand in a check as a persona; the path of its result."""
    made, edition = services_of(app), newest()
    answers = read_answers(edition, persona.payload(depth)["answers"])
    way = walk(edition, answers, depth)
    given = {a.id: (a.answer, a.variant) for a in way.asked if a.answer is not None}
    with made.database.writing() as session:
        token = drafts.start(session, edition.name, depth, source or {})
        drafts.save(session, token, given)
        frozen = freeze(way, made.brand)
        return f"/result/{submission.submit(session, token, frozen, made.settings.office)}"
