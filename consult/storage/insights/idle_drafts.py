"""Drafts at rest: their numbers are kept by day until somebody goes on with them.

Most drafts are never gone on with, and they are many. Once one has rested, it is counted like what
is gone, and taken back out of the count the moment it is saved or handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, exists, select

from consult.questionnaire.editions import newest
from consult.storage.db.database import Session
from consult.storage.insights.daily_counters import Day, Numbers
from consult.storage.insights.page_times import REVIEW, Trace, pages_of
from consult.storage.tables.submission_tables import DraftRow, SubmissionRow

STARTED = "started"
HANDED_IN = "handed_in"
PART = "part:"
"""Comes before the id of a stretch of the questionnaire."""

_REST = timedelta(days=1)
_SETTLED = "settled"
"""Under this a trace keeps the steps that it was counted with: the next edition may have others."""

_AT_ONCE = 500


def at_rest() -> ColumnElement[bool]:
    """Whether a draft is counted among the numbers by day."""
    counted: ColumnElement[str | None] = DraftRow.trace[_SETTLED].as_string()
    return counted.is_not(None)


def is_draft() -> ColumnElement[bool]:
    """Whether a check was not handed in."""
    return ~exists().where(SubmissionRow.draft_id == DraftRow.id)


def settle(session: Session) -> int:
    """Count the drafts that have rested for a day. Returns how many there were."""
    settled = 0
    some = (
        select(DraftRow)
        .where(DraftRow.updated_at < session.now() - _REST, is_draft(), ~at_rest())
        .limit(_AT_ONCE)
        .with_for_update()
    )
    while drafts := session.scalars(some).all():
        numbers = Numbers()
        for draft in drafts:
            day = Day.of(draft.created_at, draft.depth, draft.source, demo=draft.demo)
            steps = steps_of(draft.trace, handed_in=False)
            count_draft(numbers, day, draft.trace, steps)
            draft.trace = {**draft.trace, _SETTLED: list(steps)}
        numbers.add(session)
        session.flush()
        settled += len(drafts)
    return settled


def go_on(session: Session, day: Day, trace: Trace) -> Trace:
    """Take a draft back out of the numbers, if it is in them; the trace as it was before."""
    if _SETTLED not in trace:
        return trace
    numbers = Numbers()
    count_draft(numbers, day, trace, trace[_SETTLED])
    numbers.take_away(session)
    return {key: value for key, value in trace.items() if key != _SETTLED}


def count_draft(numbers: Numbers, day: Day, trace: Trace, steps: Sequence[str]) -> None:
    """Count how far a draft came, and its pages."""
    numbers.steps.update((day, step) for step in steps)
    numbers.count_pages(day, pages_of(trace, handed_in=False))


def steps_of(trace: Trace, *, handed_in: bool) -> tuple[str, ...]:
    """The steps that a check has come to, from its start on."""
    stretches = [PART + part.id for part in newest().structure.parts]
    if handed_in:
        return (STARTED, *stretches, REVIEW, HANDED_IN)
    places = _places()
    furthest = max((places.get(page, 0) for page in trace.get("pages", ())), default=0)
    return (STARTED, *[*stretches, REVIEW][:furthest])


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    """On which stretch each page lies, counted from 1; the review lies behind the last."""
    parts = newest().structure.parts
    pages = {page.id: place for place, part in enumerate(parts, 1) for page in part.pages}
    return {**pages, REVIEW: len(parts) + 1}
