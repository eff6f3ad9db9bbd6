"""Leads as the API reads them: without those that are probably spam, and without demo leads."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select

from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow

_LEADS: Any = (
    select(
        *(SubmissionRow.id, SubmissionRow.edition, SubmissionRow.depth),
        *(LeadRow.version, LeadRow.stage, LeadRow.stage_since, LeadRow.assignee_id),
        *(LeadRow.submitted_at, LeadRow.due_at, LeadRow.first_contact_at, LeadRow.consult_at),
        *(LeadRow.follow_up_on, LeadRow.won_amount, LeadRow.won_currency, LeadRow.source),
        *(LeadRow.separation, LeadRow.handoff, LeadRow.archetype, LeadRow.wants_consult),
        *(LeadRow.anonymised_at, StaffUserRow.name.label("assignee")),
        *(ContactRow.name, ContactRow.business, ContactRow.email, ContactRow.phone),
        *(ContactRow.best_time, ContactRow.consented_at),
    )
    .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
    .outerjoin(StaffUserRow, StaffUserRow.id == LeadRow.assignee_id)
    .where(LeadRow.suspect.is_not(True), LeadRow.demo.is_not(True))
)
_SOME = _LEADS.where(SubmissionRow.id.in_(bindparam("ids", expanding=True)))
_ONE = _LEADS.add_columns(SubmissionRow.scorecard).where(SubmissionRow.id == bindparam("id"))


def read(session: Session, ids: Sequence[int]) -> list[Row[Any]]:
    """The leads with these ids, in this order; what comes from a contact is None without one."""
    found = {row.id: row for row in session.execute(_SOME, {"ids": ids})}
    return [found[id] for id in ids if id in found]


def read_one(session: Session, lead_id: int) -> Row[Any] | None:
    """The same of one lead, with its scorecard; None if the API doesn't show it."""
    return session.execute(_ONE, {"id": lead_id}).first()
