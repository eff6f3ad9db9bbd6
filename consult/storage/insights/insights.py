"""The numbers behind the insights: how far responses and leads got, where owners stopped, scores.

Each response counts on the day it was started, whether it is still stored or was deleted. No query
reads an answer.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, cast, exists, func, literal_column, select

from consult.questionnaire.editions import newest
from consult.scoring.axis import CUTS
from consult.storage.db.database import Session
from consult.storage.page_events import REVIEW
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import (
    KINDS,
    PageVisitRow,
    ResponseStatsRow,
    StartPageViewRow,
)

VIEWED, VIEWED_FRAMED = "viewed", "viewed_framed"
STARTED, STARTED_FRAMED = "started", "started_framed"
SUBMITTED = "submitted"
WORTH = "worth:"
"""Comes before a currency: what the leads that were won are worth, in hundredths of it."""
PART = "part:"
"""Comes before the id of a part of the questionnaire."""
MILESTONES = ("contact", "consult", "reached", "booked", "held", "won")
CONTACT_REACHED = "contact_reached"
"""Those of the contacts that were reached; staff may also reach owners who left none."""

SPAM = ("suspect", "cleared", "confirmed")
"""Contacts that were held back, those that staff let go, and confirmed addresses."""

OTHER = "other"
MAX_SOURCES = 50
"""Any link can name a source, so the least important ones are shown together, as `OTHER`."""

_CUTS = tuple(sorted({*range(10, 100, 10), *CUTS}))
"""Where the tenths of a score begin, and its bands."""

Counts = dict[str, Counter[str]]
"""Counts by name, for each source, page or question."""


@dataclass(frozen=True, slots=True)
class ResponseFilter:
    """Responses started on these days. `source` None and `depth` "" select all of them."""

    kind: str
    since: date
    until: date
    source: str | None = None
    depth: str = ""


@dataclass
class Stats:
    """All that is counted of the responses that a filter selects.

    `steps` is how many got to each step of the funnel, `sources` the same for each source,
    whichever one the filter asks for. Pages have ``shown``, ``left`` and ``refused``, and how many
    took so many `seconds`; questions ``asked``, ``answered``, ``unknown`` and ``left``.
    """

    steps: Counter[str] = field(default_factory=Counter)
    sources: Counts = field(default_factory=lambda: defaultdict(Counter))
    pages: Counts = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    questions: Counts = field(default_factory=lambda: defaultdict(Counter))


@dataclass(frozen=True, slots=True)
class Spread:
    """How many leads there are by tenth and band (0 to 3) of each score, archetype and stage."""

    tenths: Mapping[str, Sequence[int]]
    bands: Mapping[tuple[int, int], int]
    archetypes: Mapping[str, int]
    stages: Mapping[str, int]


def kinds_present(session: Session) -> set[str]:
    tables = (ResponseStatsRow, StartPageViewRow)
    any_of = {kind: [exists().where(table.kind == kind) for table in tables] for kind in KINDS}
    found = session.execute(select(*(one | other for one, other in any_of.values()))).one()
    return {kind for kind, is_present in zip(any_of, found, strict=True) if is_present}


def collect(session: Session, of: ResponseFilter) -> Stats:
    stats = Stats()
    by_source: Counts = defaultdict(Counter)
    _add_views(session, of, by_source)
    _add_responses(session, of, by_source)
    for source, steps in by_source.items():
        if of.source in (None, source):
            stats.steps.update(steps)
    stats.sources = _few(by_source)
    _add_pages(session, of, stats)
    _add_times(session, of, stats)
    return stats


def _add_views(session: Session, of: ResponseFilter, by_source: Counts) -> None:
    row = StartPageViewRow
    rows = session.execute(
        select(row.source, row.framed, func.sum(row.count))
        .where(*counted(of, row))
        .group_by(row.source, row.framed)
    )
    for source, framed, count in rows:
        by_source[source][VIEWED] += count
        by_source[source][VIEWED_FRAMED] += count if framed else 0


def _add_responses(session: Session, of: ResponseFilter, by_source: Counts) -> None:
    row = ResponseStatsRow
    key = (row.source, row.submitted, row.furthest, row.won_currency)
    marks = [
        *(getattr(row, name) for name in ("framed", *MILESTONES, *SPAM)),
        row.contact & row.reached,
    ]
    sums = [func.sum(cast(mark, Integer)) for mark in marks]
    total = func.sum(row.won_amount)
    rows = session.execute(
        select(*key, func.count(), total, *sums).where(*counted(of, row)).group_by(*key)
    )
    parts = [*(PART + part.id for part in newest().structure.parts), REVIEW]
    for source, submitted, furthest, currency, count, worth, framed, *milestones in rows:
        steps = by_source[source]
        steps[STARTED] += count
        steps[STARTED_FRAMED] += framed
        steps[SUBMITTED] += count if submitted else 0
        # A response of an earlier edition, which may have had other parts, got to all of them.
        for part in parts if submitted else parts[:furthest]:
            steps[part] += count
        steps.update(dict(zip((*MILESTONES, *SPAM, CONTACT_REACHED), milestones, strict=True)))
        if currency:
            steps[WORTH + currency] += int(worth or 0)


def by_day(session: Session, of: ResponseFilter) -> dict[date, Counter[str]]:
    """The leads of each day, counted when they started, and the wins, on the day they were won."""
    row, days = ResponseStatsRow, defaultdict[date, Counter[str]](Counter)
    starts = select(row.day, func.count()).where(*selected(of, row))
    for day, count in session.execute(starts.where(row.contact).group_by(row.day)):
        days[day]["leads"] += count
    key = (row.won_on, row.won_currency)
    any_start = replace(of, since=date.min)
    wins = (
        select(*key, func.count(), func.sum(row.won_amount))
        .where(*selected(any_start, row))
        .where(row.won_on.between(of.since, of.until))
    )
    for won_on, currency, count, worth in session.execute(wins.group_by(*key)):
        counts = days[won_on or of.until]
        counts["won"] += count
        if currency:
            counts[WORTH + currency] += int(worth or 0)
    return days


def _few(by_source: Counts) -> Counts:
    """The sources that matter most, and all others together."""
    ranked = sorted(
        by_source, key=lambda name: (-by_source[name][SUBMITTED], -by_source[name][STARTED], name)
    )
    few: Counts = defaultdict(Counter, {name: by_source[name] for name in ranked[:MAX_SOURCES]})
    for name in ranked[MAX_SOURCES:]:
        few[OTHER].update(by_source[name])
    return few


def _add_times(session: Session, of: ResponseFilter, stats: Stats) -> None:
    row = PageVisitRow
    rows = session.execute(
        select(row.page, row.seconds, func.count())
        .where(*selected(of, row), row.seconds.is_not(None), row.saves > 0)
        .group_by(row.page, row.seconds)
    )
    for page, seconds, count in rows:
        stats.seconds[page][seconds or 0] += count


def _add_pages(session: Session, of: ResponseFilter, stats: Stats) -> None:
    row = PageVisitRow
    key = (row.page, row.questions, row.is_last)
    rows = session.execute(
        select(*key, func.count(), func.sum(row.refused)).where(*selected(of, row)).group_by(*key)
    )
    for page, questions, is_last, count, refused in rows:
        left = count if is_last else 0
        stats.pages[page].update(shown=count, left=left, refused=refused)
        for question in questions.split():
            counts = stats.questions[question.rstrip("?-")]
            counts["asked"] += count
            if question.endswith("-"):
                counts["left"] += left
            else:
                counts["answered"] += count
            if question.endswith("?"):
                counts["unknown"] += count


def spread(session: Session, of: ResponseFilter) -> Spread:
    by = (_place(LeadRow.separation), _place(LeadRow.handoff), LeadRow.archetype, LeadRow.stage)
    shown = (*leads_of(of, LeadRow), LeadRow.suspect.is_not(True))
    rows = session.execute(select(*by, func.count()).where(*shown).group_by(*by))
    tenths = {"separation": [0] * 10, "handoff": [0] * 10}
    bands: Counter[tuple[int, int]] = Counter()
    archetypes: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    for one, other, archetype, stage, count in rows:
        tenths["separation"][_tenth(one)] += count
        tenths["handoff"][_tenth(other)] += count
        bands[_band(one), _band(other)] += count
        archetypes[archetype] += count
        stages[stage] += count
    return Spread(tenths, bands, archetypes, stages)


def _place(score: Any) -> ColumnElement[int]:
    """How many cuts a score has passed; engines do not agree on how to round down."""
    place: ColumnElement[int] = case(
        *((score < cut, literal_column(str(passed))) for passed, cut in enumerate(_CUTS)),
        else_=literal_column(str(len(_CUTS))),
    )
    return place


def _tenth(place: int) -> int:
    return sum(cut % 10 == 0 for cut in _CUTS[:place])


def _band(place: int) -> int:
    return sum(cut in CUTS for cut in _CUTS[:place])


def quartiles(seconds: Mapping[int, int]) -> tuple[int, int, int] | None:
    """The seconds that a quarter, half and three quarters did not exceed; None without times."""
    if not seconds:
        return None
    in_order = sorted(seconds)
    up_to = list(accumulate(seconds[one] for one in in_order))
    first, middle, last = (bisect_left(up_to, up_to[-1] * part) for part in (0.25, 0.5, 0.75))
    return in_order[first], in_order[middle], in_order[last]


def counted(of: ResponseFilter, table: Any) -> list[ColumnElement[bool]]:
    where = [table.kind == of.kind, table.day.between(of.since, of.until)]
    return [*where, table.depth == of.depth] if of.depth else where


def selected(of: ResponseFilter, table: Any) -> list[ColumnElement[bool]]:
    """What a filter selects, which `counted` has of all sources."""
    where = counted(of, table)
    return where if of.source is None else [*where, table.source == of.source]


def leads_of(of: ResponseFilter, table: Any) -> list[ColumnElement[bool]]:
    """Joins rows that belong to leads with the statistics of those that a filter selects."""
    joined = ResponseStatsRow.submission_id == table.submission_id
    return [joined, *selected(of, ResponseStatsRow)]
