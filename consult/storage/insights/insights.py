"""What the numbers say: how far checks and leads came, where people stopped, how scores spread.

Each check counts under the day it was begun. What is still there is counted where it lies: drafts
by their traces, leads by their outcomes; what is gone, by the numbers that it left (`folding`).
Every query reads sums by day or a narrow row for each lead, never an answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
)

from consult.storage.db.database import Session
from consult.storage.drafts.draft_deletion import OUTCOMES
from consult.storage.insights.daily_counters import Day, Sums, count_pages, no_sums
from consult.storage.insights.idle_drafts import at_rest, is_draft, steps_of
from consult.storage.insights.page_times import pages_of
from consult.storage.tables.insight_tables import (
    BOUNDS,
    KINDS,
    FunnelDayRow,
    OutcomeRow,
    PageDayRow,
    QuestionDayRow,
)
from consult.storage.tables.lead_tables import CallAssessmentRow, LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import DraftRow

REPLIES_LOOKED_AT = 4_000
"""More of them make a page slower and its medians no truer: then every second, third … is read."""

_TIMES = tuple(f"within_{bound}" for bound in BOUNDS)
_CUTS = (10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which checks to count: those begun on these days. `source` None and `depth` "" mean all."""

    kind: str
    since: date
    until: date
    source: str | None = None
    depth: str = ""

    def holds(self, day: Day) -> bool:
        """Whether a check that is counted under this is meant."""
        return (
            day.kind == self.kind
            and self.since <= day.day <= self.until
            and self.source in (None, day.source)
            and self.depth in ("", day.depth)
        )


@dataclass
class Gathered:
    """All that is counted of the checks of a slice.

    Attributes:
        steps: how many came to each step of the funnel.
        sources: the same for each source, whichever one the slice asks for.
        pages: for each page: ``shown``, ``left``, ``refused`` and the ``within_…`` counts.
        questions: for each question: ``asked``, ``answered``, ``unsure``, ``left``.
    """

    steps: Counter[str] = field(default_factory=Counter)
    sources: Sums = field(default_factory=no_sums)
    pages: Sums = field(default_factory=no_sums)
    questions: Sums = field(default_factory=no_sums)


@dataclass(frozen=True, slots=True)
class Spread:
    """How many leads there are by tenth and band (0 to 3) of each score, archetype and stage."""

    tenths: Mapping[str, Sequence[int]]
    bands: Mapping[tuple[int, int], int]
    archetypes: Mapping[str, int]
    stages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reply:
    """When a lead came in, when somebody first answered, if anybody did, and by when it was due."""

    submitted_at: datetime
    first_contact_at: datetime | None
    due_at: datetime | None


def kinds_there(session: Session) -> set[str]:
    """Of which kinds there is anything to count."""
    kept = {
        kind: exists().where(OutcomeRow.kind == kind) | exists().where(FunnelDayRow.kind == kind)
        for kind in KINDS
    }
    # Older ones are at rest, and numbers.
    fresh = DraftRow.updated_at >= session.now() - timedelta(days=7)
    kept["real"] = kept["real"] | exists().where(fresh, ~DraftRow.demo)
    kept["demo"] = kept["demo"] | exists().where(fresh, DraftRow.demo)
    found = session.execute(select(*kept.values())).one()
    return {kind for kind, is_there in zip(kept, found, strict=True) if is_there}


def gather(session: Session, of: Slice) -> Gathered:
    """Count the checks of a slice, those that are there and those that are gone."""
    found = Gathered()
    _add_days(session, of, found)
    _add_leads(session, of, found)
    _add_drafts(session, of, found)
    for source, steps in found.sources.items():
        if of.source in (None, source):
            found.steps.update(steps)
    for table, name, into in (
        (PageDayRow, "page", found.pages),
        (QuestionDayRow, "question", found.questions),
    ):
        _add_sums(session, of, table, name, into)
    return found


def _add_days(session: Session, of: Slice, found: Gathered) -> None:
    rows = session.execute(
        select(FunnelDayRow.source, FunnelDayRow.step, func.sum(FunnelDayRow.count))
        .where(*_within(of, FunnelDayRow, FunnelDayRow.day))
        .group_by(FunnelDayRow.source, FunnelDayRow.step)
    )
    for source, step, count in rows:
        found.sources[source][step] += count


def _add_leads(session: Session, of: Slice, found: Gathered) -> None:
    bits = [func.sum(cast(getattr(OutcomeRow, step), Integer)) for step in OUTCOMES]
    rows = session.execute(
        select(OutcomeRow.source, func.count(), *bits)
        .where(*_within(of, OutcomeRow, OutcomeRow.started_on))
        .group_by(OutcomeRow.source)
    )
    for source, handed_in, *came_to in rows:
        steps = found.sources[source]
        steps.update(dict.fromkeys(steps_of({}, handed_in=True), handed_in))
        steps.update(dict(zip(OUTCOMES, came_to, strict=True)))


def _add_drafts(session: Session, of: Slice, found: Gathered) -> None:
    """Count the drafts of the last day or two one by one; those at rest are numbers already."""
    rows = session.execute(
        select(DraftRow.created_at, DraftRow.depth, DraftRow.source, DraftRow.demo, DraftRow.trace)
        .where(DraftRow.updated_at >= session.now() - session.draft_life)
        .where(is_draft(), ~at_rest())
        .where(DraftRow.created_at >= _midnight(of.since))
        .where(DraftRow.created_at < _midnight(of.until + timedelta(days=1)))
    )
    anywhere = Slice(of.kind, of.since, of.until, None, of.depth)
    for created_at, depth, source, demo, trace in rows:
        day = Day.of(created_at, depth, source, demo=demo)
        if anywhere.holds(day):
            found.sources[day.source].update(steps_of(trace, handed_in=False))
        if of.holds(day):
            count_pages(pages_of(trace, handed_in=False), found.pages, found.questions)


def _add_sums(session: Session, of: Slice, table: Any, name: str, into: Sums) -> None:
    numbers = [column.key for column in table.__table__.columns if not column.primary_key]
    where = [*_within(of, table, table.day), *_source(of, table)]
    rows = session.execute(
        select(getattr(table, name), *(func.sum(getattr(table, key)) for key in numbers))
        .where(*where)
        .group_by(getattr(table, name))
    )
    for what, *sums in rows:
        into[what].update(dict(zip(numbers, sums, strict=True)))


def spread(session: Session, of: Slice) -> Spread:
    """How the leads of a slice spread over scores, archetypes and stages, in one look at each."""
    by = (_place(LeadRow.separation), _place(LeadRow.handoff), LeadRow.archetype, LeadRow.stage)
    rows = session.execute(
        select(*by, func.count())
        .join(OutcomeRow, OutcomeRow.submission_id == LeadRow.submission_id)
        .where(*_leads(of))
        .group_by(*by)
    )
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
    return sum(cut in (25, 50, 75) for cut in _CUTS[:place])


def replies(session: Session, of: Slice, leads: int) -> list[Reply]:
    """When leads of a slice that left a contact came in and were answered.

    Of the `leads` that there are, not all are read when they are many.
    """
    step = max(1, leads // REPLIES_LOOKED_AT)
    rows = session.execute(
        select(LeadRow.submitted_at, LeadRow.first_contact_at, LeadRow.due_at)
        .join(OutcomeRow, OutcomeRow.submission_id == LeadRow.submission_id)
        .where(*_leads(of), OutcomeRow.contact, OutcomeRow.submission_id % step == 0)
    )
    return [Reply(*row) for row in rows]


def returned(session: Session, of: Slice) -> dict[str, int]:
    """How often a handover came back, by reason."""
    reason = LeadEventRow.data["reason"].as_string()
    rows = session.execute(
        select(reason, func.count())
        .join(OutcomeRow, OutcomeRow.submission_id == LeadEventRow.submission_id)
        .where(LeadEventRow.kind == "declined", LeadEventRow.at >= _midnight(of.since), *_leads(of))
        .group_by(reason)
    )
    return dict(rows.all())


def verdicts(session: Session, of: Slice) -> dict[str, dict[str, int]]:
    """How often each dimension was found as it was said, better or worse."""
    rows = session.execute(
        select(CallAssessmentRow.dimension, CallAssessmentRow.assessment, func.count())
        .join(OutcomeRow, OutcomeRow.submission_id == CallAssessmentRow.submission_id)
        .where(*_leads(of))
        .group_by(CallAssessmentRow.dimension, CallAssessmentRow.assessment)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for dimension, verdict, count in rows:
        found[dimension][verdict] = count
    return found


def quartiles(page: Mapping[str, int]) -> tuple[float, float, float] | None:
    """The seconds that a quarter, half and three quarters did not exceed; None without times.

    The steps are narrow, and within each the times are taken to be spread evenly.
    """
    counts = [page.get(name, 0) for name in _TIMES]
    total = sum(counts)
    if not total:
        return None
    first, middle, last = (_quantile(counts, total * part) for part in (0.25, 0.5, 0.75))
    return first, middle, last


def _quantile(counts: Sequence[int], rank: float) -> float:
    low, before = 0, 0
    for bound, count in zip(BOUNDS, counts, strict=True):
        if count and before + count >= rank:
            return low + (bound - low) * (rank - before) / count
        low, before = bound, before + count
    return float(BOUNDS[-1])


def _within(of: Slice, table: Any, day: Any) -> list[ColumnElement[bool]]:
    where = [table.kind == of.kind, day.between(of.since, of.until)]
    return [*where, table.depth == of.depth] if of.depth else where


def _source(of: Slice, table: Any) -> list[ColumnElement[bool]]:
    return [] if of.source is None else [table.source == of.source]


def _leads(of: Slice) -> list[ColumnElement[bool]]:
    return [and_(*_within(of, OutcomeRow, OutcomeRow.started_on), *_source(of, OutcomeRow))]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
