"""Numbers by day: adding to them, from many places at once and without a word about anybody."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from consult.storage.db.base import Base
from consult.storage.db.database import Session
from consult.storage.db.upsert import insert_into
from consult.storage.insights.page_times import PageTrace
from consult.storage.tables.insight_tables import BOUNDS, FunnelDayRow, PageDayRow, QuestionDayRow
from consult.workflow.sources import COUNTED_AS, came_from

VIEWED = "viewed"
VIEWED_FRAMED = "viewed_framed"
STARTED_FRAMED = "started_framed"

_TEST = "test"
"""The source of those who only try it out: the address of the start page with ``?ref=test``."""

_WITHIN = tuple(f"within_{bound}" for bound in BOUNDS)


@dataclass(frozen=True, order=True, slots=True)
class Day:
    """What a check is counted under: the day it was begun, whose it was, its depth and source."""

    day: date
    kind: str
    depth: str
    source: str

    @classmethod
    def of(
        cls, started_at: datetime, depth: str, source: Mapping[str, str], *, demo: bool = False
    ) -> Day:
        """What a check is counted under; `source` holds the tags that it was begun with."""
        name = source_name(source)
        kind = "demo" if demo else "test" if name.casefold() == _TEST else "real"
        return cls(started_at.date(), kind, depth, name)


def source_name(source: Mapping[str, str]) -> str:
    """Where an owner came from, as the numbers know it; empty for those who came directly."""
    return source.get(COUNTED_AS) or came_from(source)


Sums = dict[str, Counter[str]]
"""Counts by name, of each page or question."""


def no_sums() -> Sums:
    """Sums in which everything is still 0."""
    return defaultdict(Counter)


def count_pages(traces: Iterable[PageTrace], pages: Sums, questions: Sums) -> None:
    """Add the pages of one check, and their questions, to what was counted before."""
    for trace in traces:
        page = pages[trace.page]
        page["shown"] += 1
        if trace.left:
            page["left"] += 1
        if trace.refused:
            page["refused"] += trace.refused
        if trace.saved is not None and trace.seconds is not None:
            page[_within(trace.seconds)] += 1
        for question in trace.asked:
            counts = questions[question]
            counts["asked"] += 1
            if question not in trace.open:
                counts["answered"] += 1
            elif trace.left:
                counts["left"] += 1
        for question in trace.unsure:
            questions[question]["unsure"] += 1


@dataclass
class Numbers:
    """Numbers to be added to those of their days. Collect them first, add them in one go."""

    steps: Counter[tuple[Day, str]] = field(default_factory=Counter)
    _pages: dict[Day, Sums] = field(default_factory=lambda: defaultdict(no_sums))
    _questions: dict[Day, Sums] = field(default_factory=lambda: defaultdict(no_sums))

    def count_pages(self, day: Day, traces: Iterable[PageTrace]) -> None:
        """Count the pages of one check, and their questions."""
        count_pages(traces, self._pages[day], self._questions[day])

    def add(self, session: Session) -> None:
        """Add all of it to the database."""
        self._write(session, 1)

    def take_away(self, session: Session) -> None:
        """Take all of it away from what was added before."""
        self._write(session, -1)

    def _write(self, session: Session, sign: int) -> None:
        steps: dict[Day, Sums] = defaultdict(no_sums)
        for (day, step), number in self.steps.items():
            steps[day][step]["count"] += number
        _add(session, FunnelDayRow, "step", steps, sign)
        _add(session, PageDayRow, "page", self._pages, sign)
        _add(session, QuestionDayRow, "question", self._questions, sign)


def _within(seconds: int) -> str:
    return _WITHIN[min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)]


def _add(
    session: Session,
    table: type[Base],
    name: str,
    counted: Mapping[Day, Sums],
    sign: int,
) -> None:
    keys = ["day", "kind", "depth", "source", name]
    numbers = [column.key for column in table.__table__.columns if column.key not in keys]
    # In the same order everywhere, or two who add to the same rows would wait for one another.
    rows = [
        {
            "day": key.day,
            "kind": key.kind,
            "depth": key.depth,
            "source": key.source,
            name: what,
            **{number: sign * counts.get(number, 0) for number in numbers},
        }
        for key, of_day in sorted(counted.items(), key=lambda item: item[0])
        for what, counts in sorted(of_day.items(), key=lambda item: item[0])
    ]
    if rows:
        # Past the object mapping and row by row, as one prepared statement: a statement with many
        # rows in it is written anew each time, which takes longer than all the rest of a hand-in.
        adding = insert_into(session, table.__table__)
        sums = {key: table.__table__.c[key] + adding.excluded[key] for key in numbers}
        upsert = adding.on_conflict_do_update(index_elements=keys, set_=sums)
        session.connection().execute(upsert, rows)
