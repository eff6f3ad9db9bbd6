"""Who has a lead: claim it, assign it, hand it over. For versions and errors, see ``actions``."""

from consult.storage.db.database import Session
from consult.storage.leads.assignment import is_active
from consult.storage.leads.changes import (
    NotAllowedError,
    lock_lead,
    notify,
    record_change,
    record_move,
    require_open,
    save_change,
)
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.stages import DECLINE_REASONS


def claim(session: Session, lead_id: int, *, by: int, version: int | None = None) -> LeadRow:
    """Make `by` the assignee, even if a colleague was. Claiming one's own lead changes nothing.

    An open handover ends: accepted if it was offered to `by`, canceled otherwise.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    if lead.offered_to_id == by:
        return _accept(session, lead, by)
    if lead.assignee_id == by and lead.stage != "new" and lead.offered_to_id is None:
        return lead
    if lead.assignee_id == by:
        end_handover(session, lead, by)
    assign_to(session, lead, by)
    return save_change(session, lead, "lead.claimed", by)


def assign(
    session: Session,
    lead_id: int,
    to: int,
    *,
    by: int,
    version: int | None = None,
    comment: str = "",
) -> LeadRow:
    """Make `to` the assignee without asking them; `by` must be an admin. The stage stays.

    An open handover is canceled.
    """
    if to == by:
        return claim(session, lead_id, by=by, version=version)
    lead = lock_lead(session, lead_id, by=by, version=version)
    if not is_active(session, to):
        raise NotAllowedError("Choose a colleague with an active account.")
    if lead.assignee_id == to and lead.offered_to_id is None:
        return lead
    end_handover(session, lead, by)
    if lead.assignee_id != to:
        lead.assignee_id = to
        record_change(session, lead, "assigned", by, to=to, comment=comment)
        notify(session, lead, "assigned", to, by)
    return save_change(session, lead, "lead.assigned", by, to=to)


def hand_over(
    session: Session,
    lead_id: int,
    to: int,
    *,
    by: int,
    version: int | None = None,
    comment: str = "",
) -> LeadRow:
    """Offer a lead to a colleague. It stays assigned to `by` until they accept."""
    lead = lock_lead(session, lead_id, by=by, version=version)
    require_open(lead)
    if lead.assignee_id != by:
        raise NotAllowedError(
            "Only the person it’s assigned to can hand it over. Assign it to yourself first."
        )
    if lead.offered_to_id is not None:
        raise NotAllowedError("A handover is already pending. Cancel it first.")
    if to == by or not is_active(session, to):
        raise NotAllowedError("Choose a colleague with an active account.")
    lead.offered_to_id, lead.offered_at = to, session.now()
    record_change(session, lead, "offered", by, to=to, comment=comment)
    notify(session, lead, "handed_over", to, by)
    return save_change(session, lead, "lead.offered", by, to=to)


def accept(session: Session, lead_id: int, *, by: int, version: int | None = None) -> LeadRow:
    return _accept(session, _lock_offered(session, lead_id, by, version), by)


def decline(
    session: Session,
    lead_id: int,
    *,
    by: int,
    reason: str,
    version: int | None = None,
    comment: str = "",
) -> LeadRow:
    """Decline a handover, with a reason from ``DECLINE_REASONS``; the assignee stays the same."""
    lead = _lock_offered(session, lead_id, by, version)
    if reason not in DECLINE_REASONS:
        raise NotAllowedError("Choose a reason.")
    _clear_offer(lead)
    record_change(session, lead, "declined", by, reason=reason, comment=comment)
    notify(session, lead, "handed_back", lead.assignee_id, by)
    return save_change(session, lead, "lead.declined", by, reason=reason)


def cancel_handover(
    session: Session, lead_id: int, *, by: int, version: int | None = None
) -> LeadRow:
    """Cancel a handover that wasn't answered; for the assignee only."""
    lead = lock_lead(session, lead_id, by=by, version=version)
    if lead.offered_to_id is None:
        raise NotAllowedError("There’s no handover to cancel.")
    if lead.assignee_id != by:
        raise NotAllowedError("Only the person it’s assigned to can cancel the handover.")
    end_handover(session, lead, by)
    return save_change(session, lead, "lead.handover_cancelled", by)


def _lock_offered(session: Session, lead_id: int, by: int, version: int | None) -> LeadRow:
    lead = lock_lead(session, lead_id, by=by, version=version)
    if lead.offered_to_id != by:
        raise NotAllowedError("This handover is no longer pending.")
    return lead


def assign_to(session: Session, lead: LeadRow, by: int) -> None:
    """Assign a lead to `by`, which ends any handover; a new lead becomes ``taken``."""
    if lead.assignee_id != by:
        kind = "claimed"
        if lead.offered_to_id == by:
            kind = "accepted"
            _clear_offer(lead)
        end_handover(session, lead, by)
        record_change(session, lead, kind, by, **{"from": lead.assignee_id})
        lead.assignee_id = by
    if lead.stage == "new":
        record_move(session, lead, "taken", by)


def _accept(session: Session, lead: LeadRow, by: int) -> LeadRow:
    assign_to(session, lead, by)
    return save_change(session, lead, "lead.accepted", by)


def end_handover(session: Session, lead: LeadRow, by: int) -> None:
    if lead.offered_to_id is not None:
        _clear_offer(lead)
        record_change(session, lead, "cancelled", by)


def _clear_offer(lead: LeadRow) -> None:
    lead.offered_to_id = lead.offered_at = None
