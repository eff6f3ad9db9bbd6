"""A lead with all that there is once for each: read in one go, for the page that shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased

from consult.storage import page_events
from consult.storage.db.database import Session
from consult.storage.leads.documents import BRIEF, REPORT
from consult.storage.leads.leads import Lead, as_lead
from consult.storage.tables.insight_tables import PageVisitRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import (
    ContactRow,
    DocumentRow,
    DraftRow,
    SubmissionRow,
)


@dataclass(frozen=True, slots=True)
class WholeLead:
    """A lead, how it stands at the agency, and how its owner went through the pages.

    Attributes:
        lead: what was handed in, and by whom.
        desk: how it stands.
        is_anonymous: whether it was made so.
        pages: in the order in which they were first shown; none where nothing was recorded.
        stored: the revision of each document that is there, by its kind; 0 while there is none.
    """

    lead: Lead
    desk: LeadRow
    is_anonymous: bool
    pages: Sequence[PageVisitRow]
    stored: Mapping[str, int]


def whole_lead(session: Session, lead_id: int) -> WholeLead | None:
    """All of a lead, or None for one that is not there."""
    report, brief = aliased(DocumentRow), aliased(DocumentRow)
    found = session.execute(
        select(
            *(SubmissionRow, DraftRow.source, ContactRow, LeadRow),
            *(report.revision, brief.revision),
        )
        .join(DraftRow, DraftRow.id == SubmissionRow.draft_id)
        .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
        .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
        .outerjoin(report, (report.submission_id == SubmissionRow.id) & (report.kind == REPORT))
        .outerjoin(brief, (brief.submission_id == SubmissionRow.id) & (brief.kind == BRIEF))
        .where(SubmissionRow.id == lead_id)
    ).first()
    if found is None:
        return None
    row, source, contact, standing, report_stored, brief_stored = found
    return WholeLead(
        lead=as_lead(row, source, contact),
        desk=standing,
        is_anonymous=standing.anonymised_at is not None,
        pages=page_events.pages_of(session, row.draft_id),
        stored={REPORT: report_stored or 0, BRIEF: brief_stored or 0},
    )
