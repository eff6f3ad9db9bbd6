"""The page of insights: what became of everybody who came, in numbers about nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from consult.staff import insight_charts as charts
from consult.staff import insight_checks as checks
from consult.staff import insight_leads as leads
from consult.staff.blueprint import blueprint
from consult.staff.health_views import own_health_view
from consult.staff.insight_replies import replies_of, replies_title
from consult.staff.insight_shares import FEW
from consult.staff.rights import for_staff
from consult.storage import insights
from consult.storage.insights import Slice
from consult.storage.settling import HANDED_IN
from consult.web.services import services
from consult.web.text import one_line

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
    of: Slice


@blueprint.get("/insights")
@for_staff
def insights_page() -> ResponseReturnValue:
    """Show how far checks and leads came, where people stopped, and what the talks found."""
    made = services()
    office = made.settings.office
    made.views.write()
    with made.database.reading() as session:
        now = session.now()
        there = insights.kinds_there(session)
        filters = _filters(request.args, there, now.astimezone(office.zone).date())
        of = filters.of
        found = insights.gather(session, of)
        spread = insights.spread(session, of)
        replies = insights.replies(session, of, found.steps[HANDED_IN])
        returned = insights.returned(session, of)
        verdicts = insights.verdicts(session, of)
        own_health = own_health_view(session, office, demo=of.kind == "demo")
    pages, sources = checks.pages_of(found), checks.sources_of(found)
    check, agency = checks.funnel_of(found)
    archetypes = leads.archetypes_of(spread)
    answered = replies_of(replies, office, now, (of.until - of.since).days + 1)
    tenths = {axis: leads.tenths_of(spread, axis) for axis in ("separation", "handoff")}
    standing = leads.stages_of(spread.stages)
    back, misled = leads.returned_of(returned), leads.verdicts_of(verdicts)
    return render_template(
        "staff/insights.html",
        filters=filters,
        there=there,
        kinds=KINDS,
        periods=PERIODS,
        depths=DEPTHS,
        few=FEW,
        own_health=own_health,
        check=check,
        agency=agency,
        framed=checks.framed_note(found),
        pages=pages,
        sources=sources,
        archetypes=archetypes,
        grid=leads.grid_of(spread),
        tenths=tenths,
        stages=standing,
        replies=answered,
        sampled=found.steps[HANDED_IN] >= 2 * insights.REPLIES_LOOKED_AT,
        returned=back,
        verdicts=misled,
        drawn={
            "check": charts.funnel(check),
            "agency": charts.funnel(agency),
            "pages": charts.pages(pages),
            "times": charts.times(pages),
            "sources": charts.sources(sources),
            "archetypes": charts.bars(archetypes),
            **{axis: charts.scores(of_axis, axis) for axis, of_axis in tenths.items()},
            "replies": charts.replies(answered) if answered else None,
            "stages": charts.bars(standing),
            "returned": charts.bars(back),
            "verdicts": charts.verdicts(misled),
        },
        titles={
            "funnel": checks.funnel_title(found),
            "pages": checks.pages_title(pages),
            "times": checks.times_title(pages),
            "sources": checks.sources_title(sources),
            "archetypes": leads.archetypes_title(archetypes),
            "replies": replies_title(answered),
            "returned": leads.returned_title(back),
            "verdicts": leads.verdicts_title(misled),
        },
    )


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
    of = Slice(
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
