"""Reassignment: default assignee for new leads; reassigns leads when an account is disabled.

While any account is in use, each lead is held by one that is.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, insert, literal, or_, select, update

from consult.storage.audit import audit_log
from consult.storage.db.base import Json
from consult.storage.db.database import Session
from consult.storage.leads.assignment import catcher, keep_roster
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow


def adopt(session: Session, *, new_leads_to: str = "", by: int | None = None) -> None:
    """Give all leads to the catcher that nobody holds who has an account in use.

    Offers to accounts that are not in use end. Call it after each change of who has one, in a
    transaction that has called ``keep_roster(…, to_change_it=True)`` before it.

    Args:
        session: a writing one, with the accounts as they are from now on.
        new_leads_to: see ``roster.catcher``.
        by: who changed the accounts, if it was a member of staff.
    """
    keep_roster(session, to_change_it=True)
    session.flush()
    to = catcher(session, new_leads_to)
    if to is None:
        return
    gone = select(StaffUserRow.id).where(~StaffUserRow.active)
    offers = LeadRow.offered_to_id.in_(gone)
    _note_all(session, offers, "withdrawn", by, {"because": "account_closed"})
    session.execute(
        update(LeadRow)
        .where(offers)
        .values(offered_to_id=None, offered_at=None, version=LeadRow.version + 1),
        execution_options={"synchronize_session": "fetch"},
    )
    orphans = or_(LeadRow.assignee_id.is_(None), LeadRow.assignee_id.in_(gone))
    # Whom it would go to by the offer has it already.
    _note_all(session, orphans & (LeadRow.offered_to_id == to), "withdrawn", by, {})
    _note_all(session, orphans, "given", by, {"to": to})
    given = session.scalars(
        update(LeadRow)
        .where(orphans)
        .values(assignee_id=to, version=LeadRow.version + 1)
        .returning(LeadRow.submission_id),
        execution_options={"synchronize_session": "fetch"},
    ).all()
    session.execute(
        update(LeadRow)
        .where(LeadRow.offered_to_id == LeadRow.assignee_id)
        .values(offered_to_id=None, offered_at=None),
        execution_options={"synchronize_session": "fetch"},
    )
    _record(session, given, to, by)


def _record(session: Session, given: Sequence[int], to: int, by: int | None) -> None:
    if given:
        audit_log.record(session, "leads.given", by=by, to=to, leads=len(given))


def _note_all(
    session: Session,
    leads: ColumnElement[bool],
    kind: str,
    by: int | None,
    data: dict[str, object],
) -> None:
    """Add the same line to the timelines of many leads, without a trip for each."""
    lines = select(
        LeadRow.submission_id,
        literal(session.now(), LeadEventRow.at.type),
        literal(by, LeadEventRow.by_id.type),
        literal(kind, LeadEventRow.kind.type),
        literal(data, Json),
        LeadRow.version + 1,
    ).where(leads)
    session.execute(
        insert(LeadEventRow).from_select(
            ["submission_id", "at", "by_id", "kind", "data", "version"], lines
        )
    )
