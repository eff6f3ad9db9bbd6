"""The page of insights: how far responses and leads got, in numbers without names."""

from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from consult.staff.blueprint import blueprint, for_staff
from consult.staff.insights import chart_data, chart_layout
from consult.staff.insights.own_performance_presenter import own_performance, replies_of
from consult.storage.insights import insights
from consult.storage.insights.insights import SUBMITTED, ResponseFilter
from consult.web.services import services
from consult.web.text import one_line
from consult.workflow.stages import NAMES, STAGES

PERIODS = {"30": "Last 30 days", "90": "Last 90 days", "365": "Last 12 months", "own": "Custom"}
KINDS = {"real": "Real", "demo": "Demo", "test": "Test"}
DEPTHS = {"": "All", "quick": "Quick check", "full": "Full check"}
_DEFAULT_PERIOD = "90"
_LONGEST = timedelta(days=3 * 366)
_NO_SOURCE = "-"
"""Means "no source" in the address, where an empty value means all of them."""


@blueprint.get("/insights")
@for_staff
def insights_page() -> ResponseReturnValue:
    """Show how far responses and leads got, where people stopped, and what the calls found."""
    made = services()
    office = made.settings.office
    with made.database.reading() as session:
        kinds_present = insights.kinds_present(session)
        period, of = _filter(request.args, kinds_present, office.today(session.now()))
        stats = insights.collect(session, of)
        finished = stats.steps[SUBMITTED]
        spread = insights.spread(session, of)
        waits = insights.replies(session, of, finished)
        replies = replies_of(waits, office, session.now(), (of.until - of.since).days + 1)
        returned = insights.declined(session, of)
        assessments = insights.assessments(session, of)
        items, demo_items = own_performance(session, office, demo=of.kind == "demo")
    stages = [(NAMES[stage], spread.stages.get(stage, 0)) for stage in STAGES]
    return render_template(
        "staff/insights/insights.html",
        period=period,
        of=of,
        kinds_present=kinds_present,
        kinds=KINDS,
        periods=PERIODS,
        depths=DEPTHS,
        few=chart_layout.FEW,
        own_items=items,
        own_items_are_demo=demo_items,
        is_empty=not (stats.steps[insights.VIEWED] or stats.steps[insights.STARTED]),
        funnel_title=chart_data.funnel_title(stats),
        check=chart_data.check_steps(stats),
        agency=chart_data.agency_steps(stats),
        framed=chart_data.framed_note(stats),
        drop_off=chart_data.drop_off(stats),
        questions=chart_data.questions(stats),
        times=chart_data.times(stats),
        sources=chart_data.sources(stats),
        archetypes=chart_data.archetypes(spread),
        tenths={axis: chart_data.tenths(counts) for axis, counts in spread.tenths.items()},
        columns={
            axis: chart_layout.columns(counts, chart_data.band_names(axis))
            for axis, counts in spread.tenths.items()
        },
        grid=chart_data.grid(spread),
        grid_columns=chart_data.band_names("handoff"),
        stages=chart_layout.counted(stages),
        replies=replies,
        line=chart_layout.line([span.on_time for span in replies.spans]) if replies else None,
        sampled=finished >= 2 * insights.MAX_REPLIES,
        returned=chart_data.returned(returned),
        assessments=chart_data.assessments(assessments),
    )


def _filter(
    query: MultiDict[str, str], kinds_present: set[str], today: date
) -> tuple[str, ResponseFilter]:
    """The period and the filter in the address; values that make no sense are ignored."""
    period = query.get("period", _DEFAULT_PERIOD)
    since, until = query.get("since", type=_day), query.get("until", type=_day)
    if period == "own" and since and until:
        since, until = min(since, until), max(since, until)
        since = max(since, until - _LONGEST)
    else:
        period = period if period in PERIODS and period != "own" else _DEFAULT_PERIOD
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


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 1970 <= day.year <= 9000:
        raise ValueError(text)
    return day
