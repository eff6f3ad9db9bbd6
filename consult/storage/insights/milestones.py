"""What became of each lead, kept up to date by whatever changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update

from consult.storage.db.database import Session
from consult.storage.drafts.drafts import Draft
from consult.storage.insights.daily_counters import Day
from consult.storage.tables.insight_tables import OutcomeRow
from consult.workflow.stages import Stage

_REACHED = frozenset({"reached", "consult_booked", "consult_held", "won"})
_BOOKED = frozenset({"consult_booked", "consult_held"})
_HELD = frozenset({"consult_held"})


def begin(session: Session, lead_id: int, check: Draft, *, demo: bool) -> None:
    """Note that a check was handed in."""
    day = Day.of(check.started_at, check.depth, check.source, demo=demo)
    session.add(
        OutcomeRow(
            submission_id=lead_id,
            started_on=day.day,
            kind=day.kind,
            depth=day.depth,
            source=day.source,
            contact=False,
            consult=False,
            reached=False,
            booked=False,
            held=False,
            won=False,
        )
    )


def note_contact(session: Session, lead_id: int, *, wants_consult: bool) -> None:
    """Note that a contact was left, and whether with the wish for a consult."""
    _note(session, lead_id, contact=True, consult=wants_consult)


def note_stage(session: Session, lead_id: int, stage: Stage) -> None:
    """Note that a lead was moved to a stage. What it once came to, it keeps; but not ``won``."""
    note_stages(session, lead_id, [stage])


def note_stages(session: Session, lead_id: int, stages: Sequence[Stage]) -> None:
    """Note the stages that a lead was moved to, one after the other."""
    if not stages:
        return
    came_to: dict[str, bool] = {"won": stages[-1] == "won"}
    for name, by in (("reached", _REACHED), ("booked", _BOOKED), ("held", _HELD)):
        if not by.isdisjoint(stages):
            came_to[name] = True
    _note(session, lead_id, **came_to)


def _note(session: Session, lead_id: int, **came_to: Any) -> None:
    session.execute(
        update(OutcomeRow)
        .where(OutcomeRow.submission_id == lead_id)
        .values(**came_to)
        .execution_options(synchronize_session=False)
    )
