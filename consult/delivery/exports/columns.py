"""The columns of an export: facts, contact, workflow, scores and answers of a lead."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from fractions import Fraction
from functools import partial
from operator import itemgetter
from typing import Any, cast

from consult.questionnaire import UNKNOWN, Answer
from consult.questionnaire.editions import load, names
from consult.report.display import I_DO_NOT_KNOW, tenths
from consult.storage.exports.lead_export import Lead
from consult.workflow.stages import NAMES, SOURCE_LABELS, Stage

Cell = str | int | float | datetime | date | None

NO_ANSWER = "No answer"
"""For a question that was asked and skipped; one that was not asked has an empty cell."""

_DEPTHS = {"quick": "Quick check", "full": "Full check"}
_CONSULT = {"yes": "Yes", "optional": "Optional", "not_now": "Not now"}
_PLAN_STEPS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, its width in letters, and its cell for a lead."""

    header: str
    width: int
    cell: Callable[[Lead], Cell]


def columns(zone: tzinfo) -> tuple[Column, ...]:
    """All columns, in order; the same for every export, so that two can be compared.

    Times are in `zone`, the agency's, which the headers name.
    """
    return (*_facts(zone), *_workflow(zone), *_scores(), *_answers())


def _facts(zone: tzinfo) -> Iterator[Column]:
    yield Column("Lead", 7, itemgetter("id"))
    yield Column("Business", 28, itemgetter("business"))
    yield Column("Name", 24, itemgetter("name"))
    yield _time(zone, "Finished", "submitted_at")
    yield Column("Demo", 7, lambda lead: _yes(lead["demo"]))
    yield Column("Edition", 10, itemgetter("edition"))
    yield Column("Questions", 16, lambda lead: _DEPTHS.get(lead["depth"], lead["depth"]))
    yield Column("Minutes taken", 9, lambda lead: round(lead["seconds_taken"] / 60, 1))
    yield Column("Email", 30, itemgetter("email"))
    yield Column("Phone", 17, itemgetter("phone"))
    yield Column("Consult requested", 10, lambda lead: _yes(lead["wants_consult"]))
    yield _time(zone, "Consent", "consented_at")
    for key, header in SOURCE_LABELS.items():
        yield Column(header, 16, partial(_source, key))


def _workflow(zone: tzinfo) -> Iterator[Column]:
    yield Column("Stage", 15, lambda lead: NAMES[cast(Stage, lead["stage"])])
    yield _time(zone, "Stage since", "stage_since")
    yield Column("Assigned to", 22, itemgetter("assignee"))
    yield _time(zone, "Reply due", "due_at")
    yield _time(zone, "First contact", "first_contact_at")
    yield _time(zone, "Consult on", "consult_at")
    yield Column("Follow up on", 12, itemgetter("follow_up_on"))


def _scores() -> Iterator[Column]:
    yield Column("Separation", 11, lambda lead: _score(lead["separation"]))
    yield Column("Separation in words", 20, itemgetter("separation_band"))
    yield Column("Handoff", 9, lambda lead: _score(lead["handoff"]))
    yield Column("Handoff in words", 20, itemgetter("handoff_band"))
    yield Column("Archetype", 26, itemgetter("archetype"))
    yield Column("Consult advised", 10, lambda lead: _CONSULT.get(lead["consult"], lead["consult"]))
    for step in range(_PLAN_STEPS):
        yield Column(f"Plan, step {step + 1}", 26, partial(_plan_step, step))


def _answers() -> Iterator[Column]:
    for id, header in _questions():
        yield Column(f"{header} ({id})", 30, partial(_answer, id))


def _questions() -> list[tuple[str, str]]:
    """Each question of any edition and its short name, in the order of the newest that has it.

    A question of older editions only comes after the question that it followed there.
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


def _answer(id: str, lead: Lead) -> Cell:
    """An answer as its choice was shown, or the number that was typed."""
    if id not in lead["wording"]:
        return None
    answer: Answer | None = lead["answers"].get(id)
    choices: Any = lead["wording"][id].get("choices", {})
    if answer is None:
        return NO_ANSWER
    if answer == UNKNOWN:
        return I_DO_NOT_KNOW
    if isinstance(answer, tuple):
        return "; ".join(choices.get(choice, choice) for choice in answer) or "None of these"
    if str(answer) in choices:
        return str(choices[str(answer)])
    return answer


def _source(key: str, lead: Lead) -> Cell:
    return str(lead["source"].get(key, ""))


def _plan_step(step: int, lead: Lead) -> Cell:
    plan: Sequence[str] = lead["plan"]
    return plan[step] if step < len(plan) else ""


def _yes(whether: bool) -> str:
    return "Yes" if whether else "No"


def _time(zone: tzinfo, header: str, name: str) -> Column:
    """A column of times without their zone, which the header names: no spreadsheet knows zones."""

    def cell(lead: Lead) -> Cell:
        then: datetime | None = lead[name]
        if then is None:
            return None
        return then.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)

    return Column(f"{header} ({zone})", 20, cell)


def _score(score: float) -> float:
    return tenths(Fraction(score)) / 10
