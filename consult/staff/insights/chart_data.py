"""The rows and titles of the charts of the insights, from the counts of the storage."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from consult.questionnaire.editions import newest
from consult.questionnaire.questions import Kind
from consult.report.display import number_of
from consult.settings.brand import CURRENCY_SIGNS
from consult.staff.insights.chart_layout import FEW, Row, Share, counted, percent, value
from consult.staff.times import span, start_of, starts, written_start
from consult.storage.insights.agency_numbers import ConsultStep
from consult.storage.insights.insights import (
    CONTACT_REACHED,
    PART,
    SPAM,
    STARTED,
    STARTED_FRAMED,
    SUBMITTED,
    VIEWED,
    VIEWED_FRAMED,
    WORTH,
    ResponseFilter,
    Spread,
    Stats,
    quartiles,
)
from consult.storage.page_events import REVIEW
from consult.workflow.stages import DECLINE_REASONS

# Each step at the agency with the one before it. Those to a consult are apart: an owner who books
# one need not be reached first, and not everyone who was won had one.
_AGENCY = {
    "contact": ("Left contact info", SUBMITTED, "of the finished"),
    "reached": ("Reached", "contact", "of the contacts"),
    "won": ("Won, with or without a consult", "reached", "of those reached"),
}
_CONSULT = {
    "pressed": ("Opened the calendar", "of the finished"),
    "booked": ("Consult scheduled", "of those who opened it"),
    "held": ("Consult done", "of those scheduled"),
    "won": ("Won after the consult", "of those done"),
}
DIRECT = "Direct"
"""How leads without a source are named."""

_MAX_SOURCES = 30


class Chart(NamedTuple):
    title: str
    rows: Sequence[Row]


def funnel_title(stats: Stats) -> str:
    finished = Share(stats.steps[SUBMITTED], stats.steps[STARTED])
    if finished.few:
        return "From first visit to consult"
    return f"{finished.percent}% of people who start finish"


def framed_note(stats: Stats) -> str:
    viewed, started = stats.steps[VIEWED_FRAMED], stats.steps[STARTED_FRAMED]
    if not viewed and not started:
        return ""
    return f"Inside pages of other sites: {viewed:,} views and {started:,} starts of these."


def check_steps(stats: Stats) -> list[Row]:
    parts, text = newest().structure.parts, newest().texts.parts
    steps = stats.steps
    counts = [("Saw the start page", steps[VIEWED]), ("Started a check", steps[STARTED])]
    counts += [(f"Reached “{text[part.id].title}”", steps[PART + part.id]) for part in parts[1:]]
    counts += [("Saw the review page", steps[REVIEW]), ("Finished", steps[SUBMITTED])]
    widest = max(count for _, count in counts)
    # Views and starts are counted in different ways: shares begin after the start.
    rows = [
        Row(name, (count, None, None), f"{count:,}", percent(count, widest))
        for name, count in counts[:2]
    ]
    for (_, before), (name, count) in pairwise(counts[1:]):
        rows.append(_step(name, count, Share(count, before), steps[STARTED], widest))
    return rows


def agency_steps(stats: Stats) -> list[Row]:
    steps = stats.steps
    finished = steps[SUBMITTED]
    rows = [Row("Finished", (finished, None, None), f"{finished:,}", 100 if finished else 0)]
    for step, (name, base, of) in _AGENCY.items():
        count = steps[step]
        of_base = Share(steps[CONTACT_REACHED] if step == "reached" else count, steps[base], of)
        rows.append(_step(name, count, of_base, finished))
    return rows


def consult_steps(steps: Mapping[str, ConsultStep]) -> Chart:
    """From the calendar to the client: of how many of the step before, and how long after it."""
    most = max(step.count for step in steps.values())
    rows = []
    for name, step in steps.items():
        title, of = _CONSULT[name]
        share = Share(step.followed, step.before, of)
        took = "" if step.seconds is None else _in_words(step.seconds)
        bar = value(step.count, share), percent(step.count, most)
        cells = (step.count, share, took or "–")
        rows.append(Row(title, cells, *bar, few=share.few, later=took))
    booked = Share(steps["booked"].followed, steps["booked"].before)
    title = "From the result to a consult"
    if not booked.few:
        title = f"{booked.percent}% of people who open the calendar book"
    return Chart(title, rows)


def _in_words(seconds: int) -> str:
    return "under a minute" if seconds < 60 else span(timedelta(seconds=seconds))


def consults_note(stats: Stats, booked: ConsultStep) -> str:
    asked, other = (
        Share(stats.steps["consult"], stats.steps["contact"]),
        booked.count - booked.followed,
    )
    notes = []
    if asked.percent is not None:
        notes.append(
            f"{asked.part:,} of {asked.whole:,} who left contact info requested a consult."
        )
    if other:
        were = "consult was" if other == 1 else "consults were"
        notes.append(f"{other:,} {were} scheduled some other way, such as on the phone.")
    return " ".join(notes)


def spam_note(stats: Stats) -> str:
    """How many contacts were held back, and what became of them."""
    suspect, cleared, confirmed = (stats.steps[name] for name in SPAM)
    if not suspect and not confirmed:
        return ""
    held = "1 contact was" if suspect == 1 else f"{suspect:,} contacts were"
    outcome = f"{cleared:,} cleared by you, {confirmed:,} confirmed by email"
    return f"{held} held back as probable spam; {outcome}."


def _step(name: str, count: int, of_before: Share, first: int, widest: int = 0) -> Row:
    """A step of a funnel: the bar is a share of the first step, the percent of the step before."""
    cells = (count, of_before, Share(count, first))
    width = percent(count, widest or first)
    return Row(name, cells, value(count, of_before), width, few=of_before.few)


def drop_off(stats: Stats) -> Chart:
    """How many stopped at each page that was shown, in order."""
    left = {page: stats.pages[page]["left"] for page in _shown(stats)}
    most = max(left.values(), default=0)
    point = next((page for page in left if left[page] == most >= FEW), None)
    rows = []
    for page, name in _shown(stats).items():
        counts = stats.pages[page]
        share = Share(counts["left"], counts["shown"])
        cells = (counts["shown"], share.part, share, Share(counts["refused"], counts["shown"]))
        bar = value(share.part, share), percent(share.part, most)
        rows.append(Row(name, cells, *bar, few=share.few, is_point=page == point))
    return Chart(f"Most stop at “{_shown(stats)[point]}”" if point else "Where people stop", rows)


def times(stats: Stats) -> Chart:
    """The seconds that the middle half took for each page, marked at the median."""
    timed = {page: found for page in _shown(stats) if (found := quartiles(stats.seconds[page]))}
    longest = max((last for _, _, last in timed.values()), default=0) or 1
    rows = []
    slowest, slowest_name = -1, ""
    for page, (first, middle, last) in timed.items():
        name, samples = _shown(stats)[page], stats.seconds[page].total()
        few = samples < FEW
        few_mark = " · few" if few else ""
        if not few and middle > slowest:
            slowest, slowest_name = middle, name
        start, mark, end = (round(100 * seconds / longest, 1) for seconds in (first, middle, last))
        cells = (f"{middle} s", f"{first}–{last} s", f"{samples:,}{few_mark}")
        rows.append(
            Row(name, cells, f"{middle} s{few_mark}", round(end - start, 1), start, mark, few)
        )
    return Chart(f"“{slowest_name}” takes longest" if slowest_name else "Time per page", rows)


def _shown(stats: Stats) -> dict[str, str]:
    """The pages that were shown, in order, with their names."""
    text = newest().texts.pages
    names = {page.id: text[page.id].title for page in newest().structure.pages}
    names[REVIEW] = "The review of all answers"
    earlier = {page: page for page in sorted(stats.pages.keys() - names.keys())}
    return {page: name for page, name in (names | earlier).items() if stats.pages[page]["shown"]}


def questions(stats: Stats) -> dict[str, list[Row]]:
    """How each question was answered, by the name of its page; for the table only."""
    shown = _shown(stats)
    return {
        shown[page.id]: [
            _question(question.id, counts)
            for question in page.questions
            if (counts := stats.questions.get(question.id))
        ]
        for page in newest().structure.pages
        if page.id in shown
    }


def _question(id: str, counts: Mapping[str, int]) -> Row:
    wording, is_card = newest().wording(id), newest().questions[id].kind is Kind.SORT
    asked, answered = counts["asked"], counts["answered"]
    cells = (asked, Share(answered, asked), Share(counts["unknown"], answered))
    name = f"Card: {wording.title}" if is_card else wording.ask
    return Row(name, (*cells, Share(counts["left"], asked)))


def ranked_sources(stats: Stats) -> list[str]:
    """The sources that brought the most finished checks first; "" is for none."""
    steps = stats.sources
    ranked = sorted(steps, key=lambda one: (-steps[one][SUBMITTED], -steps[one][STARTED], one))
    return ranked[:_MAX_SOURCES]


def sources(stats: Stats) -> Chart:
    ranked = ranked_sources(stats)
    most = max((stats.sources[source][SUBMITTED] for source in ranked), default=0)
    rows = []
    for source in ranked:
        steps = stats.sources[source]
        finished = steps[SUBMITTED]
        share = Share(finished, steps[STARTED])
        cells = (steps[VIEWED], steps[STARTED], finished, share)
        of_leads = (Share(steps["contact"], finished), Share(steps["won"], finished), worth(steps))
        bar = value(finished, share), percent(finished, most)
        rows.append(Row(source or DIRECT, (*cells, *of_leads), *bar, few=share.few))
    if most < FEW:
        return Chart("Where they come from", rows)
    if rows[0].name == DIRECT:
        return Chart("Most leads come directly", rows)
    return Chart(f"Most leads come from “{rows[0].name}”", rows)


def wins(by_day: Mapping[date, Mapping[str, int]], of: ResponseFilter, by: str) -> Chart:
    """Leads and wins `by` week or month; a bar for the leads."""
    spans: dict[date, Counter[str]] = {start: Counter() for start in starts(of.since, of.until, by)}
    for day, counts in by_day.items():
        spans[start_of(day, by)].update(counts)
    most = max((counts["leads"] for counts in spans.values()), default=0)
    rows = [
        Row(
            written_start(start, by),
            (counts["leads"], counts["won"], worth(counts)),
            f"{number_of(counts['leads'], 'lead')} · {counts['won']:,} won",
            percent(counts["leads"], most),
        )
        for start, counts in spans.items()
    ]
    return Chart(f"Leads and wins by {by}", rows)


def worth(counts: Mapping[str, int]) -> str:
    """What wins are worth, in whole units of each currency, as in "$1,200"; a dash for nothing."""
    amounts = {
        name.removeprefix(WORTH): amount
        for name, amount in counts.items()
        if name.startswith(WORTH)
    }
    texts = [f"{CURRENCY_SIGNS[each]}{round(amounts[each] / 100):,}" for each in sorted(amounts)]
    return " + ".join(texts) or "–"


def people(counts: Sequence[Any]) -> Chart:
    """What each person did with the leads that they have, a bar for how many they have."""
    most = max((each.leads for each in counts), default=0)
    rows = []
    for each in counts:
        in_time, reached = Share(each.in_time, each.answered), Share(each.reached, each.leads)
        cells = (each.leads, each.picked_up, each.self_booked, in_time, reached, each.won)
        text = f"{number_of(each.leads, 'lead')} · {each.won:,} won"
        bar = text, percent(each.leads, most)
        rows.append(Row(each.name or "No one yet", cells, *bar, few=reached.few))
    return Chart("Who works on them", rows)


def archetypes(spread: Spread) -> Chart:
    rows = _ranked(spread.archetypes, _names("archetypes"))
    if sum(spread.archetypes.values()) < FEW:
        return Chart("What they are like", rows)
    return Chart(f"The most common is “{rows[0].name}”", rows)


def returned(reasons: Mapping[str, int]) -> Chart:
    rows = _ranked(reasons, DECLINE_REASONS)
    if sum(reasons.values()) < FEW:
        return Chart("Returned handovers", rows)
    return Chart(f"Most are returned because: “{rows[0].name}”", rows)


def _ranked(counts: Mapping[str, int], names: Mapping[str, str]) -> list[Row]:
    named = [(names.get(id, id), count) for id, count in counts.items()]
    return counted(sorted(named, key=lambda item: (-item[1], item[0])))


def _names(kind: str) -> dict[str, str]:
    return {id: text["name"] for id, text in newest().texts.findings[kind].items()}


def tenths(counts: Sequence[int]) -> list[Row]:
    names = [f"{10 * tenth}–{10 * tenth + 9 if tenth < 9 else 100}" for tenth in range(10)]
    return counted(list(zip(names, counts, strict=True)))


def band_names(axis: str) -> list[str]:
    return [band["name"] for band in newest().texts.findings["bands"][axis].values()]


def grid(spread: Spread) -> list[tuple[str, list[tuple[int, int]]]]:
    """Leads by both scores: for each band of separation, the highest first, those by handoff.

    Each is a count and its tone, from 0 for none to 4.
    """
    most = max(spread.bands.values(), default=0)
    rows = reversed(list(enumerate(band_names("separation"))))
    return [
        (name, [(count, 1 + count * 4 // (most + 1) if count else 0) for count in counts])
        for band, name in rows
        for counts in ([spread.bands.get((band, other), 0) for other in range(4)],)
    ]


def assessments(by_dimension: Mapping[str, Mapping[str, int]]) -> Chart:
    """How often each dimension turned out worse in calls; those most often worse first."""
    names = _names("dimensions")
    rows = []
    for id, counts in by_dimension.items():
        calls = sum(counts.values())
        better, worse = (Share(counts.get(way, 0), calls) for way in ("better", "worse"))
        text = f"{worse.part} of {calls}{' · few' if worse.few else ''}"
        cells = (calls, worse, better)
        rows.append(Row(names.get(id, id), cells, text, worse.percent or 0, few=worse.few))
    rows.sort(key=lambda row: (row.few, -row.width, row.name))
    if not rows or rows[0].few:
        return Chart("Misleading answers", rows)
    return Chart(f"“{rows[0].name}” most often turns out worse than stated", rows)
