"""Documents: the rendered files of a submission, kept until the submission is deleted."""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import ColumnElement, Exists, Integer, Row, and_, bindparam, exists, select

from consult.crypto import token_hash
from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import ContactRow, DocumentRow, SubmissionRow

REPORT = "report"
"""What the owner gets."""

BRIEF = "brief"
"""What staff read before they call."""

_JOBS = {REPORT: jobs.RENDER_REPORT, BRIEF: jobs.RENDER_BRIEF}

PdfState = Literal["ready", "pending", "failed", "on_demand"]
"""``on_demand``: not stored, and made when requested; so for demo leads, and after some time."""


def put(session: Session, submission_id: int, kind: str, revision: int, content: bytes) -> bool:
    """Store a rendered file; False if the submission was deleted, or this revision is not newer."""
    if _lock(session, submission_id) is None:
        return False
    row = session.get(DocumentRow, (submission_id, kind), with_for_update=True)
    if kind == REPORT:
        jobs.run_now(session, jobs.EMAIL_REPORT, submission_id)  # it waits for this file
    if row is None:
        row = DocumentRow(submission_id=submission_id, kind=kind)
        session.add(row)
    elif row.revision >= revision:
        return False
    row.revision = revision
    row.content = content
    row.sha256 = hashlib.sha256(content).hexdigest()
    row.rendered_at = session.now()
    session.flush()
    return True


def is_current(session: Session, submission_id: int, kind: str) -> bool:
    """Whether the stored file is current; it is not stored or outdated while the session lasts."""
    revision = _lock(session, submission_id)
    return revision is not None and stored_revision(session, submission_id, kind) >= revision


def _lock(session: Session, submission_id: int) -> int | None:
    """Wait for other writers of a submission's files; returns its revision, None if deleted."""
    return session.scalar(
        select(SubmissionRow.report_revision)
        .where(SubmissionRow.id == submission_id)
        .with_for_update(key_share=True)
    )


def get(session: Session, submission_id: int, kind: str) -> DocumentRow | None:
    """The stored file of a kind, or None; current if its revision is the lead's."""
    return session.get(DocumentRow, (submission_id, kind))


def current_for_token(database: Database, result_token: str, kind: str) -> Row[Any] | None:
    """The `content` of the current file for a result link, and when the result was submitted.

    With `has_contact`, whether its owner left one. None if the file has to be made, or there is no
    result. One statement: a download is to cost little more than a file from the disk.
    """
    return database.fetch_one(_CURRENT, {"hash": token_hash(result_token), "kind": kind})


_CURRENT = (
    select(
        *(DocumentRow.content, SubmissionRow.submitted_at),
        ContactRow.submission_id.is_not(None).label("has_contact"),
    )
    .join(SubmissionRow, SubmissionRow.id == DocumentRow.submission_id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
    .where(
        SubmissionRow.result_token_hash == bindparam("hash"),
        DocumentRow.kind == bindparam("kind"),
        DocumentRow.revision >= SubmissionRow.report_revision,
    )
)


def stored_revision(session: Session, submission_id: int, kind: str) -> int:
    """The revision of the stored file, 0 if there is none; reads no content."""
    query = select(DocumentRow.revision).where(
        DocumentRow.submission_id == submission_id, DocumentRow.kind == kind
    )
    return session.scalar(query) or 0


def report_state(session: Session, lead_id: int) -> PdfState:
    """The state of a lead's report."""
    return _pdf_state(*session.execute(_REPORT_STATE, {"lead_id": lead_id}).one())


def pdf_failed(lead_id: Any) -> ColumnElement[bool]:
    """Whether the state of a lead's report is `failed`, as a column of a query."""
    is_current, is_pending, is_requested = _report_facts(lead_id)
    return and_(is_requested, ~is_pending, ~is_current)


def _report_facts(lead_id: Any) -> tuple[Exists, Exists, Exists]:
    """Whether a lead's report is stored and current, is being made, and was ever requested."""
    is_current = exists().where(
        *(DocumentRow.submission_id == lead_id, DocumentRow.kind == REPORT),
        SubmissionRow.id == lead_id,
        DocumentRow.revision >= SubmissionRow.report_revision,
    )
    requested = exists().where(JobRow.submission_id == lead_id, JobRow.kind == jobs.RENDER_REPORT)
    return is_current, requested.where(JobRow.state.in_(jobs.OPEN_STATES)), requested


_REPORT_STATE = select(*_report_facts(bindparam("lead_id", type_=Integer)))


def pdf_state(
    submission: SubmissionRow, kind: str, stored: int, pdf_jobs: Iterable[JobRow]
) -> PdfState:
    """The state of one PDF by the revision that is stored (0: none) and the lead's PDF jobs."""
    states = [job.state for job in pdf_jobs if job.kind == _JOBS[kind]]
    pending = any(state in jobs.OPEN_STATES for state in states)
    return _pdf_state(stored >= submission.report_revision, pending, bool(states))


def _pdf_state(is_current: bool, is_pending: bool, is_requested: bool) -> PdfState:
    if is_current:
        return "ready"
    if is_pending:
        return "pending"
    return "failed" if is_requested else "on_demand"
