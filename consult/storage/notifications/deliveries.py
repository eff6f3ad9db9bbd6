"""What was to be made for a lead, and how far it got; for the staff pages to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import exists, select

from consult.storage.db.database import Session
from consult.storage.jobs import PDF_JOBS, RENDER_BRIEF, RENDER_REPORT
from consult.storage.leads.documents import BRIEF, REPORT
from consult.storage.tables.submission_tables import DocumentRow, JobRow, SubmissionRow

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


_JOBS = {REPORT: RENDER_REPORT, BRIEF: RENDER_BRIEF}
"""The kind of job that makes each kind of document."""


def pdf_state(jobs: Sequence[Delivery], kind: str, *, stored: int, wanted: int) -> PdfState:
    """Whether the current PDF of a lead is there, being made, was given up, or is not asked for.

    Args:
        jobs: those of the lead, as ``deliveries`` gives them.
        kind: of the document: the owner's report, or the brief for staff.
        stored: the revision that is there, 0 while there is none.
        wanted: the one that is the current one.
    """
    states = [job.state for job in jobs if job.kind == _JOBS[kind]]
    being_made = "ready" in states or "leased" in states
    return _state(current=stored >= wanted, being_made=being_made, asked_for=bool(states))


def pdf_states(
    session: Session, lead_ids: Sequence[int], kind: str = REPORT
) -> dict[int, PdfState]:
    """The same for many leads at once, by their ids."""
    ordered = exists().where(JobRow.submission_id == SubmissionRow.id, JobRow.kind == _JOBS[kind])
    being_made = ordered.where(JobRow.state.in_(("ready", "leased")))
    current = DocumentRow.revision >= SubmissionRow.report_revision
    rows = session.execute(
        select(SubmissionRow.id, current, being_made, ordered.label("asked_for"))
        .outerjoin(
            DocumentRow,
            (DocumentRow.submission_id == SubmissionRow.id) & (DocumentRow.kind == kind),
        )
        .where(SubmissionRow.id.in_(lead_ids))
    )
    return {
        lead_id: _state(current=bool(is_current), being_made=is_being_made, asked_for=asked_for)
        for lead_id, is_current, is_being_made, asked_for in rows
    }


def _state(*, current: bool, being_made: bool, asked_for: bool) -> PdfState:
    if current:
        return "ready"
    if being_made:
        return "waiting"
    return "failed" if asked_for else "asleep"
