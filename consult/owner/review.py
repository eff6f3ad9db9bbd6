"""The review: every answer as text, and answers that seem to contradict each other.

Contradictions are asked about once more and never hold an owner up: all of them can be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consult.owner.open_draft import OpenDraft
from consult.owner.question_form import Posted, QuestionField, QuestionForm, options
from consult.questionnaire import Asked, Heading, Kind, Walk, WalkPage
from consult.scoring import Scorecard, score

NOT_ANSWERED = "Not answered yet"
SKIPPED = "Left out"
NONE_PICKED = "None of these"

MAX_CONTRADICTIONS = 3
SHOWN = "shown"
"""The field that names the form's questions: an empty list of checkboxes sends no other sign."""


@dataclass(frozen=True)
class AnswerRow:
    """One question on the review: the answer as text and the address to change it."""

    ask: str
    answers: tuple[str, ...]
    open: bool
    url: str


def answers_by_part(draft: OpenDraft, currency_sign: str) -> list[tuple[str, list[AnswerRow]]]:
    """Return all questions on the path, by the title of their part."""
    return [
        (
            part.heading.title,
            [
                AnswerRow(
                    asked.wording.ask,
                    answer_texts(asked, currency_sign),
                    asked.open,
                    f"{draft.url_of(page)}#{asked.id}",
                )
                for page in part.pages
                for asked in page.questions
            ],
        )
        for part in draft.walk.parts
    ]


def answer_texts(asked: Asked, currency_sign: str) -> tuple[str, ...]:
    """Return an answer in the words of its choices; several checked boxes give several texts."""
    answer = asked.answer
    if answer is None:
        return (NOT_ANSWERED if asked.question.required else SKIPPED,)
    if asked.question.kind is Kind.NUMBER:
        return (f"{currency_sign}{answer:,}",)
    offered = options(asked)
    if isinstance(answer, tuple):
        return tuple(offered[id] for id in answer) or (NONE_PICKED,)
    return (offered[str(answer)],)


@dataclass(frozen=True)
class Contradiction:
    """A polite question about answers that seem to disagree.

    `fields` change these answers; `shown_above` are fields that an earlier contradiction shows.
    """

    question: str
    fields: tuple[QuestionField, ...]
    shown_above: tuple[QuestionField, ...] = ()

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


def contradictions_form(walk: Walk, posted: Posted | None = None) -> QuestionForm:
    """Return the form of all contradicting answers, or of those shown when it was posted."""
    ids = [id for _, ids in _found_in(walk) for id in ids]
    if posted is not None:
        ids = posted.get(SHOWN, "").split()
    questions = tuple(asked for asked in walk.asked if asked.id in ids)
    return QuestionForm(WalkPage("contradictions", "", Heading(""), questions), posted)


def contradictions_of(walk: Walk, form: QuestionForm) -> list[Contradiction]:
    """Return the first contradictions with their fields of the form, each field once."""
    fields = {field.name: field for field in form.fields}
    placed: dict[str, QuestionField] = {}
    contradictions = []
    for question, ids in _found_in(walk):
        own = [fields[id] for id in ids if id in fields]
        new = tuple(field for field in own if field.name not in placed)
        above = tuple(field for field in own if field not in new)
        contradictions.append(Contradiction(question, new, above))
        placed |= {field.name: field for field in new}
    # Another tab may have resolved the contradiction that this form was about.
    rest = tuple(field for name, field in fields.items() if name not in placed)
    return [*contradictions, Contradiction("", rest)] if rest else contradictions


def _found_in(walk: Walk) -> Iterable[tuple[str, Sequence[str]]]:
    """The questions to ask, each with the ids of the answers that it is about."""
    card = score(walk.on_path)
    if not isinstance(card, Scorecard):
        return
    asked = {asked.id for asked in walk.asked}
    for rule in card.contradictions[:MAX_CONTRADICTIONS]:
        # Facts and the cards together are no single answer that could be changed here.
        yield _question(walk, rule.id), [id for id in card.evidence(rule) if id in asked]


def _question(walk: Walk, rule_id: str) -> str:
    """The question in the words for one person or for a team."""
    entry = walk.questionnaire.texts.findings["contradictions"][rule_id]
    worded: dict[str, str] = {**entry, **entry.get("in", {}).get(walk.facts["mode"], {})}
    return worded["question"]
