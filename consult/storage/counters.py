"""Numbers by day: adding to them, from many places at once and without a word about anybody."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from consult.storage.base import Base
from consult.storage.database import Session
from consult.storage.trace_tables import BOUNDS, FunnelDayRow, PageDayRow, QuestionDayRow
from consult.storage.traces import PageTrace
from consult.storage.upsert import insert_into

VIEWED = "viewed"
VIEWED_FRAMED = "viewed_framed"
STARTED_FRAMED = "started_framed"

_WITHIN = tuple(f"within_{bound}" for bound in BOUNDS)


@dataclass(frozen=True, order=True, slots=True)
class Day:
    """What a check is counted under: the day it was begun, whose it was, its depth and source."""

    day: date
    kind: str
    depth: str
    source: str


@dataclass
class Numbers:
    """Numbers to be added to those of their days. Collect them first, add them in one go."""

    steps: Counter[tuple[Day, str]] = field(default_factory=Counter)
    pages: dict[tuple[Day, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    questions: dict[tuple[Day, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def count_pages(self, day: Day, pages: Iterable[PageTrace]) -> None:
        """Count the pages of one check, and their questions."""
        for trace in pages:
            page = self.pages[day, trace.page]
            page["shown"] += 1
            page["left"] += trace.left
            page["refused"] += trace.refused
            if trace.saved_at is not None and trace.seconds is not None:
                page[_within(trace.seconds)] += 1
            for question in trace.asked:
                counts = self.questions[day, question]
                counts["asked"] += 1
                counts["answered"] += question not in trace.open
                counts["unsure"] += question in trace.unsure
                counts["left"] += trace.left and question in trace.open

    def add(self, session: Session) -> None:
        """Add all of it to the database."""
        counted = {key: {"count": number} for key, number in self.steps.items()}
        _add(session, FunnelDayRow, "step", counted)
        _add(session, PageDayRow, "page", self.pages)
        _add(session, QuestionDayRow, "question", self.questions)


def _within(seconds: int) -> str:
    return _WITHIN[min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)]


def _add(
    session: Session,
    table: type[Base],
    name: str,
    counted: Mapping[tuple[Day, str], Mapping[str, int]],
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
            **{number: counts.get(number, 0) for number in numbers},
        }
        for (key, what), counts in sorted(counted.items(), key=lambda item: item[0])
    ]
    if rows:
        # Past the object mapping and row by row, as one prepared statement: a statement with many
        # rows in it is written anew each time, which takes longer than all the rest of a hand-in.
        adding = insert_into(session, table.__table__)
        sums = {key: table.__table__.c[key] + adding.excluded[key] for key in numbers}
        upsert = adding.on_conflict_do_update(index_elements=keys, set_=sums)
        session.connection().execute(upsert, rows)
