"""After the call: whether each dimension is as the owner said, better, or worse.

Over time that shows which questions mislead: those where staff keep finding something else.
"""

from collections.abc import Mapping
from typing import Literal, cast, get_args

from sqlalchemy import delete, select

from consult.storage.db.database import Session
from consult.storage.leads.actions import NotAllowedError, lock_lead, record_change, save_change
from consult.storage.leads.timeline import timeline, was_reached
from consult.storage.tables.lead_tables import CallAssessmentRow, LeadRow

Assessment = Literal["as_said", "better", "worse"]
ASSESSMENTS: tuple[Assessment, ...] = get_args(Assessment)


def assessments_of(session: Session, lead_id: int) -> dict[str, Assessment]:
    """What staff assessed of a lead, by dimension."""
    rows = session.execute(
        select(CallAssessmentRow.dimension, CallAssessmentRow.assessment).where(
            CallAssessmentRow.submission_id == lead_id
        )
    )
    return {dimension: cast(Assessment, assessment) for dimension, assessment in rows}


def assess(
    session: Session,
    lead_id: int,
    given: Mapping[str, Assessment],
    *,
    by: int,
    version: int | None = None,
) -> LeadRow:
    """Replace the assessments of a lead whose owner was reached.

    Args:
        session: a writing one.
        lead_id: the lead.
        given: by the id of the dimension; a dimension that is left out has no assessment.
        by: the id of the user.
        version: the one `by` saw; see ``consult.storage.leads.actions``, also for the errors.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    if not was_reached(timeline(session, lead_id)):
        raise NotAllowedError("Nobody has talked to them yet.")
    before = assessments_of(session, lead_id)
    changed = {id: assessment for id, assessment in given.items() if before.get(id) != assessment}
    session.execute(
        delete(CallAssessmentRow).where(
            CallAssessmentRow.submission_id == lead_id,
            CallAssessmentRow.dimension.in_(changed.keys() | before.keys() - given.keys()),
        )
    )
    session.add_all(
        CallAssessmentRow(
            submission_id=lead_id, dimension=id, assessment=assessment, by_id=by, at=session.now()
        )
        for id, assessment in changed.items()
    )
    record_change(session, lead, "assessed", by, assessments=dict(given))
    return save_change(session, lead, "lead.assessed", by, dimensions=len(given))
