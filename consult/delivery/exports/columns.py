"""The columns of an export: facts of the lead, who to reach, the agency's part, scores, answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from fractions import Fraction
from functools import partial
from typing import Any, cast

from consult.delivery.exports.cells import Cell
from consult.questionnaire import UNKNOWN
from consult.questionnaire.editions import load, names
from consult.report.display import I_DO_NOT_KNOW, tenths
from consult.storage.exports.export_rows import ExportedLead
from consult.workflow.sources import SOURCE_WORDS
from consult.workflow.stages import NAMES, Stage

NO_ANSWER = "No answer"
"""In the cell of a question that was asked and left out; one never asked has an empty cell."""

_DEPTHS = {"quick": "The quick check", "full": "All of them"}
_CONSULT = {"yes": "Yes", "optional": "Optional", "not_now": "Not now"}
_PLAN_STEPS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, how wide it is in letters, and what stands in it for a lead."""

    head: str
    width: int
    cell: Callable[[ExportedLead], Cell]


def columns(zone: tzinfo) -> tuple[Column, ...]:
    """All columns, in order; the same for every export, so that two can be laid side by side.

    Moments are told in ``zone``, the agency's, which the heads name.
    """
    return (*_facts(zone), *_desk(zone), *_scores(), *_answers())


def _facts(zone: tzinfo) -> Iterator[Column]:
    yield Column("Lead", 7, lambda lead: lead.id)
    yield Column("Business", 28, lambda lead: lead.business)
    yield Column("Name", 24, lambda lead: lead.name)
    yield _moment(zone, "Sent", lambda lead: lead.submitted_at)
    yield Column("Demo", 7, lambda lead: _yes(lead.demo))
    yield Column("Edition", 10, lambda lead: lead.edition)
    yield Column("Questions", 16, lambda lead: _DEPTHS.get(lead.depth, lead.depth))
    yield Column("Minutes taken", 9, lambda lead: round(lead.seconds_taken / 60, 1))
    yield Column("Email", 30, lambda lead: lead.email)
    yield Column("Phone", 17, lambda lead: lead.phone)
    yield Column("Wants a consult", 10, lambda lead: _yes(lead.wants_consult))
    yield _moment(zone, "Agreed to be contacted", lambda lead: lead.consented_at)
    for key, head in SOURCE_WORDS.items():
        yield Column(head, 16, partial(_source, key))


def _desk(zone: tzinfo) -> Iterator[Column]:
    yield Column("Stage", 15, lambda lead: NAMES[cast(Stage, lead.stage)])
    yield _moment(zone, "Stage since", lambda lead: lead.stage_since)
    yield Column("Assignee", 22, lambda lead: lead.assignee)
    yield _moment(zone, "Reply due", lambda lead: lead.due_at)
    yield _moment(zone, "First contact", lambda lead: lead.first_contact_at)
    yield _moment(zone, "Consult on", lambda lead: lead.consult_at)
    yield Column("Ask again on", 12, lambda lead: lead.follow_up_on)


def _scores() -> Iterator[Column]:
    yield Column("Separation", 11, lambda lead: _score(lead.separation))
    yield Column("Separation in words", 20, lambda lead: lead.separation_band)
    yield Column("Handoff", 9, lambda lead: _score(lead.handoff))
    yield Column("Handoff in words", 20, lambda lead: lead.handoff_band)
    yield Column("Archetype", 26, lambda lead: lead.archetype)
    yield Column("Consult advised", 10, lambda lead: _CONSULT.get(lead.consult, lead.consult))
    for step in range(_PLAN_STEPS):
        yield Column(f"Plan, step {step + 1}", 26, partial(_plan_step, step))


def _answers() -> Iterator[Column]:
    for id, head in _questions():
        yield Column(f"{head} ({id})", 30, partial(_answer, id))


def _questions() -> list[tuple[str, str]]:
    """Each question of any edition and its short name, in the order of the newest that has it.

    What only older editions ask stands behind the question that it followed there.
    """
    found: list[tuple[str, str]] = []
    for edition in reversed(names()):
        place = 0
        questionnaire = load(edition)
        for id in questionnaire.questions:
            known = [known for known, _ in found]
            if id in known:
                place = known.index(id) + 1
                continue
            wording = questionnaire.wording(id)
            found.insert(place, (id, wording.title or wording.ask))
            place += 1
    return found


def _answer(id: str, lead: ExportedLead) -> Cell:
    """An answer in the words in which it was offered, or a number that was typed."""
    if id not in lead.wording:
        return None
    answer = lead.answers.get(id)
    choices: Any = lead.wording[id].get("choices", {})
    if answer is None:
        return NO_ANSWER
    if answer == UNKNOWN:
        return I_DO_NOT_KNOW
    if isinstance(answer, tuple):
        return "; ".join(choices.get(choice, choice) for choice in answer) or "None of these"
    if str(answer) in choices:
        return str(choices[str(answer)])
    return answer


def _source(key: str, lead: ExportedLead) -> Cell:
    return lead.source.get(key, "")


def _plan_step(step: int, lead: ExportedLead) -> Cell:
    return _nth(lead.plan, step)


def _nth(texts: Sequence[str], number: int) -> str:
    return texts[number] if number < len(texts) else ""


def _yes(whether: bool) -> str:
    return "Yes" if whether else "No"


def _moment(
    zone: tzinfo, head: str, moment_of: Callable[[ExportedLead], datetime | None]
) -> Column:
    """A column of moments without their zone, which the head names: no spreadsheet knows zones."""

    def cell(lead: ExportedLead) -> Cell:
        moment = moment_of(lead)
        if moment is None:
            return None
        return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)

    return Column(f"{head} ({zone})", 20, cell)


def _score(score: float) -> float:
    return tenths(Fraction(score)) / 10
