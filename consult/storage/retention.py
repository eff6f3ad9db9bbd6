"""Retention: what is deleted when its time is over. The database takes along what hangs on it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, exists, select

from consult.storage import exports
from consult.storage.database import Session
from consult.storage.folding import delete_checks
from consult.storage.models import CheckRow, JobRow, RateLimitRow, SubmissionRow
from consult.storage.notice_tables import MessageRow, StaffMailRow
from consult.storage.staff_tables import StaffInvitationRow, StaffSessionRow

# Long enough to see what happened last week; the key of a periodic job must outlive its period.
_KEEP_DONE_JOBS = timedelta(days=7)
# Long enough to fetch what was asked for yesterday evening.
KEEP_EXPORTS = timedelta(days=1)
# Long enough to ask who was signed in when something went wrong.
_KEEP_STAFF_TRACES = timedelta(days=30)
# Long enough to find out why somebody, or some program, was not told.
_KEEP_TOLD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each were deleted."""

    drafts: int
    leads: int
    jobs: int


def purge(session: Session, *, lead_days: int) -> Purged:
    """Delete expired drafts, leads older than ``lead_days`` days, and traces of finished work.

    So go sessions that staff have not used for a month, links to an account that are as old, and
    the log of what staff and other programs were told.

    A lead goes with its answers, contact, documents and jobs. How far each came stays as a number.
    """
    now = session.now()
    submitted = exists().where(SubmissionRow.check_id == CheckRow.id)
    draft_is_old = and_(CheckRow.updated_at < now - session.draft_life, ~submitted)
    old_leads = select(SubmissionRow.check_id).where(
        SubmissionRow.submitted_at < now - timedelta(days=lead_days)
    )
    job_is_old = and_(JobRow.state == "done", JobRow.finished_at < now - _KEEP_DONE_JOBS)
    session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at < now))
    _delete_staff_traces(session)
    _delete_told(session)
    exports.forget_older(session, now - KEEP_EXPORTS)
    return Purged(
        drafts=delete_checks(session, draft_is_old),
        leads=delete_checks(session, CheckRow.id.in_(old_leads)),
        jobs=len(session.scalars(delete(JobRow).where(job_is_old).returning(JobRow.id)).all()),
    )


def _delete_staff_traces(session: Session) -> None:
    long_ago = session.now() - _KEEP_STAFF_TRACES
    session.execute(delete(StaffSessionRow).where(StaffSessionRow.last_seen_at < long_ago))
    session.execute(delete(StaffInvitationRow).where(StaffInvitationRow.expires_at < long_ago))


def _delete_told(session: Session) -> None:
    """Delete the log of old mails to staff and webhooks; the notices stay with their leads."""
    long_ago = session.now() - _KEEP_TOLD
    session.execute(delete(StaffMailRow).where(StaffMailRow.created_at < long_ago))
    session.execute(delete(MessageRow).where(MessageRow.created_at < long_ago))
