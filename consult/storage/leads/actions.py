"""What staff do with a lead: talk to its owner, and move it on; ``handovers`` says who has it.

Each verb changes the lead, adds an event to its timeline and an entry to the audit log, all in the
caller's transaction, and returns the lead as it then is. Each takes the `version` that its caller
saw. To change many leads in one transaction, ``changes.lock_leads`` first, and pass no version.

They all raise `changes.UnknownLeadError` for a lead that was deleted, ConflictError when it was
changed since that version, and NotAllowedError, with one line for staff, for what its state rules
out. The last change can be undone for a moment (``changes.undo``).
"""

from datetime import date, datetime
from typing import Literal, get_args

from consult.storage import page_events
from consult.storage.db.database import Session
from consult.storage.leads.changes import (
    NotAllowedError,
    lock_lead,
    mark_booking,
    record_change,
    record_move,
    require_open,
    save_change,
    sync_booking,
)
from consult.storage.leads.handovers import assign_to, end_handover
from consult.storage.leads.leads import start_clock
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.office_hours import NINE_TO_FIVE, Office
from consult.workflow.stages import (
    CLOSED,
    CLOSING_REASONS,
    MOVES,
    NAMES,
    NO_SHOW,
    OUTCOMES,
    Stage,
)

Channel = Literal["phone", "mail", "message", "meeting"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


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
    amount: int | None = None,
    currency: str = "",
    office: Office = NINE_TO_FIVE,
) -> LeadRow:
    """Move a lead to a stage that may follow its own (``stages.MOVES``), or to an outcome.

    ``taken`` makes `by` the assignee; ``reached`` stops the reply clock. `reason` is an id from
    ``CLOSING_REASONS``, for the stages that have some. ``consult_booked`` alone has, and needs, a
    `consult_at`. ``won`` may have an `amount`, in hundredths of its `currency`. The reason
    ``stages.NO_SHOW`` brings a lead back to ``reached`` whose owner did not come to the consult, to
    be followed up today, as the `office` has it.
    """
    is_no = stage in ("lost", "not_a_fit")
    lead = lock_lead(session, lead_id, by=by, version=version, spam_too=is_no)
    if stage not in MOVES[lead.stage] and (lead.is_closed or stage not in OUTCOMES):
        raise NotAllowedError(f"{NAMES[lead.stage]} can’t become {NAMES[stage].lower()}.")
    if stage in CLOSING_REASONS and reason not in CLOSING_REASONS[stage]:
        raise NotAllowedError("Choose a reason.")
    _require_fitting_consult(lead, stage, consult_at, session.now())
    if stage == "taken":
        assign_to(session, lead, by)
        return save_change(session, lead, "lead.claimed", by)
    if is_no or "consult_booked" in (lead.stage, stage):
        sync_booking(session, lead_id)
    _move_up_to(session, lead, stage, by)
    if stage in CLOSED:
        end_handover(session, lead, by)
    if stage in CLOSED or stage == "consult_booked":
        lead.follow_up_on = None
    is_no_show = (stage, reason) == ("reached", NO_SHOW)
    because = _mark_no_show(session, lead, office) if is_no_show else ""
    if stage != "consult_held":
        lead.consult_at = consult_at
    _set_amount(lead, amount if stage == "won" else None, currency)
    won = {"amount": lead.won_amount, "currency": lead.won_currency}
    reason = reason if stage in CLOSING_REASONS else ""
    facts = {"reason": reason, "because": because, "comment": comment}
    record_move(session, lead, stage, by, **facts, consult_at=_iso(consult_at), **won)
    return save_change(session, lead, "lead.moved", by, stage=stage)


def correct_amount(
    session: Session,
    lead_id: int,
    amount: int | None,
    currency: str,
    *,
    by: int,
    version: int | None = None,
) -> LeadRow:
    """Say later what a lead that was won is worth, in hundredths; None removes the amount."""
    lead = lock_lead(session, lead_id, by=by, version=version)
    if lead.stage != "won":
        raise NotAllowedError("Only a lead that was won has an amount.")
    _set_amount(lead, amount, currency)
    page_events.record_stage(session, lead_id, "won")
    record_change(session, lead, "amount", by, amount=amount, currency=lead.won_currency)
    return save_change(session, lead, "lead.amount_changed", by)


def _set_amount(lead: LeadRow, amount: int | None, currency: str) -> None:
    lead.won_amount, lead.won_currency = amount, None if amount is None else currency


def log_contact(
    session: Session,
    lead_id: int,
    *,
    by: int,
    channel: Channel,
    reached: bool,
    version: int | None = None,
    comment: str = "",
    draft: str = "",
    office: Office = NINE_TO_FIVE,
    next_on: date | None = None,
) -> LeadRow:
    """Record that `by` called or wrote, and whether the owner was reached.

    The first contact stops the reply clock, and a new lead is assigned to `by`. A follow-up that is
    due today, as the `office` has it, is done; `next_on` schedules the next one. `draft` names the
    half-written email that was used, if one was; its text isn't stored.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    require_open(lead)
    today = office.today(session.now())
    _require_not_past(next_on, today)
    lead.first_contact_at = lead.first_contact_at or session.now()
    follow_up_on = ""
    if lead.follow_up_on and lead.follow_up_on <= today:
        follow_up_on = lead.follow_up_on.isoformat()
        lead.follow_up_on = None
    if lead.stage == "new":
        assign_to(session, lead, by)
    facts = {"channel": channel, "reached": reached, "comment": comment, "draft": draft}
    record_change(session, lead, "contact", by, **facts, follow_up_on=follow_up_on)
    if reached and lead.stage == "taken":
        record_move(session, lead, "reached", by)
    if next_on:
        lead.follow_up_on = next_on
        record_change(session, lead, "follow_up", by, on=next_on.isoformat())
    return save_change(session, lead, "lead.contacted", by, reached=reached)


def schedule_follow_up(
    session: Session,
    lead_id: int,
    on: date,
    *,
    by: int,
    version: int | None = None,
    office: Office = NINE_TO_FIVE,
) -> LeadRow:
    """Snooze a lead until a day ("not now"). Its stage stays.

    A reply clock that runs starts again on that day, by the hours of the `office`. Until then,
    nothing about the lead is due or overdue.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    require_open(lead)
    today = office.today(session.now())
    _require_not_past(on, today)
    lead.follow_up_on = on
    if on > today and lead.due_at and lead.first_contact_at is None:
        start_clock(lead, office, office.start_of(on))
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
    sync_booking(session, lead_id)
    record_change(session, lead, "rebooked", by, consult_at=_iso(consult_at))
    return save_change(session, lead, "lead.rebooked", by)


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


def _require_not_past(on: date | None, today: date) -> None:
    if on and on < today:
        raise NotAllowedError("Choose today or a later date.")


def _move_up_to(session: Session, lead: LeadRow, stage: Stage, by: int) -> None:
    """Record the steps before an outcome that are missing: a lead that was won was reached."""
    if stage in ("reached", "consult_held", "won") and lead.first_contact_at is None:
        lead.first_contact_at = session.now()
    if stage in ("won", "lost") and lead.stage == "new":
        assign_to(session, lead, by)
    if stage == "won" and lead.stage == "taken":
        record_move(session, lead, "reached", by)


def _mark_no_show(session: Session, lead: LeadRow, office: Office) -> str:
    """Have an owner followed up who didn't come; not before the consult's time."""
    if lead.stage != "consult_booked" or not lead.consult_at or lead.consult_at > session.now():
        return ""
    lead.follow_up_on = office.today(session.now())
    mark_booking(session, lead, NO_SHOW)
    return NO_SHOW


def _iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
