"""How far checks came, where people stopped, and from where they had come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from consult.questionnaire import Kind
from consult.questionnaire.editions import newest
from consult.staff.insights.shares import FEW, Share, percent
from consult.storage.insights.insights import (
    PART,
    STARTED,
    STARTED_FRAMED,
    SUBMITTED,
    VIEWED,
    VIEWED_FRAMED,
    Stats,
    quartiles,
)
from consult.storage.page_events import REVIEW

# Each step at the agency with the one that it is a share of: who was reached need not have wanted a
# consult, and who said yes need not have had one.
_AGENCY = {
    "contact": ("Left a contact", SUBMITTED, "of those handed in"),
    "consult": ("Wanted a consult", "contact", "of the contacts"),
    "reached": ("Were reached", "contact", "of the contacts"),
    "booked": ("Booked a consult", "reached", "of those reached"),
    "held": ("Had the consult", "booked", "of those booked"),
    "won": ("Said yes", "reached", "of those reached"),
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the funnel: its bar in percent of the widest, and what it is a share of.

    ``before`` names what ``of_before`` is a share of, where that is not the line above.
    """

    name: str
    count: int
    bar: int
    of_before: Share | None
    of_first: Share | None
    before: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question on a page: who was asked, who answered, did not know, or stopped at it."""

    name: str
    asked: int
    answered: Share
    unsure: Share
    left: Share


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page: who saw it, stopped there, had to correct it; and its seconds by quarters."""

    id: str
    name: str
    shown: int
    left: Share
    bar: int
    refused: Share
    seconds: tuple[int, int, int] | None
    box: tuple[float, float, float] | None
    timed: int
    questions: Sequence[QuestionRow]
    is_point: bool = False


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source: who came, began, handed in, left a contact, said yes."""

    name: str
    viewed: int
    started: int
    handed_in: Share
    contact: Share
    won: Share
    bar: int


def funnel_of(found: Stats) -> tuple[list[StepRow], list[StepRow]]:
    """The way through the check, and the way of the leads through the agency."""
    parts = newest().structure.parts
    words = newest().texts.parts
    steps = found.steps
    check = [("Saw the start page", steps[VIEWED]), ("Began a check", steps[STARTED])]
    check += [(f"Reached “{words[part.id].title}”", steps[PART + part.id]) for part in parts[1:]]
    check += [("Saw their answers", steps[REVIEW]), ("Handed in", steps[SUBMITTED])]
    # Views and starts are counted in different ways: shares of the check begin with the start.
    return _check_rows(check), _agency_rows(steps)


def _check_rows(steps: Sequence[tuple[str, int]]) -> list[StepRow]:
    widest = max((count for _, count in steps), default=0)
    began = steps[1][1]
    return [
        StepRow(
            name=name,
            count=count,
            bar=percent(count, widest),
            of_before=Share(count, steps[number - 1][1]) if number > 1 else None,
            of_first=Share(count, began) if number > 1 else None,
        )
        for number, (name, count) in enumerate(steps)
    ]


def _agency_rows(steps: Mapping[str, int]) -> list[StepRow]:
    handed_in = steps.get(SUBMITTED, 0)
    first = StepRow("Handed in", handed_in, 100 if handed_in else 0, None, None)
    return [first] + [
        StepRow(
            name=name,
            count=steps.get(step, 0),
            bar=percent(steps.get(step, 0), handed_in),
            of_before=Share(steps.get(step, 0), steps.get(base, 0)),
            of_first=Share(steps.get(step, 0), handed_in),
            before=before,
        )
        for step, (name, base, before) in _AGENCY.items()
    ]


def funnel_title(found: Stats) -> str:
    """The point of the funnel."""
    share = Share(found.steps[SUBMITTED], found.steps[STARTED])
    if share.few or share.percent is None:
        return "From the first look to the consult"
    return f"Of 100 who begin, {share.percent} hand in"


def framed_note(found: Stats) -> str:
    """How many came by a page of another site, if any."""
    viewed, started = found.steps[VIEWED_FRAMED], found.steps[STARTED_FRAMED]
    if not viewed and not started:
        return ""
    return f"Inside pages of other sites: {viewed:,} views and {started:,} starts of these."


def pages_of(found: Stats) -> list[PageRow]:
    """Every page that was shown, in order, with its questions."""
    structure, words = newest().structure, newest().texts
    names = {page.id: words.pages[page.id].title for page in structure.pages}
    asked_on = {page.id: [q.id for q in page.questions] for page in structure.pages}
    order = [*names, REVIEW, *sorted(found.pages.keys() - {*names, REVIEW})]
    shown = [page for page in order if found.pages[page]["shown"]]
    most = max((found.pages[page]["left"] for page in shown), default=0)
    times = {page: quartiles(found.seconds[page]) for page in shown}
    longest = max((times_of[2] for times_of in times.values() if times_of), default=0) or 1
    point = _leaks_most(found)
    return [
        PageRow(
            id=page,
            name=names.get(page, "The review of all answers" if page == REVIEW else page),
            shown=counts["shown"],
            left=Share(counts["left"], counts["shown"]),
            bar=percent(counts["left"], most),
            refused=Share(counts["refused"], counts["shown"]),
            seconds=times[page],
            box=_box(times[page], longest),
            timed=found.seconds[page].total(),
            questions=_questions(found, asked_on.get(page, ())),
            is_point=page == point,
        )
        for page in shown
        for counts in (found.pages[page],)
    ]


def _leaks_most(found: Stats) -> str:
    left = {page: counts["left"] for page, counts in found.pages.items()}
    page = max(left, key=lambda id: left[id], default="")
    return page if page and left[page] >= FEW else ""


def _box(times: tuple[int, int, int] | None, longest: int) -> tuple[float, float, float] | None:
    """Where the middle half begins, how wide it is and where its middle lies, in percent."""
    if times is None:
        return None
    first, middle, last = (round(100 * seconds / longest, 1) for seconds in times)
    return first, round(last - first, 1), middle


def _questions(found: Stats, ids: Iterable[str]) -> list[QuestionRow]:
    questionnaire = newest()
    rows = []
    for id in ids:
        counts = found.questions.get(id)
        if not counts or not counts["asked"]:
            continue
        wording = questionnaire.wording(id)
        card = questionnaire.questions[id].kind is Kind.SORT
        name = f"Card: {wording.title}" if card else wording.ask
        asked = counts["asked"]
        rows.append(
            QuestionRow(
                name=name,
                asked=asked,
                answered=Share(counts["answered"], asked),
                unsure=Share(counts["unsure"], counts["answered"]),
                left=Share(counts["left"], asked),
            )
        )
    return rows


def pages_title(pages: Sequence[PageRow]) -> str:
    """The point of the pages: where most stop."""
    most = next((page for page in pages if page.is_point), None)
    return f"Most stop at “{most.name}”" if most else "Where people stop"


def times_title(pages: Sequence[PageRow]) -> str:
    """The point of the times: the page that takes longest."""
    timed = [page for page in pages if page.seconds and page.timed >= FEW]
    if not timed:
        return "How long the pages take"
    slowest = max(timed, key=lambda page: page.seconds[1] if page.seconds else 0)
    return f"“{slowest.name}” takes longest"


def sources_of(found: Stats) -> list[SourceRow]:
    """The sources, those with the most leads first."""
    rows = sorted(
        found.sources.items(), key=lambda item: (-item[1][SUBMITTED], -item[1][STARTED], item[0])
    )
    most = max((steps[SUBMITTED] for _, steps in rows), default=0)
    return [
        SourceRow(
            name=name or "Direct",
            viewed=steps[VIEWED],
            started=steps[STARTED],
            handed_in=Share(steps[SUBMITTED], steps[STARTED]),
            contact=Share(steps["contact"], steps[SUBMITTED]),
            won=Share(steps["won"], steps[SUBMITTED]),
            bar=percent(steps[SUBMITTED], most),
        )
        for name, steps in rows[:30]
    ]


def sources_title(sources: Sequence[SourceRow]) -> str:
    """The point of the sources."""
    if not sources or sources[0].handed_in.part < FEW:
        return "Where they come from"
    if sources[0].name == "Direct":
        return "Most leads come directly"
    return f"Most leads come from “{sources[0].name}”"
