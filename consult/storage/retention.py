"""Retention: what is deleted when its time is over. The database takes along what hangs on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, select, update

from consult.storage import audit, erasure, exports
from consult.storage.database import Session
from consult.storage.desk_tables import LeadRow
from consult.storage.erasure import How
from consult.storage.folding import delete_checks
from consult.storage.models import CheckRow, JobRow, MailRow, RateLimitRow, SubmissionRow
from consult.storage.notice_tables import MessageRow, StaffMailRow
from consult.storage.settling import settle
from consult.storage.staff_tables import StaffInvitationRow, StaffSessionRow

# Long enough to see what happened last week; the key of a periodic job must outlive its period.
_KEEP_DONE_JOBS = timedelta(days=7)
# Long enough to fetch what was asked for yesterday evening.
KEEP_EXPORTS = timedelta(days=1)
LOG_DAYS = 30
"""Long enough to ask who was signed in when something went wrong, or why somebody was not told."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each were deleted."""

    drafts: int
    leads: int
    jobs: int


def purge(
    session: Session,
    *,
    lead_days: int,
    mail_days: int | None = None,
    log_days: int = LOG_DAYS,
    at_the_end: How = "delete",
) -> Purged:
    """Delete what has been kept long enough, and traces of finished work.

    So go expired drafts, exports, the texts of mails, sessions that staff have not used for
    ``log_days`` days, links to an account that are as old, and the log of what staff and other
    programs were told. A lead older than ``lead_days`` days goes with its answers, contact,
    documents and jobs; how far each came stays as a number. Or it is made anonymous
    (``at_the_end``). Exports that may hold it are withdrawn.

    Args:
        session: a writing one.
        lead_days: how long a lead is kept.
        mail_days: how long the text of a mail to an owner is kept; None for as long as the lead.
        log_days: how long it is kept who was signed in, and who was told of what.
        at_the_end: what becomes of a lead whose time is over.
    """
    now = session.now()
    submitted = exists().where(SubmissionRow.check_id == CheckRow.id)
    draft_is_old = and_(CheckRow.updated_at < now - session.draft_life, ~submitted)
    job_is_old = and_(JobRow.state == "done", JobRow.finished_at < now - _KEEP_DONE_JOBS)
    session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at < now))
    _delete_staff_traces(session, now - timedelta(days=log_days))
    _delete_told(session, now - timedelta(days=log_days))
    exports.forget_older(session, now - KEEP_EXPORTS)
    if mail_days is not None:
        _empty_mails(session, now - timedelta(days=mail_days))
    settle(session)
    purged = Purged(
        drafts=delete_checks(session, draft_is_old),
        leads=_end_leads(session, now - timedelta(days=lead_days), at_the_end),
        jobs=len(session.scalars(delete(JobRow).where(job_is_old).returning(JobRow.id)).all()),
    )
    if purged.drafts or purged.leads:
        audit.record(
            session,
            "retention.done",
            by=None,
            drafts=purged.drafts,
            leads=purged.leads,
            leads_were="deleted" if at_the_end == "delete" else "made anonymous",
        )
    return purged


def _end_leads(session: Session, before: datetime, how: How) -> int:
    """Delete leads that came in before a moment, or make them anonymous; how many there were."""
    query = select(LeadRow.submission_id).where(LeadRow.submitted_at < before)
    if how == "anonymise":
        old = session.scalars(query.where(LeadRow.anonymised_at.is_(None))).all()
        return len(erasure.erase(session, old, how, by=None, why="retention"))
    gone = delete_checks(
        session,
        CheckRow.id.in_(select(SubmissionRow.check_id).where(SubmissionRow.submitted_at < before)),
    )
    if gone:
        exports.withdraw_all(session)
    return gone


def _empty_mails(session: Session, before: datetime) -> None:
    """Forget what old mails said; that they were sent, and where to, stays with the lead."""
    session.execute(
        update(MailRow).where(MailRow.sent_at < before, MailRow.body != "").values(body="")
    )


def _delete_staff_traces(session: Session, long_ago: datetime) -> None:
    session.execute(delete(StaffSessionRow).where(StaffSessionRow.last_seen_at < long_ago))
    session.execute(delete(StaffInvitationRow).where(StaffInvitationRow.expires_at < long_ago))


def _delete_told(session: Session, long_ago: datetime) -> None:
    """Delete the log of old mails to staff and webhooks; the notices stay with their leads."""
    session.execute(delete(StaffMailRow).where(StaffMailRow.created_at < long_ago))
    session.execute(delete(MessageRow).where(MessageRow.created_at < long_ago))
