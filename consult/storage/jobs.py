"""Asking for work to be done later, in the transaction that makes it necessary.

Either both are committed, the submission and the order for its PDF, or neither is. The other side,
taking jobs and finishing them, is ``consult.delivery.outbox``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from consult.storage.db.database import Session, insert_into
from consult.storage.tables.submission_tables import JobRow, SubmissionRow

RENDER_REPORT = "render_report"
RENDER_BRIEF = "render_brief"
PDF_JOBS = (RENDER_REPORT, RENDER_BRIEF)
MAIL_REPORT = "mail_report"
TELL = "tell"
MAIL_STAFF = "mail_staff"
WEBHOOK = "webhook"
FORGET = "forget"
MAIL_REMINDER = "mail_reminder"

SOMEBODY_WAITS, NOBODY_WAITS = range(2)
"""How patient a job is. A thousand demo leads made at once do not keep an owner from a report."""


def enqueue(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    dedupe_key: str,
    submission_id: int | None = None,
    run_at: datetime | None = None,
    patience: int = SOMEBODY_WAITS,
) -> bool:
    """Add a job, unless one with the same key was ever added.

    Args:
        session: a writing one; the job exists once it commits.
        kind: names the handler.
        payload: what the handler needs to know, as plain JSON. No personal data: put it in a row
            and pass the row's id.
        dedupe_key: names the effect, such as ``render_report:7:1``. It happens once.
        submission_id: the submission this is about; the job goes when the submission is deleted.
        run_at: not before this time; now, if left out.
        patience: whether others go first.

    Returns:
        Whether the job is new.
    """
    now = session.now()
    added = session.execute(
        insert_into(session, JobRow)
        .values(
            kind=kind,
            payload=dict(payload),
            dedupe_key=dedupe_key,
            submission_id=submission_id,
            state="ready",
            run_at=run_at or now,
            patience=patience,
            attempts=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(JobRow.id)
    )
    return added.first() is not None


def enqueue_documents(session: Session, submission_id: int, revision: int) -> None:
    """Ask for a submission's PDFs as the revision says they should now read, the owner's first."""
    demo = session.scalar(select(SubmissionRow.demo).where(SubmissionRow.id == submission_id))
    for kind in PDF_JOBS:
        enqueue(
            session,
            kind,
            {"submission_id": submission_id, "revision": revision},
            dedupe_key=f"{kind}:{submission_id}:{revision}",
            submission_id=submission_id,
            patience=NOBODY_WAITS if demo else SOMEBODY_WAITS,
        )
