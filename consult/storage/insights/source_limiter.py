"""Which sources the numbers know by name: so many a day at most, as anybody can make up new ones.

A source that has brought a lead keeps its name, so that those which matter outlive a flood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import exists, select

from consult.storage.db.database import Session
from consult.storage.insights.daily_counters import VIEWED, Day, Numbers
from consult.storage.tables.insight_tables import FunnelDayRow
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.sources import COUNTED_AS

MOST_SOURCES = 200
OTHER = "other"
"""Counts together what comes with one source too many."""


class FewSources:
    """The sources of some days, as far as they are needed on one writing session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[tuple[date, str], set[str]] = {}

    def place(self, day: Day) -> Day:
        """Where to count something: as it came, or as OTHER where that is a source too many."""
        names = self._names_of(day)
        if day.source not in names:
            if len(names) >= MOST_SOURCES and not self._brought_a_lead(day.source):
                return replace(day, source=OTHER)
            names.add(day.source)
            # A check is counted once it is over. Nothing, counted now, keeps the place till then.
            nothing = Numbers()
            nothing.steps[day, VIEWED] = 0
            nothing.add(self._session)
        return day

    def _names_of(self, day: Day) -> set[str]:
        if (day.day, day.kind) not in self._names:
            of_day = (FunnelDayRow.day == day.day, FunnelDayRow.kind == day.kind)
            found = self._session.scalars(select(FunnelDayRow.source).where(*of_day).distinct())
            self._names[day.day, day.kind] = set(found)
        return self._names[day.day, day.kind]

    def _brought_a_lead(self, source: str) -> bool:
        return bool(self._session.scalar(select(exists().where(LeadRow.source == source))))


def begun(
    session: Session, started_at: datetime, depth: str, source: Mapping[str, str]
) -> dict[str, str]:
    """The tags of a check that begins, with the name that it is counted as where that is another.

    All that is counted of the check follows from it. The other tags stay for whoever looks at the
    lead that it may become.
    """
    tags = {name: value for name, value in source.items() if name != COUNTED_AS}
    day = Day.of(started_at, depth, tags)
    place = FewSources(session).place(day)
    return tags if place == day else {**tags, COUNTED_AS: place.source}
