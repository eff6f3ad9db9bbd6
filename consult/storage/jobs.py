"""Jobs: work to be done later, requested in the transaction that makes it necessary.

Either both are committed, the submission and the job for its PDF, or neither is. A job is ready,
leased to one worker, and at last done, or failed after eight attempts. A lease carries a random
token. Its holder may renew it, complete the job or release it; a worker that was too slow has lost
the lease, and nothing it reports about the job counts.
"""

import random
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, literal_column, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from consult.storage.db.base import Base, UtcDateTime
from consult.storage.db.database import Database, Session, add_if_new
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow

RENDER_REPORT = "render_report"
RENDER_BRIEF = "render_brief"
PDF_JOBS = (RENDER_REPORT, RENDER_BRIEF)
EMAIL_REPORT = "email_report"
EMAIL_CONFIRM = "email_confirm"
EMAIL_BOOKING = "email_booking"
EMAIL_STAFF = "email_staff"
EMAIL_REMINDER = "email_reminder"
EMAIL_RESUME_LINK = "email_resume_link"
NOTIFY = "notify"
SYNC_BOOKING = "sync_booking"
WEBHOOK = "webhook"
FORGET = "forget"
CHECK_ADDRESS = "check_address"
READ_FEED = "read_feed"
CALENDAR_EVENT = "calendar_event"
TICK = "tick"
DIGEST = "digest"
PURGE = "purge"

NORMAL, MAIL, WEBHOOKS, BACKGROUND = PRIORITIES = range(4)
"""Priorities, each with a thread of its own in a worker.

So neither a mail server that hangs nor a thousand demo leads keep an owner from a PDF.
"""

_PRIORITY_OF = {
    **dict.fromkeys((EMAIL_REPORT, EMAIL_CONFIRM, EMAIL_BOOKING, EMAIL_STAFF), MAIL),
    **dict.fromkeys((EMAIL_REMINDER, EMAIL_RESUME_LINK), MAIL),
    WEBHOOK: WEBHOOKS,
    **dict.fromkeys((FORGET, CHECK_ADDRESS, READ_FEED, PURGE), BACKGROUND),
}

OPEN_STATES = ("ready", "leased")
MAX_ATTEMPTS = 8
_MAX_BACK_OFF_SECONDS = 3_600
_ERROR_LENGTH = 300


def enqueue(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    dedupe_key: str = "",
    submission_id: int | None = None,
    run_at: datetime | None = None,
    priority: int | None = None,
) -> int | None:
    """Add a job and return its id, or None if one with the same key was ever added.

    `kind` names the handler. `payload` is plain JSON without personal data: put that in a row, and
    pass the row's id. `dedupe_key` names the effect, such as ``render_report:7:1``, which then
    happens once. The job is deleted with its submission, and runs at `run_at` or later. Without a
    `priority`, it has that of its kind.
    """
    now = session.now()
    row = {
        "kind": kind,
        "payload": dict(payload),
        "dedupe_key": dedupe_key or f"{kind}:{secrets.token_hex(16)}",
        "submission_id": submission_id,
        "state": "ready",
        "run_at": run_at or now,
        "priority": _PRIORITY_OF.get(kind, NORMAL) if priority is None else priority,
        "attempts": 0,
        "created_at": now,
    }
    added: int | None = add_if_new(session, JobRow, row)
    return added


def enqueue_documents(session: Session, submission: SubmissionRow) -> None:
    """Request a submission's PDFs as of its revision, the owner's first."""
    revision = submission.report_revision
    for kind in PDF_JOBS:
        enqueue(
            session,
            kind,
            {"submission_id": submission.id, "revision": revision},
            dedupe_key=f"{kind}:{submission.id}:{revision}",
            submission_id=submission.id,
            priority=BACKGROUND if submission.demo else None,
        )


def pdf_jobs(session: Session, submission_id: int) -> Sequence[JobRow]:
    query = select(JobRow).where(JobRow.submission_id == submission_id, JobRow.kind.in_(PDF_JOBS))
    return session.scalars(query.order_by(JobRow.id)).all()


def due_priorities(database: Database) -> list[int]:
    """The priorities of which a job is due; for a look several times a second."""
    found = database.fetch_one(_DUE, {"now": database.clock()})
    return [priority for priority in PRIORITIES if found and found[priority]]


# Written out, and not as parameters: only so does SQLite use the index of what is open.
_OPEN = JobRow.state.in_([literal_column(f"'{state}'") for state in OPEN_STATES])
_DUE = select(
    *(
        exists().where(
            _OPEN,
            JobRow.run_at <= bindparam("now", type_=UtcDateTime),
            JobRow.priority == literal_column(str(priority)),
        )
        for priority in PRIORITIES
    )
)


def has_due(database: Database, priority: int | None = None) -> bool:
    """Whether any job could be claimed now. Takes no lock, so an idle worker disturbs no one."""
    due = due_priorities(database)
    return bool(due) if priority is None else priority in due


def claim(session: Session, lease: timedelta, priority: int | None = None) -> JobRow | None:
    """Lease the most urgent job, of those the one that has waited longest, or None.

    With a `priority`, only a job that has this one. ``attempts`` of the job counts this one.
    """
    now = session.now()
    given = {"now": now, "until": now + lease, "token": secrets.token_hex(16), "only": priority}
    lease_it = _LEASE if priority is None else _LEASE_OF_PRIORITY
    while (job := session.scalar(lease_it, given)) and job.attempts > MAX_ATTEMPTS:
        # Only a worker that died leaves it like this; it may be this job that kills them.
        _finish(session, job, "failed", "Every worker that ran it died.", attempts=MAX_ATTEMPTS)
    return job


def _lease(*which: ColumnElement[bool]) -> ReturningUpdate[JobRow]:
    # A leased job whose lease expired is due as well: its worker died.
    due = select(JobRow.id).where(_OPEN, JobRow.run_at <= bindparam("now"), *which)
    first = due.order_by(JobRow.priority, JobRow.run_at, JobRow.id).limit(1)
    return (
        update(JobRow)
        .where(JobRow.id == first.with_for_update(skip_locked=True).scalar_subquery())
        .values(
            state="leased",
            lease_token=bindparam("token"),
            run_at=bindparam("until"),
            attempts=JobRow.attempts + 1,
        )
        .returning(JobRow)
        .execution_options(synchronize_session=False)
    )


# Built once: that takes longer than running them.
_LEASE, _LEASE_OF_PRIORITY = _lease(), _lease(JobRow.priority == bindparam("only"))
_JOBS = Base.metadata.tables[JobRow.__tablename__]
_CHANGE_OURS = (
    update(_JOBS)
    .where(_JOBS.c.id == bindparam("job_id"), _JOBS.c.lease_token == bindparam("token"))
    .returning(_JOBS.c.id)
)
_LOCK_LEAD = (
    select(SubmissionRow.id)
    .where(SubmissionRow.id == bindparam("lead_id"))
    .with_for_update(read=True, key_share=True)
)


def renew(session: Session, job: JobRow, lease: timedelta) -> bool:
    """Extend the lease of a job. False: it is no longer ours."""
    return _update(session, job, run_at=session.now() + lease)


def complete(session: Session, job: JobRow) -> bool:
    """Mark a job as done. Write its effect in the same session, and only if this returns True."""
    if job.submission_id:
        # Lock its lead first, as deleting a lead does: else each would wait for what the other has.
        session.connection().execute(_LOCK_LEAD, {"lead_id": job.submission_id})
    return _finish(session, job, "done", job.last_error)


def release(session: Session, job: JobRow, wait: timedelta = timedelta()) -> bool:
    """Let any worker claim a job at once, or after a wait; this was no attempt."""
    return _update(
        session,
        job,
        state="ready",
        lease_token=None,
        run_at=session.now() + wait,
        attempts=job.attempts - 1,
    )


def run_now(session: Session, kind: str, submission_id: int) -> None:
    """Let the jobs of a kind run that wait for something; one that failed waits on."""
    session.execute(
        update(JobRow)
        .where(JobRow.submission_id == submission_id, JobRow.kind == kind)
        .where(JobRow.state == "ready", JobRow.attempts == 0, JobRow.run_at > session.now())
        .values(run_at=session.now())
    )


def fail(session: Session, job: JobRow, error: str) -> bool:
    """Schedule another attempt, later each time; after the eighth the job has failed."""
    if job.attempts >= MAX_ATTEMPTS:
        return mark_failed(session, job, error)
    return _update(
        session,
        job,
        state="ready",
        lease_token=None,
        run_at=session.now() + back_off(job.attempts),
        last_error=error[:_ERROR_LENGTH],
    )


def mark_failed(session: Session, job: JobRow, error: str) -> bool:
    return _finish(session, job, "failed", error[:_ERROR_LENGTH])


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 4 s, 16 s, 64 s and so on up to an hour, ±50%.

    Eight attempts span about two and a half hours: time for a mail server to come back, or to
    accept an unknown sender at the second attempt. The randomness keeps jobs that failed together
    from coming back together.
    """
    seconds = min(_MAX_BACK_OFF_SECONDS, 4**attempts)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311


def retry_failed(session: Session, submission_id: int | None) -> int:
    """Make the failed jobs of a lead (None: of no lead) ready, with all attempts; how many."""
    retried = session.execute(
        update(JobRow)
        .where(JobRow.submission_id == submission_id, JobRow.state == "failed")
        .values(state="ready", attempts=0, run_at=session.now(), finished_at=None)
        .returning(JobRow.id)
    )
    return len(retried.all())


def _finish(session: Session, job: JobRow, state: str, error: str | None, **values: Any) -> bool:
    over = {"state": state, "lease_token": None, "finished_at": session.now(), "last_error": error}
    return _update(session, job, **over, **values)


def _update(session: Session, job: JobRow, **values: Any) -> bool:
    """Change a job that is still ours; the row that the worker has stays as it was claimed."""
    ours = {"job_id": job.id, "token": job.lease_token}
    return session.connection().execute(_CHANGE_OURS, {**values, **ours}).first() is not None
