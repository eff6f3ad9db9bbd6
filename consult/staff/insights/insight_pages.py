"""The page of insights: what became of everybody who came, in numbers about nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from consult.staff.blueprint import blueprint, for_staff
from consult.staff.insights import chart_data as charts
from consult.staff.insights import funnel as checks
from consult.staff.insights import lead_stats as leads
from consult.staff.insights.funnel import PageRow, SourceRow, StepRow
from consult.staff.insights.lead_stats import VerdictRow
from consult.staff.insights.own_performance_presenter import own_health_view
from consult.staff.insights.reply_times import Replies, replies_of, replies_title
from consult.staff.insights.shares import FEW, Bar
from consult.storage.db.database import Session
from consult.storage.insights import insights
from consult.storage.insights.insights import SUBMITTED, ResponseFilter, Spread, Stats
from consult.web.services import services
from consult.web.text import one_line
from consult.workflow.office_hours import Office

PERIODS = {"30": "Last 30 days", "90": "Last 90 days", "365": "Last 12 months", "own": "From – to"}
KINDS = {"real": "Owners", "demo": "Demo", "test": "Tests"}
DEPTHS = {"": "Both", "quick": "Quick look", "full": "Full check"}
_USUAL = "90"
_LONGEST = timedelta(days=3 * 366)
_DIRECT = "-"
"""Stands for "no source" in the address, where an empty value means all of them."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the form says, and the slice that it means."""

    period: str
    source: str
    of: ResponseFilter


@dataclass(frozen=True)
class Rows:
    """The rows of every table of the page; each has its chart."""

    check: Sequence[StepRow]
    agency: Sequence[StepRow]
    pages: Sequence[PageRow]
    sources: Sequence[SourceRow]
    archetypes: Sequence[Bar]
    tenths: Mapping[str, Sequence[Bar]]
    stages: Sequence[Bar]
    replies: Replies | None
    returned: Sequence[Bar]
    verdicts: Sequence[VerdictRow]


@blueprint.get("/insights")
@for_staff
def insights_page() -> ResponseReturnValue:
    """Show how far checks and leads came, where people stopped, and what the talks found."""
    made = services()
    office = made.settings.office
    with made.database.reading() as session:
        there = insights.kinds_present(session)
        filters = _filters(request.args, there, office.today(session.now()))
        found = insights.collect(session, filters.of)
        spread = insights.spread(session, filters.of)
        rows = _rows(session, filters.of, found, spread, office)
        own_health = own_health_view(session, office, demo=filters.of.kind == "demo")
    return render_template(
        "staff/insights/insights.html",
        filters=filters,
        there=there,
        kinds=KINDS,
        periods=PERIODS,
        depths=DEPTHS,
        few=FEW,
        own_health=own_health,
        framed=checks.framed_note(found),
        grid=leads.grid_of(spread),
        sampled=found.steps[SUBMITTED] >= 2 * insights.MAX_REPLIES,
        titles={"funnel": checks.funnel_title(found), **_titles(rows)},
        drawn=_drawn(rows),
        **vars(rows),
    )


def _rows(
    session: Session, of: ResponseFilter, found: Stats, spread: Spread, office: Office
) -> Rows:
    check, agency = checks.funnel_of(found)
    replies = insights.replies(session, of, found.steps[SUBMITTED])
    return Rows(
        check=check,
        agency=agency,
        pages=checks.pages_of(found),
        sources=checks.sources_of(found),
        archetypes=leads.archetypes_of(spread),
        tenths={axis: leads.tenths_of(spread, axis) for axis in ("separation", "handoff")},
        stages=leads.stages_of(spread.stages),
        replies=replies_of(replies, office, session.now(), (of.until - of.since).days + 1),
        returned=leads.returned_of(insights.declined(session, of)),
        verdicts=leads.verdicts_of(insights.assessments(session, of)),
    )


def _titles(rows: Rows) -> dict[str, str]:
    return {
        "pages": checks.pages_title(rows.pages),
        "times": checks.times_title(rows.pages),
        "sources": checks.sources_title(rows.sources),
        "archetypes": leads.archetypes_title(rows.archetypes),
        "replies": replies_title(rows.replies),
        "returned": leads.returned_title(rows.returned),
        "verdicts": leads.verdicts_title(rows.verdicts),
    }


def _drawn(rows: Rows) -> dict[str, object]:
    return {
        "check": charts.funnel(rows.check),
        "agency": charts.funnel(rows.agency),
        "pages": charts.pages(rows.pages),
        "times": charts.times(rows.pages),
        "sources": charts.sources(rows.sources),
        "archetypes": charts.bars(rows.archetypes),
        **{axis: charts.scores(tenths, axis) for axis, tenths in rows.tenths.items()},
        "replies": charts.replies(rows.replies) if rows.replies else None,
        "stages": charts.bars(rows.stages),
        "returned": charts.bars(rows.returned),
        "verdicts": charts.verdicts(rows.verdicts),
    }


def _filters(query: MultiDict[str, str], there: set[str], today: date) -> Filters:
    """Read the form; what makes no sense is as if it had not been said."""
    period = query.get("period", _USUAL)
    since, until = query.get("since", type=_day), query.get("until", type=_day)
    if period == "own" and since and until:
        since, until = min(since, until), max(since, until)
        since = max(since, until - _LONGEST)
    else:
        period = period if period in PERIODS and period != "own" else _USUAL
        since, until = today - timedelta(days=int(period) - 1), today
    kind = query.get("kind", "")
    if kind not in KINDS:
        kind = "demo" if "real" not in there and "demo" in there else "real"
    source = one_line(query.get("source", ""))
    depth = query.get("depth", "")
    of = ResponseFilter(
        kind=kind,
        since=since,
        until=until,
        source={"": None, _DIRECT: ""}.get(source, source),
        depth=depth if depth in DEPTHS else "",
    )
    return Filters(period, source, of)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 1970 <= day.year <= 9000:
        raise ValueError(text)
    return day
