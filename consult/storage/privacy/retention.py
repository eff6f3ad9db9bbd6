"""Retention: deletes what has been stored long enough."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, tuple_, update

from consult.storage.api.api_tokens import ANSWER_LIFE
from consult.storage.audit import audit_log
from consult.storage.booking import calendar_setup
from consult.storage.db.database import Session
from consult.storage.drafts import resume_links
from consult.storage.drafts.drafts import delete_drafts, is_unsubmitted
from consult.storage.jobs import PDF_JOBS
from consult.storage.privacy.erasure import Method
from consult.storage.tables.account_tables import (
    ApiAnswerRow,
    ApiTokenRow,
    AuditRow,
    StaffInvitationRow,
    StaffSessionRow,
)
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import DocumentRow, DraftRow, RateLimitRow

# Long enough to see what happened last week; the key of a periodic job must outlive its period.
_DONE_JOBS_KEPT = timedelta(days=7)
_BATCH = 200
LOG_DAYS = 30
"""Long enough to find out who was signed in when something failed, or why a mail didn't arrive."""


_USUAL_LEADS = 10
"""So many leads may expire in any night, however few there are."""


@dataclass(frozen=True, slots=True)
class Expired:
    """How many leads are to be erased for their age without an admin's consent, of how many."""

    leads: int
    total: int

    @property
    def is_unusual(self) -> bool:
        """Whether this is rather a typing error in the settings, or a clock that is wrong."""
        is_all = 1 < self.leads == self.total
        return is_all or self.leads > max(_USUAL_LEADS, self.total / 10)


def expired_leads(session: Session, *, lead_days: int, method: Method) -> list[int]:
    """The leads submitted more than ``lead_days`` days ago that weren't anonymized for it yet."""
    query = select(LeadRow.submission_id).where(_has_expired(session, lead_days, method))
    return list(session.scalars(query.order_by(LeadRow.submission_id)))


def count_expired(session: Session, *, lead_days: int, method: Method) -> Expired:
    """Count the leads that have expired, except for those that `confirm` was called for."""
    query = select(func.count()).select_from(LeadRow)
    expired = query.where(_has_expired(session, lead_days, method))
    consent = session.scalar(
        select(AuditRow.facts)
        .where(AuditRow.action == "retention.confirmed")
        .order_by(AuditRow.id.desc())
        .limit(1)
    )
    if consent and consent["days"] == lead_days:
        since = datetime.fromisoformat(consent["before"])
        expired = expired.where(LeadRow.submitted_at >= since)
    return Expired(session.scalar(expired) or 0, session.scalar(query) or 0)


def confirm(session: Session, *, lead_days: int, by: int) -> None:
    """Record that the leads that have expired now may all be erased at once."""
    before = (session.now() - timedelta(days=lead_days)).isoformat()
    audit_log.record(session, "retention.confirmed", by=by, days=lead_days, before=before)


def _has_expired(session: Session, lead_days: int, method: Method) -> ColumnElement[bool]:
    is_old = LeadRow.submitted_at < session.now() - timedelta(days=lead_days)
    return and_(is_old, LeadRow.anonymised_at.is_(None)) if method == "anonymise" else is_old


def purge(session: Session, *, log_days: int = LOG_DAYS) -> None:
    """Delete what has been stored long enough, and what is left of finished work; but no lead.

    That is expired drafts, with one entry in the audit log for all, staff sessions that weren't
    used for ``log_days`` days, invitations and API tokens that expired as long ago, mails to staff
    and webhooks as old, failed jobs of no lead, and answers of the API that are no longer repeated.
    """
    now = session.now()
    log_start = now - timedelta(days=log_days)
    draft_is_old = and_(DraftRow.updated_at < now - session.draft_life, is_unsubmitted())
    job_is_old = or_(
        and_(JobRow.state == "done", JobRow.finished_at < now - _DONE_JOBS_KEPT),
        # A failed job of a lead can be retried on its page, and is deleted with it.
        and_(
            JobRow.state == "failed", JobRow.submission_id.is_(None), JobRow.finished_at < log_start
        ),
    )
    # Notifications and mails to owners are deleted with their leads.
    to_others = DeliveryRow.recipient != "owner"
    resume_links.delete_expired(session)
    calendar_setup.delete_old(session)
    session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at < now))
    session.execute(delete(StaffSessionRow).where(StaffSessionRow.last_seen_at < log_start))
    session.execute(delete(StaffInvitationRow).where(StaffInvitationRow.expires_at < log_start))
    session.execute(delete(ApiTokenRow).where(ApiTokenRow.expires_at < log_start))
    session.execute(delete(ApiAnswerRow).where(ApiAnswerRow.created_at <= now - ANSWER_LIFE))
    session.execute(delete(DeliveryRow).where(to_others, DeliveryRow.created_at < log_start))
    session.execute(delete(JobRow).where(job_is_old))
    if drafts := delete_drafts(session, draft_is_old):
        audit_log.record(session, "retention.drafts_deleted", by=None, drafts=drafts)


def delete_mail_texts(session: Session, *, mail_days: int) -> int:
    """Delete a batch of texts of mails to owners that were sent more than ``mail_days`` days ago.

    When they were sent, and to which address, is kept with the lead. Returns how many were deleted:
    call it until none are, so that others can write in between.
    """
    before = session.now() - timedelta(days=mail_days)
    old = session.execute(
        select(DeliveryRow.id, DeliveryRow.submission_id)
        .where(DeliveryRow.sent_at < before, DeliveryRow.body != "")
        .limit(_BATCH)
    ).all()
    session.execute(
        update(DeliveryRow).where(DeliveryRow.id.in_([mail.id for mail in old])).values(body="")
    )
    _record_each(session, "retention.mail_texts_deleted", [mail.submission_id for mail in old])
    return len(old)


def delete_pdfs(session: Session, *, pdf_days: int) -> int:
    """Delete a batch of PDFs that were rendered more than ``pdf_days`` days ago; leads stay.

    Such a PDF is rendered again on request. Returns how many were deleted: call it until none are.
    """
    before = session.now() - timedelta(days=pdf_days)
    key = tuple_(DocumentRow.submission_id, DocumentRow.kind)
    old = session.execute(
        select(DocumentRow.submission_id, DocumentRow.kind)
        .where(DocumentRow.rendered_at < before)
        .limit(_BATCH)
    ).all()
    lead_ids = [lead_id for lead_id, _ in old]
    session.execute(delete(DocumentRow).where(key.in_([tuple(row) for row in old])))
    # A job that is done isn't enqueued again, so delete it.
    session.execute(
        delete(JobRow).where(
            JobRow.submission_id.in_(lead_ids), JobRow.kind.in_(PDF_JOBS), JobRow.state == "done"
        )
    )
    _record_each(session, "retention.pdfs_deleted", lead_ids)
    return len(old)


def _record_each(session: Session, action: str, lead_ids: Collection[int]) -> None:
    """Add an entry to the audit log for each lead, with the number of things deleted."""
    numbers = [(id, {"number": number}) for id, number in sorted(Counter(lead_ids).items())]
    audit_log.record_each(session, action, numbers, by=None)
