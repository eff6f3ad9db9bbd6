"""No id of an edition is written outside its folder: other code reads roles, rules and the walk."""

import ast
import re
from pathlib import Path

from consult.questionnaire.editions import newest

CONSULT = Path(__file__).parents[2] / "consult"
OTHER_MEANINGS = {
    "feedback": "what the page after the cards says of them, a text of `sorting.yaml`",
    "first_reply": "what a new lead waits for, on Today and in the list",
    "follow_up": "the action on a lead: get in touch again on a day",
    "not_now": "an advice of the contract's `consult: recommended`, and a line of the agreement",
    "own_words": "the field of a Report with what the owner wrote, whatever the question is called",
}
"""Ids of the edition that are also words of something else, and of what."""


def test_question_and_dimension_ids_are_written_in_the_edition_only() -> None:
    edition = newest()
    ids = {*edition.questions, *(d.id for d in edition.dimensions)} - set(OTHER_MEANINGS)
    quoted = re.compile(rf"""["']({"|".join(map(re.escape, ids))})["']""")
    found = [
        f"{file.relative_to(CONSULT)} line {node.lineno}: {node.value}"
        for file in sorted(CONSULT.rglob("*.py"))
        # Parsing all of them takes longer.
        if "editions" not in file.parts and quoted.search(text := file.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value in ids
    ]
    assert found == [], "read it from the edition: `structure.roles` in consult/questionnaire"
