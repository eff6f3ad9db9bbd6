"""What goes is counted on its way out, so that each check counts once, as a row or as a number.

Its pages are added to the days once they are final: when a check is handed in, or when its draft
is deleted. How far it came is added when it goes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, delete, select, update

from consult.questionnaire.editions import newest
from consult.storage.checks import Check, source_name
from consult.storage.counters import Day, Numbers
from consult.storage.database import Session
from consult.storage.models import CheckRow, SubmissionRow
from consult.storage.outcomes import kind_of
from consult.storage.trace_tables import OutcomeRow
from consult.storage.traces import REVIEW, Shown, Step, Trace, pages_of, went_on

STARTED = "started"
HANDED_IN = "handed_in"
PART = "part:"
"""Comes before the id of a stretch of the questionnaire."""

OUTCOMES = ("contact", "consult", "reached", "booked", "held", "won")
_AT_ONCE = 500


def finish(session: Session, check: Check, *, demo: bool) -> None:
    """Count the pages of a check that is being handed in: they are final now."""
    trace = check.trace
    if trace:
        review = Step(Shown(REVIEW), Shown(REVIEW))
        trace = went_on(trace, review, check.updated_at, session.now())
        session.execute(update(CheckRow).where(CheckRow.id == check.id).values(trace=trace))
    numbers = Numbers()
    day = day_of(check.started_at, check.depth, source_name(check.source), demo=demo)
    numbers.count_pages(day, pages_of(trace, handed_in=True))
    numbers.add(session)


def delete_checks(session: Session, which: ColumnElement[bool]) -> int:
    """Delete checks and all that hangs on them, and count what goes. Returns how many went.

    Args:
        session: a writing one.
        which: those to delete; drafts, and leads with their checks.
    """
    gone = 0
    some = select(CheckRow.id).where(which).limit(_AT_ONCE).with_for_update()
    while ids := session.scalars(some).all():
        numbers = Numbers()
        _count_drafts(session, ids, numbers)
        _count_leads(session, ids, numbers)
        numbers.add(session)
        session.execute(delete(CheckRow).where(CheckRow.id.in_(ids)))
        gone += len(ids)
    return gone


def day_of(started_at: datetime, depth: str, source: str, *, demo: bool) -> Day:
    """What a check is counted under."""
    return Day(started_at.date(), kind_of(demo=demo, source=source), depth, source)


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


def _count_drafts(session: Session, ids: Collection[int], numbers: Numbers) -> None:
    drafts = session.execute(
        select(
            CheckRow.created_at, CheckRow.depth, CheckRow.source, CheckRow.demo, CheckRow.trace
        ).where(CheckRow.id.in_(ids), CheckRow.id.not_in(select(SubmissionRow.check_id)))
    )
    for created_at, depth, source, demo, trace in drafts:
        day = day_of(created_at, depth, source_name(source), demo=demo)
        numbers.steps.update((day, step) for step in steps_of(trace, handed_in=False))
        numbers.count_pages(day, pages_of(trace, handed_in=False))


def _count_leads(session: Session, ids: Collection[int], numbers: Numbers) -> None:
    outcomes = session.scalars(
        select(OutcomeRow)
        .join(SubmissionRow, SubmissionRow.id == OutcomeRow.submission_id)
        .where(SubmissionRow.check_id.in_(ids))
    )
    for outcome in outcomes:
        day = Day(outcome.started_on, outcome.kind, outcome.depth, outcome.source)
        came_to = [step for step in OUTCOMES if getattr(outcome, step)]
        numbers.steps.update((day, step) for step in (*steps_of({}, handed_in=True), *came_to))
        session.expunge(outcome)
