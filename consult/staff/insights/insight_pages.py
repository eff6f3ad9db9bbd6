"""The page of insights: how far responses and leads got, in numbers without names.

Above it all is how the agency itself does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from consult.questionnaire.editions import newest
from consult.questionnaire.questions import BASE, DEPTH_LABELS
from consult.report.display import number_of
from consult.staff import times
from consult.staff.blueprint import blueprint, for_staff
from consult.staff.insights import chart_data, chart_layout
from consult.staff.insights.chart_data import DIRECT, ranked_sources
from consult.staff.insights.chart_layout import Share, counted
from consult.storage.db.database import Session
from consult.storage.insights import agency_numbers, insights
from consult.storage.insights.insights import SUBMITTED, ResponseFilter, Stats
from consult.web.services import services
from consult.web.text import one_line, unknown_values
from consult.workflow.office_hours import Office
from consult.workflow.own_performance import MINIMUM, Measure, measure
from consult.workflow.stages import NAMES, STAGES

PERIODS = {"30": "Last 30 days", "90": "Last 90 days", "365": "Last 12 months", "own": "Custom"}
KINDS = {"real": "Real", "demo": "Demo", "test": "Test"}
DEPTHS = {"": "All", **DEPTH_LABELS}
_DEFAULT_PERIOD = "90"
_LONGEST = timedelta(days=3 * 366)
_NO_SOURCE = "-"
"""Means "no source" in the address, where an empty value means all of them."""
_RECORDS = {"tries": "silent leads", "dates_kept": "dates", "known_sources": "won"}


@blueprint.get("/insights")
@for_staff
def insights_page() -> ResponseReturnValue:
    office = services().settings.office
    with services().database.reading() as session:
        now, kinds_present = session.now(), insights.kinds_present(session)
        period, of = _filter(request.args, kinds_present, office.today(now))
        by = times.period_name(of.since, of.until)
        stats = insights.collect(session, of)
        charts = {**_check_charts(stats), **_lead_charts(session, of, stats, by)}
        records = agency_numbers.read_records(session, demo=of.kind == "demo")
    return render_template(
        "staff/insights/insights.html",
        period=period,
        of=of,
        by=by,
        unknown=unknown_values(request.args, _READERS),
        kinds_present=kinds_present,
        kinds=KINDS,
        periods=PERIODS,
        depths=DEPTHS,
        source_choices=_source_choices(stats, of.source),
        chosen_source="" if of.source is None else of.source or _NO_SOURCE,
        few=chart_layout.FEW,
        own_items=[_own_item(one) for one in measure(records, office, now)],
        is_empty=not (stats.steps[insights.VIEWED] or stats.steps[insights.STARTED]),
        **charts,
    )


def _check_charts(stats: Stats) -> Mapping[str, Any]:
    """How far owners got, and where they came from."""
    return {
        "funnel_title": chart_data.funnel_title(stats),
        "check": chart_data.check_steps(stats),
        "agency": chart_data.agency_steps(stats),
        "framed": chart_data.framed_note(stats),
        "spam": chart_data.spam_note(stats),
        "drop_off": chart_data.drop_off(stats),
        "questions": chart_data.questions(stats),
        "times": chart_data.times(stats),
        "sources": chart_data.sources(stats),
    }


def _lead_charts(session: Session, of: ResponseFilter, stats: Stats, by: str) -> Mapping[str, Any]:
    """What the leads are like, and what the agency made of them, `by` week or month."""
    office, finished = services().settings.office, stats.steps[SUBMITTED]
    spread = insights.spread(session, of)
    consult = agency_numbers.consult_steps(session, of, finished)
    waits = agency_numbers.replies(session, of, finished)
    replies = replies_of(waits, office, session.now(), by)
    return {
        "archetypes": chart_data.archetypes(spread),
        "tenths": {axis: chart_data.tenths(counts) for axis, counts in spread.tenths.items()},
        "columns": {
            axis: chart_layout.columns(counts, chart_data.band_names(axis))
            for axis, counts in spread.tenths.items()
        },
        "grid": chart_data.grid(spread),
        "grid_columns": chart_data.band_names("handoff"),
        "stages": counted([(NAMES[stage], spread.stages.get(stage, 0)) for stage in STAGES]),
        "consult": chart_data.consult_steps(consult),
        "consults": chart_data.consults_note(stats, consult["booked"]),
        "wins": chart_data.wins(insights.by_day(session, of), of, by),
        "people": chart_data.people(agency_numbers.by_person(session, of)),
        "returned": chart_data.returned(agency_numbers.declined(session, of)),
        "assessments": chart_data.assessments(agency_numbers.assessments(session, of)),
        "replies": replies,
        "line": chart_layout.line([span.on_time for span in replies.spans]) if replies else None,
        "sampled": finished >= 2 * agency_numbers.MAX_REPLIES,
    }


def _filter(
    query: MultiDict[str, str], kinds_present: set[str], today: date
) -> tuple[str, ResponseFilter]:
    """The period and the filter in the address, without values that make no sense."""
    period = query.get("period", _DEFAULT_PERIOD)
    since, until = query.get("since", type=_day), query.get("until", type=_day)
    if (since, until) != (query.get("was_since", since, _day), query.get("was_until", until, _day)):
        period = "own"  # the days were changed, and not the name of the period
    if period == "own":
        until = until or today
        since = since or until - timedelta(days=int(_DEFAULT_PERIOD) - 1)
        since, until = min(since, until), max(since, until)
        since = max(since, until - _LONGEST)
    else:
        period = period if period in PERIODS else _DEFAULT_PERIOD
        since, until = today - timedelta(days=int(period) - 1), today
    kind = query.get("kind", "")
    if kind not in KINDS:
        kind = "demo" if "real" not in kinds_present and "demo" in kinds_present else "real"
    source = one_line(query.get("source", ""))
    depth = query.get("depth", "")
    return period, ResponseFilter(
        kind=kind,
        since=since,
        until=until,
        source={"": None, _NO_SOURCE: ""}.get(source, source),
        depth=depth if depth in DEPTHS else "",
    )


def _source_choices(stats: Stats, chosen: str | None) -> list[tuple[str, str]]:
    """The sources to choose from, as an address has them, and their names; `chosen` is there."""
    found = dict.fromkeys([*([] if chosen is None else [chosen]), *ranked_sources(stats)])
    return [(source or _NO_SOURCE, source or DIRECT) for source in found]


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 1970 <= day.year <= 9000:
        raise ValueError(text)
    return day


_READERS: Mapping[str, Callable[[str], object]] = {
    "period": PERIODS.get,
    "since": _day,
    "until": _day,
    "was_since": _day,
    "was_until": _day,
    "depth": DEPTHS.get,
    "kind": KINDS.get,
}


@dataclass(frozen=True, slots=True)
class Span:
    """The replies to the leads of a week or a month.

    `hours` is the median in business hours; None where no lead came in. `on_time` is of those that
    were answered or overdue.
    """

    name: str
    leads: int
    hours: float | None
    on_time: Share


@dataclass(frozen=True, slots=True)
class Replies:
    spans: Sequence[Span]
    total: Span

    @property
    def median(self) -> str:
        return in_hours(self.total.hours or 0)

    @property
    def title(self) -> str:
        share = self.total.on_time
        return "How fast we reply" if share.few else f"{share.percent}% were contacted on time"


def replies_of(replies: Sequence[Any], office: Office, now: datetime, by: str) -> Replies | None:
    """How fast leads were answered, `by` week or month; None without any.

    Leads that still wait count with the wait so far.
    """
    if not replies:
        return None
    waits: dict[date, list[tuple[float, bool | None]]] = {}
    for reply in replies:
        day = reply.submitted_at.astimezone(office.zone).date()
        waits.setdefault(times.start_of(day, by), []).append(_wait(reply, office, now))
    spans = [
        _span(times.written_start(start, by), waits.get(start, ()))
        for start in times.starts(min(waits), max(waits), by)
    ]
    return Replies(spans, _span("", [wait for of_span in waits.values() for wait in of_span]))


def _wait(reply: Any, office: Office, now: datetime) -> tuple[float, bool | None]:
    """Business hours, and whether the reply was on time; None while it still can be.

    In the hours under which it was promised, so that the two agree after those have changed.
    """
    start, first = reply.clock_started_at or reply.submitted_at, reply.first_contact_at
    end = first or min(now, start + timedelta(days=30))
    waited = office.under(reply.clock_hours).open_time(start, end) / timedelta(hours=1)
    late = reply.due_at is not None and (reply.due_at < first if first else reply.due_at <= now)
    return waited, not late if first or late else None


def _span(name: str, waits: Sequence[tuple[float, bool | None]]) -> Span:
    decided = [on_time for _, on_time in waits if on_time is not None]
    hours = round(median(hours for hours, _ in waits), 1) if waits else None
    return Span(name, len(waits), hours, Share(sum(decided), len(decided)))


def in_hours(hours: float) -> str:
    """A time in words: minutes below two hours, except one hour."""
    if hours == 1:
        return "1 hour"
    if hours < 2:
        return number_of(round(hours * 60), "minute")
    return f"{hours:.1f} hours".replace(".0", "")


@dataclass(frozen=True, slots=True)
class OwnItem:
    """A question as the agency's records answer it; without an answer while there are too few.

    `rung` of `top` steps is drawn; `records` says how many there are, or how many it takes.
    """

    title: str
    top: int
    records: str
    answer: str = ""
    rung: int = 0
    fix: str = ""


def _own_item(measure: Measure) -> OwnItem:
    edition = newest()
    wording = edition.wording(edition.structure.roles.own_performance[measure.id], BASE)
    texts = list(wording.choices.values())
    top, records = len(texts) - 1, _RECORDS.get(measure.id, "leads")
    if measure.rung is None:
        needed = f"{measure.count} of {MINIMUM[measure.id]} {records} needed"
        return OwnItem(wording.title, top, needed)
    fix = wording.fix if measure.rung < top else ""
    found = f"From {measure.count} {records}"
    return OwnItem(wording.title, top, found, texts[measure.rung], measure.rung, fix)
