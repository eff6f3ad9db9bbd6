"""Retention: what is deleted when its time is over. The database takes along what hangs on it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, or_, select, update

from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.drafts.drafts import delete_drafts
from consult.storage.jobs import PDF_JOBS
from consult.storage.privacy import erasure
from consult.storage.privacy.erasure import How
from consult.storage.tables.account_tables import StaffInvitationRow, StaffSessionRow
from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import (
    DocumentRow,
    DraftRow,
    RateLimitRow,
    SubmissionRow,
)

# Long enough to see what happened last week; the key of a periodic job must outlive its period.
_KEEP_DONE_JOBS = timedelta(days=7)
_AT_ONCE = 200
LOG_DAYS = 30
"""Long enough to ask who was signed in when something went wrong, or why somebody was not told."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many of each were deleted."""

    drafts: int
    leads: int
    jobs: int


def leads_over(session: Session, *, lead_days: int, at_the_end: How = "delete") -> list[int]:
    """The leads that came in more than ``lead_days`` days ago and have not met their end yet."""
    query = select(LeadRow.submission_id).where(
        LeadRow.submitted_at < session.now() - timedelta(days=lead_days)
    )
    if at_the_end == "anonymise":
        query = query.where(LeadRow.anonymised_at.is_(None))
    return list(session.scalars(query.order_by(LeadRow.submission_id)))


def purge(
    session: Session,
    *,
    lead_days: int,
    log_days: int = LOG_DAYS,
    at_the_end: How = "delete",
) -> Purged:
    """Delete what has been kept long enough, and traces of finished work.

    So go expired drafts, sessions that staff have not used for ``log_days`` days, links to
    an account that are as old, and the log of what staff and other programs were told, with the
    jobs of no lead that were given up. A lead older than ``lead_days`` days goes with its answers,
    contact, documents and jobs; how far each came stays as a number. Or it is made anonymous
    (``at_the_end``). The audit log has a receipt for each
    lead, and one number for all drafts.

    Where leads may be many or have mails in a folder, end them before (`leads_over`), in bundles.

    Args:
        session: a writing one.
        lead_days: how long a lead is kept.
        log_days: how long it is kept who was signed in, and who was told of what.
        at_the_end: what becomes of a lead whose time is over.
    """
    now = session.now()
    submitted = exists().where(SubmissionRow.draft_id == DraftRow.id)
    draft_is_old = and_(DraftRow.updated_at < now - session.draft_life, ~submitted)
    job_is_old = or_(
        and_(JobRow.state == "done", JobRow.finished_at < now - _KEEP_DONE_JOBS),
        # What was given up for a lead can be tried again on its page, and goes with it.
        and_(
            JobRow.state == "failed",
            JobRow.submission_id.is_(None),
            JobRow.finished_at < now - timedelta(days=log_days),
        ),
    )
    session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at < now))
    _delete_staff_traces(session, now - timedelta(days=log_days))
    _delete_deliveries(session, now - timedelta(days=log_days))
    old = leads_over(session, lead_days=lead_days, at_the_end=at_the_end)
    ended = erasure.erase(session, old, at_the_end, by=None, why="retention") if old else []
    purged = Purged(
        drafts=delete_drafts(session, draft_is_old),
        leads=len(ended),
        jobs=len(session.scalars(delete(JobRow).where(job_is_old).returning(JobRow.id)).all()),
    )
    if purged.drafts:
        audit_log.record(session, "retention.drafts_deleted", by=None, drafts=purged.drafts)
    return purged


def empty_mails(session: Session, *, mail_days: int) -> int:
    """Forget what some mails to owners said that were sent more than ``mail_days`` days ago.

    That they were sent, and where to, stays with the lead, and each lead gets a receipt.

    Returns:
        How many were emptied. Call it until none are, so that others get to write in between.
    """
    before = session.now() - timedelta(days=mail_days)
    old = session.execute(
        select(DeliveryRow.id, DeliveryRow.submission_id)
        .where(DeliveryRow.sent_at < before, DeliveryRow.body != "")
        .limit(_AT_ONCE)
    ).all()
    session.execute(
        update(DeliveryRow).where(DeliveryRow.id.in_([mail.id for mail in old])).values(body="")
    )
    _receipts(session, "retention.mail_texts_deleted", [mail.submission_id for mail in old])
    return len(old)


def delete_pdfs(session: Session, *, pdf_days: int) -> int:
    """Delete some PDFs that were made more than ``pdf_days`` days ago; their leads stay.

    Whoever asks for such a PDF gets it made anew. Each lead gets a receipt in the audit log.

    Returns:
        How many went. Call it until none do: each is overwritten, and nobody else writes meanwhile.
    """
    before = session.now() - timedelta(days=pdf_days)
    old = session.execute(
        select(DocumentRow.submission_id, DocumentRow.kind)
        .where(DocumentRow.rendered_at < before)
        .limit(_AT_ONCE)
    ).all()
    leads = sorted({row.submission_id for row in old})
    for lead_id, kind in old:
        session.execute(
            delete(DocumentRow).where(
                DocumentRow.submission_id == lead_id, DocumentRow.kind == kind
            )
        )
    # What was asked for once is not made again: forget that it was.
    session.execute(
        delete(JobRow).where(
            JobRow.submission_id.in_(leads), JobRow.kind.in_(PDF_JOBS), JobRow.state == "done"
        )
    )
    _receipts(session, "retention.pdfs_deleted", [row.submission_id for row in old])
    return len(old)


def _receipts(session: Session, action: str, lead_ids: Iterable[int]) -> None:
    """One entry of the audit log for each lead, with the number of things that went of it."""
    went = Counter(lead_ids)
    if went:
        audit_log.record_each(
            session, action, by=None, leads={id: {"number": went[id]} for id in sorted(went)}
        )


def _delete_staff_traces(session: Session, long_ago: datetime) -> None:
    session.execute(delete(StaffSessionRow).where(StaffSessionRow.last_seen_at < long_ago))
    session.execute(delete(StaffInvitationRow).where(StaffInvitationRow.expires_at < long_ago))


def _delete_deliveries(session: Session, long_ago: datetime) -> None:
    """Delete old mails to staff and webhooks; notifications and mails to owners stay with leads."""
    session.execute(
        delete(DeliveryRow).where(
            DeliveryRow.recipient != "owner", DeliveryRow.created_at < long_ago
        )
    )
