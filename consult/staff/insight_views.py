"""What the page of insights shows: counts made into shares, and headings that say the point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from consult.questionnaire import Kind
from consult.questionnaire.editions import newest
from consult.relay.clock import Office
from consult.relay.reasons import RETURNING
from consult.relay.stages import NAMES, STAGES
from consult.storage.counters import STARTED_FRAMED, VIEWED, VIEWED_FRAMED
from consult.storage.insights import Gathered, Reply, Spread, quartiles
from consult.storage.settling import HANDED_IN, PART, STARTED
from consult.storage.traces import REVIEW

FEW = 20
"""Fewer than this are marked: their shares say little."""

LONGEST_BY_WEEK = 26 * 7
"""Days; over more of them, replies are shown by month: a week is too narrow, and has too few."""

# Each step at the agency with the one that it is a share of: who was reached need not have wanted a
# consult, and who said yes need not have had one.
_AGENCY = {
    "contact": ("Left a contact", HANDED_IN, "of those handed in"),
    "consult": ("Wanted a consult", "contact", "of the contacts"),
    "reached": ("Were reached", "contact", "of the contacts"),
    "booked": ("Booked a consult", "reached", "of those reached"),
    "held": ("Had the consult", "booked", "of those booked"),
    "won": ("Said yes", "reached", "of those reached"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, in whole percent; None of an empty whole. ``few`` marks a small one."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None

    @property
    def few(self) -> bool:
        return self.whole < FEW


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


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a simple chart."""

    name: str
    count: int
    bar: int
    share: Share


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of the grid of both scores; ``tone`` runs from 0 to 4."""

    count: int
    tone: int


@dataclass(frozen=True, slots=True)
class Span:
    """The replies to the leads of a week or a month: the middle one in hours of business.

    `hours` is None where no lead came in. `in_time` is of those that were answered or overdue.
    """

    name: str
    leads: int
    hours: float | None
    in_time: Share

    @property
    def few(self) -> bool:
        return self.leads < FEW


@dataclass(frozen=True, slots=True)
class Replies:
    """How fast leads heard from the agency: week by week or month by month, and all together."""

    spans: Sequence[Span]
    by: str
    all: Span
    promised: str

    @property
    def in_words(self) -> str:
        """Within which time half of the leads heard from the agency."""
        return in_hours(self.all.hours or 0)


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """How a dimension was found in the talks."""

    name: str
    judged: int
    worse: Share
    better: Share
    bar: int


def funnel_of(found: Gathered) -> tuple[list[StepRow], list[StepRow]]:
    """The way through the check, and the way of the leads through the agency."""
    parts = newest().structure.parts
    words = newest().words.parts
    steps = found.steps
    check = [("Saw the start page", steps[VIEWED]), ("Began a check", steps[STARTED])]
    check += [(f"Reached “{words[part.id].title}”", steps[PART + part.id]) for part in parts[1:]]
    check += [("Saw their answers", steps[REVIEW]), ("Handed in", steps[HANDED_IN])]
    # Views and starts are counted in different ways: shares of the check begin with the start.
    return _check_rows(check), _agency_rows(steps)


def _check_rows(steps: Sequence[tuple[str, int]]) -> list[StepRow]:
    widest = max((count for _, count in steps), default=0)
    began = steps[1][1]
    return [
        StepRow(
            name=name,
            count=count,
            bar=_percent(count, widest),
            of_before=Share(count, steps[number - 1][1]) if number > 1 else None,
            of_first=Share(count, began) if number > 1 else None,
        )
        for number, (name, count) in enumerate(steps)
    ]


def _agency_rows(steps: Mapping[str, int]) -> list[StepRow]:
    handed_in = steps.get(HANDED_IN, 0)
    first = StepRow("Handed in", handed_in, 100 if handed_in else 0, None, None)
    return [first] + [
        StepRow(
            name=name,
            count=steps.get(step, 0),
            bar=_percent(steps.get(step, 0), handed_in),
            of_before=Share(steps.get(step, 0), steps.get(base, 0)),
            of_first=Share(steps.get(step, 0), handed_in),
            before=before,
        )
        for step, (name, base, before) in _AGENCY.items()
    ]


def funnel_title(found: Gathered) -> str:
    """The point of the funnel."""
    share = Share(found.steps[HANDED_IN], found.steps[STARTED])
    if share.few or share.percent is None:
        return "From the first look to the consult"
    return f"Of 100 who begin, {share.percent} hand in"


def framed_note(found: Gathered) -> str:
    """How many came by a page of another site, if any."""
    viewed, started = found.steps[VIEWED_FRAMED], found.steps[STARTED_FRAMED]
    if not viewed and not started:
        return ""
    return f"Inside pages of other sites: {viewed:,} views and {started:,} starts of these."


def pages_of(found: Gathered) -> list[PageRow]:
    """Every page that was shown, in order, with its questions."""
    structure, words = newest().structure, newest().words
    names = {page.id: words.pages[page.id].title for page in structure.pages}
    asked_on = {page.id: [q.id for q in page.questions] for page in structure.pages}
    order = [*names, REVIEW, *sorted(found.pages.keys() - {*names, REVIEW})]
    shown = [page for page in order if found.pages[page]["shown"]]
    most = max((found.pages[page]["left"] for page in shown), default=0)
    times = {page: quartiles(found.pages[page]) for page in shown}
    longest = max((times_of[2] for times_of in times.values() if times_of), default=1.0)
    point = _leaks_most(found)
    return [
        PageRow(
            id=page,
            name=names.get(page, "The review of all answers" if page == REVIEW else page),
            shown=counts["shown"],
            left=Share(counts["left"], counts["shown"]),
            bar=_percent(counts["left"], most),
            refused=Share(counts["refused"], counts["shown"]),
            seconds=_whole(times[page]),
            box=_box(times[page], longest),
            timed=sum(count for name, count in counts.items() if name.startswith("within_")),
            questions=_questions(found, asked_on.get(page, ())),
            is_point=page == point,
        )
        for page in shown
        for counts in (found.pages[page],)
    ]


def _leaks_most(found: Gathered) -> str:
    left = {page: counts["left"] for page, counts in found.pages.items()}
    page = max(left, key=lambda id: left[id], default="")
    return page if page and left[page] >= FEW else ""


def _whole(times: tuple[float, float, float] | None) -> tuple[int, int, int] | None:
    return None if times is None else (round(times[0]), round(times[1]), round(times[2]))


def _box(
    times: tuple[float, float, float] | None, longest: float
) -> tuple[float, float, float] | None:
    """Where the middle half begins, how wide it is and where its middle lies, in percent."""
    if times is None:
        return None
    first, middle, last = (round(100 * seconds / longest, 1) for seconds in times)
    return first, round(last - first, 1), middle


def _questions(found: Gathered, ids: Iterable[str]) -> list[QuestionRow]:
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


def sources_of(found: Gathered) -> list[SourceRow]:
    """The sources, those with the most leads first."""
    rows = sorted(
        found.sources.items(), key=lambda item: (-item[1][HANDED_IN], -item[1][STARTED], item[0])
    )
    most = max((steps[HANDED_IN] for _, steps in rows), default=0)
    return [
        SourceRow(
            name=name or "Direct",
            viewed=steps[VIEWED],
            started=steps[STARTED],
            handed_in=Share(steps[HANDED_IN], steps[STARTED]),
            contact=Share(steps["contact"], steps[HANDED_IN]),
            won=Share(steps["won"], steps[HANDED_IN]),
            bar=_percent(steps[HANDED_IN], most),
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


def archetypes_of(spread: Spread) -> list[Bar]:
    """The archetypes, the most common first."""
    names = newest().words.findings["archetypes"]
    named = {names.get(id, {}).get("name", id): count for id, count in spread.archetypes.items()}
    return _bars(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def archetypes_title(archetypes: Sequence[Bar]) -> str:
    """The point of the archetypes."""
    if not archetypes or archetypes[0].share.few:
        return "What they are like"
    return f"The most common is “{archetypes[0].name}”"


def grid_of(spread: Spread) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Both scores against each other by their bands: names of the columns, and the rows."""
    words = newest().words.findings["bands"]
    columns, rows = (
        [band["name"] for band in words[axis].values()] for axis in ("handoff", "separation")
    )
    most = max(spread.bands.values(), default=0)
    return columns, [
        (name, [_cell(spread.bands.get((band, other), 0), most) for other in range(4)])
        for band, name in reversed(list(enumerate(rows)))
    ]


def _cell(count: int, most: int) -> Cell:
    return Cell(count, 0 if not count else 1 + min(3, count * 4 // (most + 1)))


def tenths_of(spread: Spread, axis: str) -> list[Bar]:
    """How many leads lie in each tenth of a score."""
    tenths = spread.tenths[axis]
    names = [f"{10 * tenth}–{10 * tenth + 9 if tenth < 9 else 100}" for tenth in range(10)]
    return _bars(list(zip(names, tenths, strict=True)))


def stages_of(stages: Mapping[str, int]) -> list[Bar]:
    """How many leads stand at each stage."""
    return _bars([(NAMES[stage], stages.get(stage, 0)) for stage in STAGES])


def returned_of(returned: Mapping[str, int]) -> list[Bar]:
    """Why handovers came back, the most frequent reason first."""
    named = {RETURNING.get(id, id): count for id, count in returned.items()}
    return _bars(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def returned_title(returned: Sequence[Bar]) -> str:
    """The point of the handovers that came back."""
    if not returned or returned[0].share.few:
        return "Handovers that came back"
    return f"Most come back because: “{returned[0].name}”"


def _bars(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    most, total = max((count for _, count in counted), default=0), sum(n for _, n in counted)
    return [Bar(name, count, _percent(count, most), Share(count, total)) for name, count in counted]


_Wait = tuple[float, bool | None]
"""Hours of business, and whether the answer came in time; None while it still may."""


def replies_of(
    replies: Sequence[Reply], office: Office, now: datetime, days: int
) -> Replies | None:
    """How fast leads were answered, by week or, over many days, by month; None without any.

    Who still waits counts with the wait so far.
    """
    if not replies:
        return None
    begins, form = (_week, "%-d %b %Y") if days <= LONGEST_BY_WEEK else (_month, "%b %Y")
    waits: dict[date, list[_Wait]] = {}
    for reply in replies:
        day = reply.submitted_at.astimezone(office.zone).date()
        waits.setdefault(begins(day), []).append(_wait(reply, office, now))
    return Replies(
        spans=[
            _span(start.strftime(form), waits.get(start, ()))
            for start in _without_gaps(waits, begins)
        ],
        by="week" if begins is _week else "month",
        all=_span("", [wait for of_span in waits.values() for wait in of_span]),
        promised=in_hours(office.reply_within / timedelta(hours=1)),
    )


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _without_gaps(starts: Iterable[date], begins: Callable[[date], date]) -> list[date]:
    """Each week or month from the first to the last, also those without leads."""
    last = max(starts)
    found = [min(starts)]
    while found[-1] < last:
        day = found[-1] + timedelta(days=1)
        while begins(day) == found[-1]:
            day += timedelta(days=1)
        found.append(day)
    return found


def _wait(reply: Reply, office: Office, now: datetime) -> _Wait:
    end = reply.first_contact_at or min(now, reply.submitted_at + timedelta(days=30))
    waited = office.open_time(reply.submitted_at, end) / timedelta(hours=1)
    late = reply.due_at is not None and reply.due_at < (reply.first_contact_at or now)
    return waited, not late if reply.first_contact_at or late else None


def _span(name: str, waits: Sequence[_Wait]) -> Span:
    told = [in_time for _, in_time in waits if in_time is not None]
    return Span(
        name=name,
        leads=len(waits),
        hours=round(median(hours for hours, _ in waits), 1) if waits else None,
        in_time=Share(sum(told), len(told)),
    )


def replies_title(replies: Replies | None) -> str:
    """The point of the reply times: how many came in time."""
    if replies is None or replies.all.in_time.few:
        return "How fast we reply"
    return f"Of 100 leads, {replies.all.in_time.percent} heard from us in time"


def in_hours(hours: float) -> str:
    """A time in words: minutes below two hours, save one hour."""
    if hours == 1:
        return "1 hour"
    return f"{round(hours * 60)} minutes" if hours < 2 else f"{hours:.1f} hours".replace(".0", "")


def verdicts_of(verdicts: Mapping[str, Mapping[str, int]]) -> list[VerdictRow]:
    """The dimensions, those most often found worse than said first."""
    names = newest().words.findings["dimensions"]
    rows = []
    for id, counts in verdicts.items():
        judged = sum(counts.values())
        worse, better = (
            Share(counts.get("worse", 0), judged),
            Share(counts.get("better", 0), judged),
        )
        name = names.get(id, {}).get("name", id)
        rows.append(VerdictRow(name, judged, worse, better, worse.percent or 0))
    return sorted(rows, key=lambda row: (row.judged < FEW, -(row.worse.percent or 0), row.name))


def verdicts_title(rows: Sequence[VerdictRow]) -> str:
    """The point of the verdicts."""
    if not rows or rows[0].judged < FEW:
        return "Which answers mislead"
    return f"“{rows[0].name}” most often turns out worse than they said"


def _percent(part: float, whole: float) -> int:
    return round(100 * part / whole) if whole else 0
