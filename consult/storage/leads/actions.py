"""What staff do with a lead: claim it, talk to its owner, move it on, hand it over.

Each verb changes the lead, adds an event to its timeline and an entry to the audit log, all in the
caller's transaction, and returns the lead as it then is. Each takes the `version` that its caller
saw. To change many leads in one transaction, `lock_leads` them first, and pass no version.

They all raise UnknownLeadError for a lead that was deleted, ConflictError when it was changed
since that version, and NotAllowedError, with one line for staff, for what its state rules out.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import select

from consult.storage import page_events
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.leads.assignment import is_active, lock_assignments
from consult.storage.leads.leads import record_event, reply_clock
from consult.storage.notifications import notifications
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import NotificationType
from consult.workflow.office_hours import Office
from consult.workflow.stages import CLOSED, CLOSING_REASONS, DECLINE_REASONS, MOVES, NAMES, Stage

Channel = Literal["phone", "mail", "message", "meeting"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


class UnknownLeadError(LookupError):
    """There is no such lead, or it was deleted."""


class NotAllowedError(ValueError):
    """The lead's state rules this out; the text is for staff."""


class ConflictError(Exception):
    """The lead was changed after the given version; its timeline says how."""


def lock_leads(session: Session, lead_ids: Collection[int]) -> list[LeadRow]:
    """Lock leads until the transaction ends, in order of their ids; deleted ones are left out.

    Without that order, two transactions over the same leads would deadlock.
    """
    lock_assignments(session)
    leads = select(LeadRow).where(LeadRow.submission_id.in_(lead_ids))
    locked = leads.order_by(LeadRow.submission_id).with_for_update()
    return list(session.scalars(locked.execution_options(populate_existing=True)))


def lock_lead(session: Session, lead_id: int, *, by: int, version: int | None) -> LeadRow:
    """Lock a lead until the transaction ends, for `by`, whose account must be active.

    Verbs in other modules begin with it, and end with ``save_change``.
    """
    found = lock_leads(session, [lead_id])
    if not found:
        raise UnknownLeadError(lead_id)
    lead = found[0]
    if version is not None and lead.version != version:
        raise ConflictError(f"lead {lead_id} is at version {lead.version}")
    if not is_active(session, by):
        raise NotAllowedError("This account is no longer active.")
    return lead


def save_change(
    session: Session, lead: LeadRow, action: str, by: int, **facts: str | int | bool | None
) -> LeadRow:
    """End a verb: the lead has a new version, and the audit log an entry."""
    lead.version += 1
    session.flush()
    audit_log.record(session, action, by=by, lead_id=lead.submission_id, **facts)
    return lead


def record_change(session: Session, lead: LeadRow, kind: str, by: int, **data: object) -> None:
    """Add an event to the timeline about the change that ``save_change`` will end.

    Facts that are empty are left out.
    """
    known = {name: value for name, value in data.items() if value != ""}
    record_event(session, lead.submission_id, kind, by=by, version=lead.version + 1, **known)


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
        _cancel_handover(session, lead, by)
    _assign(session, lead, by)
    return save_change(session, lead, "lead.claimed", by)


def move(
    session: Session,
    lead_id: int,
    stage: Stage,
    *,
    by: int,
    version: int | None = None,
    reason: str = "",
    comment: str = "",
    consult_at: datetime | None = None,
) -> LeadRow:
    """Move a lead to a stage that may follow its own (``stages.MOVES``).

    ``taken`` makes `by` the assignee; ``reached`` stops the reply clock. `reason` is an id from
    ``CLOSING_REASONS``, for the stages that have some. ``consult_booked`` alone has, and needs, a
    `consult_at`.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    if stage not in MOVES[lead.stage]:
        raise NotAllowedError(f"{NAMES[lead.stage]} can’t become {NAMES[stage].lower()}.")
    if stage in CLOSING_REASONS and reason not in CLOSING_REASONS[stage]:
        raise NotAllowedError("Choose a reason.")
    _require_fitting_consult(lead, stage, consult_at, session.now())
    if stage == "taken":
        _assign(session, lead, by)
        return save_change(session, lead, "lead.claimed", by)
    if stage == "reached" and lead.first_contact_at is None:
        lead.first_contact_at = session.now()
    if stage in CLOSED:
        _cancel_handover(session, lead, by)
    if stage in CLOSED or stage == "consult_booked":
        lead.follow_up_on = None
    if stage != "consult_held":
        lead.consult_at = consult_at
    if stage not in CLOSING_REASONS:
        reason = ""
    _move(session, lead, stage, by, reason=reason, comment=comment, consult_at=_iso(consult_at))
    return save_change(session, lead, "lead.moved", by, stage=stage)


def log_contact(
    session: Session,
    lead_id: int,
    *,
    by: int,
    channel: Channel,
    reached: bool,
    version: int | None = None,
    comment: str = "",
    today: date | None = None,
) -> LeadRow:
    """Record that `by` called or wrote, and whether the owner was reached.

    The first contact stops the reply clock, and a new lead is assigned to `by`. A follow-up that is
    due is done. `today` is the date at the agency.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    _require_open(lead)
    now = session.now()
    lead.first_contact_at = lead.first_contact_at or now
    follow_up_on = ""
    if lead.follow_up_on and lead.follow_up_on <= (today or now.date()):
        follow_up_on = lead.follow_up_on.isoformat()
        lead.follow_up_on = None
    if lead.stage == "new":
        _assign(session, lead, by)
    facts = {"channel": channel, "reached": reached, "comment": comment}
    record_change(session, lead, "contact", by, **facts, follow_up_on=follow_up_on)
    if reached and lead.stage == "taken":
        _move(session, lead, "reached", by)
    return save_change(session, lead, "lead.contacted", by, reached=reached)


def schedule_follow_up(
    session: Session,
    lead_id: int,
    on: date,
    *,
    by: int,
    version: int | None = None,
    office: Office | None = None,
) -> LeadRow:
    """Snooze a lead until a day ("not now"). Its stage stays.

    A reply clock that runs starts again on that day, by the hours of the `office`. Until then,
    nothing about the lead is due or overdue.
    """
    office = office or Office()
    lead = lock_lead(session, lead_id, by=by, version=version)
    _require_open(lead)
    today = office.today(session.now())
    if on < today:
        raise NotAllowedError("Choose a date in the future.")
    lead.follow_up_on = on
    if on > today and lead.due_at and lead.first_contact_at is None:
        for name, value in reply_clock(office, office.start_of(on)).items():
            setattr(lead, name, value)
    record_change(session, lead, "follow_up", by, on=on.isoformat())
    return save_change(session, lead, "lead.follow_up_scheduled", by)


def rebook(
    session: Session, lead_id: int, consult_at: datetime, *, by: int, version: int | None = None
) -> LeadRow:
    lead = lock_lead(session, lead_id, by=by, version=version)
    if lead.stage != "consult_booked":
        raise NotAllowedError("No consult is booked.")
    _require_fitting_consult(lead, lead.stage, consult_at, session.now())
    lead.consult_at = consult_at
    record_change(session, lead, "rebooked", by, consult_at=_iso(consult_at))
    return save_change(session, lead, "lead.rebooked", by)


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
    _require_open(lead)
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
    _notify(session, lead, "handed_over", to, by)
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
    _end_handover(lead)
    record_change(session, lead, "declined", by, reason=reason, comment=comment)
    _notify(session, lead, "handed_back", lead.assignee_id, by)
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
    _cancel_handover(session, lead, by)
    return save_change(session, lead, "lead.handover_cancelled", by)


def _require_fitting_consult(
    lead: LeadRow, stage: Stage, consult_at: datetime | None, now: datetime
) -> None:
    """Refuse the wrong year, too: a consult may be entered late, but follows the answers."""
    if (stage == "consult_booked") != (consult_at is not None):
        raise NotAllowedError("Enter a date and time.")
    if stage == "consult_held" and lead.consult_at and lead.consult_at > now:
        raise NotAllowedError("The consult hasn’t started yet. Reschedule it if it was earlier.")
    if consult_at is not None and consult_at < lead.submitted_at:
        raise NotAllowedError("That’s before they finished the check. Check the date.")


def _require_open(lead: LeadRow) -> None:
    if lead.is_closed:
        raise NotAllowedError("This lead is closed. Reopen it first.")


def _lock_offered(session: Session, lead_id: int, by: int, version: int | None) -> LeadRow:
    lead = lock_lead(session, lead_id, by=by, version=version)
    if lead.offered_to_id != by:
        raise NotAllowedError("This handover is no longer pending.")
    return lead


def _notify(
    session: Session, lead: LeadRow, kind: NotificationType, user_id: int | None, by: int
) -> None:
    lead_id, occasion = lead.submission_id, f"v{lead.version}"
    notifications.notify(
        session, lead_id, kind, recipient_id=user_id, actor_id=by, occasion=occasion
    )


def _move(session: Session, lead: LeadRow, stage: Stage, by: int, **data: object) -> None:
    record_change(session, lead, "moved", by, to=stage, **{"from": lead.stage}, **data)
    lead.stage, lead.stage_since = stage, session.now()
    page_events.record_stage(session, lead.submission_id, stage)


def _assign(session: Session, lead: LeadRow, by: int) -> None:
    """Assign a lead to `by`, which ends any handover; a new lead becomes ``taken``."""
    if lead.assignee_id != by:
        kind = "claimed"
        if lead.offered_to_id == by:
            kind = "accepted"
            _end_handover(lead)
        _cancel_handover(session, lead, by)
        record_change(session, lead, kind, by, **{"from": lead.assignee_id})
        lead.assignee_id = by
    if lead.stage == "new":
        _move(session, lead, "taken", by)


def _accept(session: Session, lead: LeadRow, by: int) -> LeadRow:
    _assign(session, lead, by)
    return save_change(session, lead, "lead.accepted", by)


def _cancel_handover(session: Session, lead: LeadRow, by: int) -> None:
    if lead.offered_to_id is not None:
        _end_handover(lead)
        record_change(session, lead, "cancelled", by)


def _end_handover(lead: LeadRow) -> None:
    lead.offered_to_id = lead.offered_at = None


def _iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
