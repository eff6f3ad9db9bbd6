"""The life of a job: ready, leased to one worker, and at last done, or dead after eight tries.

A lease carries a random token. Whoever still holds it may renew, finish or give back the job; a
worker that was too slow has lost it, and nothing it says about the job counts.
"""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, update

from consult.storage.db.database import Session
from consult.storage.tables.submission_tables import JobRow, SubmissionRow

MAX_ATTEMPTS = 8
_LONGEST_BACK_OFF_SECONDS = 3_600
_ERROR_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its worker holds it. ``attempts`` counts this one."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    lease_token: str


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that was given up; ``run_again`` gives it another eight tries."""

    id: int
    kind: str
    submission_id: int | None
    last_error: str
    finished_at: datetime


def is_due(session: Session, patience: int | None = None) -> bool:
    """Whether any job could be taken now. Takes no lock, so an idle worker disturbs nobody."""
    return bool(session.scalar(select(exists().where(_due(session, patience)))))


def claim(session: Session, lease: timedelta, patience: int | None = None) -> Job | None:
    """Take the least patient job, of those the one that has waited longest, or None.

    It is ours until the lease runs out. With a `patience`, only a job that has this one.
    """
    while True:
        row = session.scalar(
            select(JobRow)
            .where(_due(session, patience))
            .order_by(JobRow.patience, JobRow.run_at, JobRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        if row.attempts < MAX_ATTEMPTS:
            break
        # Only a worker that died could leave it so; it may well be this job that kills them.
        _bury(session, row, "every worker that took it died")
    row.state = "leased"
    row.lease_token = secrets.token_hex(16)
    row.run_at = session.now() + lease
    row.attempts += 1
    session.flush()
    return Job(row.id, row.kind, row.payload, row.attempts, row.lease_token)


def renew(session: Session, job: Job, lease: timedelta) -> bool:
    """Hold a job for another while. False: it is no longer ours."""
    return _change(session, job, run_at=session.now() + lease)


def done(session: Session, job: Job) -> bool:
    """Finish a job. Write its effect in the same session, and only if this returns True."""
    # Its lead first, as whoever deletes that does: else each would wait for what the other has.
    session.execute(
        select(SubmissionRow.id)
        .join(JobRow, JobRow.submission_id == SubmissionRow.id)
        .where(JobRow.id == job.id)
        .with_for_update(read=True, key_share=True, of=SubmissionRow)
    )
    return _change(session, job, state="done", lease_token=None, finished_at=session.now())


def give_back(session: Session, job: Job, wait: timedelta = timedelta()) -> bool:
    """Let any worker take a job at once, or after a wait, as if this one never had."""
    return _change(
        session,
        job,
        state="ready",
        lease_token=None,
        run_at=session.now() + wait,
        attempts=job.attempts - 1,
    )


def fail(session: Session, job: Job, error: str) -> bool:
    """Put a job off for another try, later each time; give it up after the eighth."""
    if job.attempts >= MAX_ATTEMPTS:
        return give_up(session, job, error)
    return _change(
        session,
        job,
        state="ready",
        lease_token=None,
        run_at=session.now() + back_off(job.attempts),
        last_error=error[:_ERROR_LENGTH],
    )


def give_up(session: Session, job: Job, error: str) -> bool:
    """End a job that cannot be done."""
    return _change(
        session,
        job,
        state="dead",
        lease_token=None,
        finished_at=session.now(),
        last_error=error[:_ERROR_LENGTH],
    )


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many tries: 4 s, 16 s, 64 s and so on up to an hour, give or take.

    The eight tries span about two and a half hours: time for a mail server to come back, or to
    let a stranger in at the second call. The chance in it keeps jobs that failed together from
    coming back together.
    """
    seconds = min(_LONGEST_BACK_OFF_SECONDS, 4**attempts)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311


def dead(session: Session) -> Sequence[DeadJob]:
    """The jobs that were given up, the latest first."""
    latest = (JobRow.finished_at.desc(), JobRow.id.desc())
    rows = session.scalars(select(JobRow).where(JobRow.state == "dead").order_by(*latest))
    return [
        DeadJob(row.id, row.kind, row.submission_id, row.last_error or "", row.finished_at)
        for row in rows
        if row.finished_at
    ]


def run_again(session: Session, submission_id: int | None) -> int:
    """Make the dead jobs of a lead ready, with all their tries (None: those of no lead).

    Returns:
        How many there were.
    """
    revived = session.execute(
        update(JobRow)
        .where(JobRow.submission_id == submission_id, JobRow.state == "dead")
        .values(state="ready", attempts=0, run_at=session.now(), finished_at=None)
        .returning(JobRow.id)
    )
    return len(revived.all())


def _due(session: Session, patience: int | None) -> ColumnElement[bool]:
    # A leased job whose lease ran out is due as well: its worker is gone.
    due = and_(JobRow.state.in_(("ready", "leased")), JobRow.run_at <= session.now())
    return due if patience is None else and_(due, JobRow.patience == patience)


def _change(session: Session, job: Job, **values: Any) -> bool:
    """Change a job that is still ours."""
    changed = session.execute(
        update(JobRow)
        .where(JobRow.id == job.id, JobRow.lease_token == job.lease_token)
        .values(**values)
        .returning(JobRow.id)
    )
    return changed.first() is not None


def _bury(session: Session, row: JobRow, error: str) -> None:
    row.state = "dead"
    row.lease_token = None
    row.finished_at = session.now()
    row.last_error = error
    session.flush()
