"""Views of the start page, counted in memory and written down now and then."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from consult.storage.db.database import Database, Session
from consult.storage.insights.daily_counters import (
    STARTED_FRAMED,
    VIEWED,
    VIEWED_FRAMED,
    Day,
    Numbers,
)
from consult.storage.insights.source_limiter import FewSources

_REST = timedelta(seconds=5)


class ViewCounter:
    """Counts views for one process. A quiet page is counted at once, a busy one every 5 seconds.

    A process that is killed takes at most those of its last few seconds along.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: Counter[tuple[Day, str]] = Counter()
        self._written_at: datetime | None = None

    def count(self, depth: str, source: Mapping[str, str], *, framed: bool) -> None:
        """Count one view.

        Args:
            depth: that of the check which the page offers.
            source: the tags of the link that the visitor followed.
            framed: whether another site shows the page inside one of its own.
        """
        now = self._database.clock()
        day = Day.of(now, depth, source)
        with self._lock:
            self._waiting[day, VIEWED] += 1
            if framed:
                self._waiting[day, VIEWED_FRAMED] += 1
            if self._written_at is not None and now - self._written_at < _REST:
                return
            self._written_at = now
        self.write()

    def write(self) -> None:
        """Write down what is waiting."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        if waiting:
            with self._database.writing() as session:
                _with_few_sources(session, waiting).add(session)


def count_framed_start(session: Session, depth: str, source: Mapping[str, str]) -> None:
    """Count a check that was begun on a page which another site shows inside one of its own."""
    numbers, day = Numbers(), Day.of(session.now(), depth, source)
    numbers.steps[FewSources(session).place(day), STARTED_FRAMED] += 1
    numbers.add(session)


def _with_few_sources(session: Session, waiting: Counter[tuple[Day, str]]) -> Numbers:
    numbers, sources = Numbers(), FewSources(session)
    for (day, step), views in waiting.items():
        numbers.steps[sources.place(day), step] += views
    return numbers
