"""What became of each lead, kept up to date by whatever changes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from consult.relay.stages import Stage
from consult.storage.checks import Check
from consult.storage.counters import Day
from consult.storage.database import Session
from consult.storage.trace_tables import OutcomeRow

_REACHED = frozenset({"reached", "consult_booked", "consult_held", "won"})
_BOOKED = frozenset({"consult_booked", "consult_held"})


def begin(session: Session, lead_id: int, check: Check, *, demo: bool) -> None:
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
    came_to: dict[str, bool] = {"won": stage == "won"}
    if stage in _REACHED:
        came_to["reached"] = True
    if stage in _BOOKED:
        came_to["booked"] = True
    if stage == "consult_held":
        came_to["held"] = True
    _note(session, lead_id, **came_to)


def _note(session: Session, lead_id: int, **came_to: Any) -> None:
    session.execute(
        update(OutcomeRow)
        .where(OutcomeRow.submission_id == lead_id)
        .values(**came_to)
        .execution_options(synchronize_session=False)
    )
