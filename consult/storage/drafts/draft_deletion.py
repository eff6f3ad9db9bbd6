"""What goes is counted on its way out, so that each check counts once, as a row or as a number.

Its pages are added to the days once they are final: when a check is handed in, or when its draft
is deleted. How far it came is added when it goes.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, select, update

from consult.storage.db.database import Session
from consult.storage.drafts.drafts import Draft, awake
from consult.storage.insights.daily_counters import Day, Numbers
from consult.storage.insights.idle_drafts import at_rest, count_draft, is_draft, steps_of
from consult.storage.insights.page_times import REVIEW, Shown, Step, pages_of, went_on
from consult.storage.tables.insight_tables import OutcomeRow
from consult.storage.tables.submission_tables import DraftRow, SubmissionRow

OUTCOMES = ("contact", "consult", "reached", "booked", "held", "won")
_AT_ONCE = 500


def finish(session: Session, check: Draft, *, demo: bool, numbers: Numbers | None = None) -> None:
    """Count the pages of a check that is being handed in: they are final now.

    They are added to `numbers`, if given, and otherwise to those of their day at once.
    """
    trace = awake(session, check)
    if trace:
        review = Step(Shown(REVIEW), Shown(REVIEW))
        trace = went_on(trace, review, check.updated_at, session.now())
        session.execute(update(DraftRow).where(DraftRow.id == check.id).values(trace=trace))
    day = Day.of(check.started_at, check.depth, check.source, demo=demo)
    counted = Numbers() if numbers is None else numbers
    counted.count_pages(day, pages_of(trace, handed_in=True))
    if numbers is None:
        counted.add(session)


def delete_checks(session: Session, which: ColumnElement[bool]) -> int:
    """Delete checks and all that hangs on them, and count what goes. Returns how many went.

    Args:
        session: a writing one.
        which: those to delete; drafts, and leads with their checks.
    """
    gone = 0
    some = select(DraftRow.id).where(which).limit(_AT_ONCE).with_for_update()
    while ids := session.scalars(some).all():
        numbers = Numbers()
        _count_drafts(session, ids, numbers)
        _count_leads(session, ids, numbers)
        numbers.add(session)
        session.execute(delete(DraftRow).where(DraftRow.id.in_(ids)))
        gone += len(ids)
    return gone


def delete_check(session: Session, draft_id: int) -> None:
    """Delete one check and all that hangs on it, and count what goes."""
    delete_checks(session, DraftRow.id == draft_id)


def _count_drafts(session: Session, ids: Collection[int], numbers: Numbers) -> None:
    drafts = session.execute(
        select(
            DraftRow.created_at, DraftRow.depth, DraftRow.source, DraftRow.demo, DraftRow.trace
        ).where(DraftRow.id.in_(ids), is_draft(), ~at_rest())
    )
    for created_at, depth, source, demo, trace in drafts:
        day = Day.of(created_at, depth, source, demo=demo)
        count_draft(numbers, day, trace, steps_of(trace, handed_in=False))


def _count_leads(session: Session, ids: Collection[int], numbers: Numbers) -> None:
    outcomes = session.scalars(
        select(OutcomeRow)
        .join(SubmissionRow, SubmissionRow.id == OutcomeRow.submission_id)
        .where(SubmissionRow.draft_id.in_(ids))
    )
    for outcome in outcomes:
        day = Day(outcome.started_on, outcome.kind, outcome.depth, outcome.source)
        came_to = [step for step in OUTCOMES if getattr(outcome, step)]
        numbers.steps.update((day, step) for step in (*steps_of({}, handed_in=True), *came_to))
        session.expunge(outcome)
