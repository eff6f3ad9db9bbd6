"""After the call: whether a part of somebody's relay is as they said, better, or worse.

Over time that tells which questions mislead: where staff find it otherwise again and again.
"""

from collections.abc import Mapping
from typing import Literal, cast, get_args

from sqlalchemy import delete, select

from consult.storage.db.database import Session
from consult.storage.leads.actions import Desk, NotAllowedError, changed, keep, note_change
from consult.storage.leads.timeline import timeline, was_reached
from consult.storage.tables.lead_tables import VerdictRow

Verdict = Literal["as_said", "better", "worse"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def verdicts_of(session: Session, lead_id: int) -> dict[str, Verdict]:
    """What staff found about a lead, by dimension."""
    rows = session.execute(
        select(VerdictRow.dimension, VerdictRow.verdict).where(VerdictRow.submission_id == lead_id)
    )
    return {dimension: cast(Verdict, verdict) for dimension, verdict in rows}


def give(
    session: Session,
    lead_id: int,
    found: Mapping[str, Verdict],
    *,
    by: int,
    version: int | None = None,
) -> Desk:
    """Keep what was found about a lead whose owner was reached, instead of what was there before.

    Args:
        session: a writing one.
        lead_id: the lead.
        found: by the id of the dimension; a dimension that is left out has no verdict.
        by: the id of the member of staff.
        version: the one `by` saw; see ``consult.storage.leads.actions``, also for the errors.
    """
    row = keep(session, lead_id, by=by, version=version)
    if not was_reached(timeline(session, lead_id)):
        raise NotAllowedError("Nobody has talked to them yet.")
    before = verdicts_of(session, lead_id)
    fresh = {id: verdict for id, verdict in found.items() if before.get(id) != verdict}
    session.execute(
        delete(VerdictRow).where(
            VerdictRow.submission_id == lead_id,
            VerdictRow.dimension.in_(fresh.keys() | before.keys() - found.keys()),
        )
    )
    session.add_all(
        VerdictRow(submission_id=lead_id, dimension=id, verdict=verdict, by_id=by, at=session.now())
        for id, verdict in fresh.items()
    )
    note_change(session, row, "verdict", by, found=dict(found))
    return changed(session, row, "lead.judged", by, dimensions=len(found))
