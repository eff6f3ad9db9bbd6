"""Answers that do not seem to fit together, asked about once more before they are handed in.

They never hold an owner up: all of them can be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consult.owner.question_form import Posted, QuestionField, QuestionForm
from consult.questionnaire import Heading, Walk, WalkPage
from consult.scoring import Scorecard, score

MOST = 3
SHOWN = "shown"
"""The field with the names of the form's questions: an empty list of ticks sends no other sign."""


@dataclass(frozen=True)
class Doubt:
    """A polite question, the fields to change the answers behind it, and those shown further up."""

    question: str
    fields: tuple[QuestionField, ...]
    above: tuple[QuestionField, ...] = ()

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


def doubts_form(walk: Walk, posted: Posted | None = None) -> QuestionForm:
    """Return the form of all answers in doubt, or of those that were shown when it was sent."""
    ids = [id for _, ids in _in_doubt(walk) for id in ids]
    if posted is not None:
        ids = posted.get(SHOWN, "").split()
    questions = tuple(asked for asked in walk.asked if asked.id in ids)
    return QuestionForm(WalkPage("doubts", "", Heading(""), questions), posted)


def doubts_of(walk: Walk, form: QuestionForm) -> list[Doubt]:
    """Return the first doubts, each with its fields of the form; a field stands in one place."""
    fields = {field.name: field for field in form.fields}
    placed: dict[str, QuestionField] = {}
    doubts = []
    for question, ids in _in_doubt(walk):
        own = [fields[id] for id in ids if id in fields]
        new = tuple(field for field in own if field.name not in placed)
        doubts.append(Doubt(question, new, tuple(field for field in own if field not in new)))
        placed |= {field.name: field for field in new}
    # Another tab may have settled what this form was still about.
    rest = tuple(field for name, field in fields.items() if name not in placed)
    return [*doubts, Doubt("", rest)] if rest else doubts


def _in_doubt(walk: Walk) -> Iterable[tuple[str, Sequence[str]]]:
    """The questions to ask, each with the ids of the answers that it is about."""
    card = score(walk.on_path)
    if not isinstance(card, Scorecard):
        return
    asked = {asked.id for asked in walk.asked}
    for rule in card.contradictions[:MOST]:
        # Facts, and the cards taken together, are no single answer that could be changed here.
        yield _question(walk, rule.id), [id for id in card.evidence(rule) if id in asked]


def _question(walk: Walk, rule_id: str) -> str:
    """Return the question in the words for one person or for a team."""
    entry = walk.questionnaire.texts.findings["contradictions"][rule_id]
    worded: dict[str, str] = {**entry, **entry.get("in", {}).get(walk.facts["mode"], {})}
    return worded["question"]
