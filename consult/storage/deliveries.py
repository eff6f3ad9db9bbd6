"""What was to be made for a lead, and how far it got; for the staff pages to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import exists, select

from consult.storage.database import Session
from consult.storage.documents import BRIEF, REPORT
from consult.storage.jobs import PDF_JOBS, RENDER_BRIEF, RENDER_REPORT
from consult.storage.models import DocumentRow, JobRow, SubmissionRow

PdfState = Literal["ready", "waiting", "failed", "asleep"]
"""``asleep``: not kept, and made when somebody asks; so for demo leads, and after some time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job for a lead. `state` is ready (waits until `run_at`), leased, done or dead."""

    kind: str
    state: str
    attempts: int
    created_at: datetime
    run_at: datetime
    finished_at: datetime | None
    last_error: str | None


def deliveries(session: Session, lead_id: int) -> list[Delivery]:
    """The PDFs that were to be made for a lead, the first first; for its mails see ``mails``."""
    query = (
        select(JobRow)
        .where(JobRow.submission_id == lead_id, JobRow.kind.in_(PDF_JOBS))
        .order_by(JobRow.id)
    )
    return [
        Delivery(
            kind=row.kind,
            state=row.state,
            attempts=row.attempts,
            created_at=row.created_at,
            run_at=row.run_at,
            finished_at=row.finished_at,
            last_error=row.last_error,
        )
        for row in session.scalars(query)
    ]


def pdf_states(
    session: Session, lead_ids: Sequence[int], kind: str = REPORT
) -> dict[int, PdfState]:
    """Whether the current PDF of each lead is there, being made, was given up, or is not asked for.

    ``kind`` is that of the document: the owner's report, or the brief for staff.
    """
    job = {REPORT: RENDER_REPORT, BRIEF: RENDER_BRIEF}[kind]
    ordered = exists().where(JobRow.submission_id == SubmissionRow.id, JobRow.kind == job)
    being_made = ordered.where(JobRow.state.in_(("ready", "leased")))
    current = DocumentRow.revision >= SubmissionRow.report_revision
    rows = session.execute(
        select(SubmissionRow.id, current, being_made, ~ordered)
        .outerjoin(
            DocumentRow,
            (DocumentRow.submission_id == SubmissionRow.id) & (DocumentRow.kind == kind),
        )
        .where(SubmissionRow.id.in_(lead_ids))
    )
    return {
        lead_id: "ready"
        if is_current
        else "waiting"
        if is_being_made
        else "asleep"
        if sleeps
        else "failed"
        for lead_id, is_current, is_being_made, sleeps in rows
    }
