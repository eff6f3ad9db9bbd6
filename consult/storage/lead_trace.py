"""How the owner of a lead went through the pages."""

from sqlalchemy import select

from consult.storage.database import Session
from consult.storage.models import CheckRow, SubmissionRow
from consult.storage.traces import PageTrace, pages_of


def trace_of(session: Session, lead_id: int) -> list[PageTrace]:
    """The pages in the order in which they were first shown; none where nothing was recorded."""
    trace = session.scalar(
        select(CheckRow.trace)
        .join(SubmissionRow, SubmissionRow.check_id == CheckRow.id)
        .where(SubmissionRow.id == lead_id)
    )
    return pages_of(trace or {}, handed_in=True)
