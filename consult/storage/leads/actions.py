"""What staff do with a lead: take it, talk to its owner, move it on, hand it over.

Each verb changes the lead, adds a line to its timeline and an entry to the audit log, all in the
caller's transaction. Each takes the `version` that its caller saw, and refuses with ConflictError
when somebody changed the lead since. To do something with many leads in one transaction, `hold`
them all first, and pass no version.

They all raise UnknownLeadError for a lead that is not there, and NotAllowedError, with one line for
staff, for what cannot be done as the lead stands.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast, get_args

from sqlalchemy import select

from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.insights import milestones
from consult.storage.leads.assignment import is_active, keep_roster
from consult.storage.leads.timeline import Event, note_event, timeline
from consult.storage.notifications import notifications
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import Kind
from consult.workflow.reasons import CLOSING, RETURNING
from consult.workflow.stages import CLOSED, MOVES, NAMES, Stage

By = Literal["phone", "mail", "message", "meeting"]
WAYS: tuple[By, ...] = get_args(By)


class UnknownLeadError(LookupError):
    """There is no such lead, or it was deleted."""


class NotAllowedError(ValueError):
    """This cannot be done with the lead as it stands; the text is for staff."""


class ConflictError(Exception):
    """Somebody changed the lead since its caller looked at it.

    Attributes:
        desk: how it stands now.
        changes: what happened since, oldest first.
    """

    def __init__(self, desk: "Desk", changes: Sequence[Event]) -> None:
        super().__init__(f"lead {desk.lead_id} is at version {desk.version}")
        self.desk = desk
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Desk:
    """How a lead stands at the agency; see ``LeadRow`` for what each field means."""

    lead_id: int
    version: int
    stage: Stage
    stage_since: datetime
    assignee_id: int | None
    offered_to_id: int | None
    offered_at: datetime | None
    first_contact_at: datetime | None
    due_at: datetime | None
    consult_at: datetime | None
    follow_up_on: date | None

    @property
    def is_closed(self) -> bool:
        """Whether there was a clear answer."""
        return self.stage in CLOSED

    def is_overdue(self, now: datetime) -> bool:
        """Whether an open lead was promised its first answer earlier, and nobody has given one."""
        waits = self.first_contact_at is None and not self.is_closed
        return waits and self.due_at is not None and self.due_at < now


def desk_of(session: Session, lead_id: int) -> Desk | None:
    """How a lead stands, or None for one that is not there."""
    row = session.get(LeadRow, lead_id)
    return as_desk(row) if row else None


def hold(session: Session, lead_ids: Collection[int]) -> list[Desk]:
    """Keep leads for this transaction, in order of their ids, without those that are not there.

    Two who work on the same leads in one transaction each would otherwise wait for one another.
    """
    keep_roster(session)
    rows = session.scalars(
        select(LeadRow)
        .where(LeadRow.submission_id.in_(lead_ids))
        .order_by(LeadRow.submission_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [as_desk(row) for row in rows]


def take(session: Session, lead_id: int, *, by: int, version: int | None = None) -> Desk:
    """Make `by` the assignee, whoever it was before. Claiming one's own lead does nothing.

    An open offer ends: accepted if it was made to `by`, withdrawn otherwise.
    """
    row = keep(session, lead_id, by=by, version=version)
    if row.assignee_id == by and row.stage != "new" and row.offered_to_id is None:
        return as_desk(row)
    if row.offered_to_id == by:
        return _accepted(session, row, by)
    if row.assignee_id == by:
        _withdraw(session, row, by)
    _taken(session, row, by)
    return changed(session, row, "lead.taken", by)


def move(
    session: Session,
    lead_id: int,
    stage: Stage,
    *,
    by: int,
    version: int | None = None,
    reason: str = "",
    words: str = "",
    consult_at: datetime | None = None,
) -> Desk:
    """Move a lead on to a stage that may follow its own (``stages.MOVES``).

    Args:
        session: a writing one.
        lead_id: the lead.
        stage: where to. ``taken`` makes `by` the assignee. ``reached`` ends the clock.
        by: the id of the member of staff.
        version: the one `by` saw.
        reason: an id from ``reasons.CLOSING``, for the stages that are in it.
        words: what to remember about it, if anything.
        consult_at: when the consult will be; for ``consult_booked`` only, which needs it.
    """
    row = keep(session, lead_id, by=by, version=version)
    if stage not in MOVES[_stage(row)]:
        raise NotAllowedError(f"{NAMES[_stage(row)]} cannot become {NAMES[stage].lower()}.")
    if stage in CLOSING and reason not in CLOSING[stage]:
        raise NotAllowedError("Choose a reason.")
    if (stage == "consult_booked") != (consult_at is not None):
        raise NotAllowedError("A consult that is booked has a date and a time.")
    _not_before_the_lead(row, consult_at)
    if stage == "taken":
        _taken(session, row, by)
        return changed(session, row, "lead.taken", by)
    if stage == "reached" and row.first_contact_at is None:
        row.first_contact_at = session.now()
    if stage in CLOSED or stage == "consult_booked":
        row.follow_up_on = None
    if stage != "consult_held":
        row.consult_at = consult_at
    if stage not in CLOSING:
        reason = ""
    more = {"reason": reason, "words": words, "consult_at": _text(consult_at)}
    _move(session, row, stage, by, **{key: value for key, value in more.items() if value})
    return changed(session, row, "lead.moved", by, stage=stage)


def _not_before_the_lead(row: LeadRow, consult_at: datetime | None) -> None:
    """Refuse the wrong year or month: a consult may be noted late, but follows the answers."""
    if consult_at is not None and consult_at < row.submitted_at:
        raise NotAllowedError("That is before they handed in their answers. Check the date.")


def log_contact(
    session: Session,
    lead_id: int,
    *,
    by: int,
    way: By,
    reached: bool,
    version: int | None = None,
    words: str = "",
    today: date | None = None,
) -> Desk:
    """Note that a person at the agency wrote or called, and whether the owner was reached.

    The first time ends the clock. A new lead is taken by it; whoever was reached is ``reached``. A
    day to ask again that has come is kept by it, and over. `today` is the day at the agency.
    """
    row = keep(session, lead_id, by=by, version=version)
    now = session.now()
    row.first_contact_at = row.first_contact_at or now
    facts: dict[str, str | bool] = {"way": way, "reached": reached}
    if words:
        facts["words"] = words
    if row.follow_up_on and row.follow_up_on <= (today or now.date()):
        facts["asked_again"] = row.follow_up_on.isoformat()
        row.follow_up_on = None
    if row.stage == "new":
        _taken(session, row, by)
    note_change(session, row, "contact", by, **facts)
    if reached and row.stage == "taken":
        _move(session, row, "reached", by)
    return changed(session, row, "lead.contacted", by, reached=reached)


def follow_up(
    session: Session,
    lead_id: int,
    on: date,
    *,
    by: int,
    version: int | None = None,
    today: date | None = None,
) -> Desk:
    """Note "not now": the day on which to ask again. The stage stays; `today` is the agency's."""
    row = keep(session, lead_id, by=by, version=version)
    if row.stage in CLOSED:
        raise NotAllowedError("This lead has its answer. Open it again first.")
    if on < (today or session.now().date()):
        raise NotAllowedError("Choose a day that is still to come.")
    row.follow_up_on = on
    note_change(session, row, "not_now", by, on=on.isoformat())
    return changed(session, row, "lead.not_now", by)


def book_again(
    session: Session, lead_id: int, consult_at: datetime, *, by: int, version: int | None = None
) -> Desk:
    """Give a consult that is booked another date and time."""
    row = keep(session, lead_id, by=by, version=version)
    if row.stage != "consult_booked":
        raise NotAllowedError("No consult is booked.")
    _not_before_the_lead(row, consult_at)
    row.consult_at = consult_at
    note_change(session, row, "rebooked", by, consult_at=_text(consult_at))
    return changed(session, row, "lead.rebooked", by)


def hand_over(
    session: Session, lead_id: int, to: int, *, by: int, version: int | None = None, words: str = ""
) -> Desk:
    """Offer a lead to a colleague. Its assignee keeps it until the other accepts."""
    row = keep(session, lead_id, by=by, version=version)
    if row.assignee_id != by:
        raise NotAllowedError("Only who holds a lead can hand it over. Take it first.")
    if row.offered_to_id is not None:
        raise NotAllowedError("It is offered to somebody already. Take the offer back first.")
    if to == by or not is_active(session, to):
        raise NotAllowedError("Choose a colleague who has an account in use.")
    row.offered_to_id, row.offered_at = to, session.now()
    note_change(session, row, "offered", by, to=to, **({"words": words} if words else {}))
    _tell(session, row, "handed_over", to)
    return changed(session, row, "lead.offered", by, to=to)


def accept(session: Session, lead_id: int, *, by: int, version: int | None = None) -> Desk:
    """Say yes to an offer: `by` is the assignee from now on."""
    row = keep(session, lead_id, by=by, version=version)
    _only_for_who_was_asked(row, by)
    return _accepted(session, row, by)


def return_(
    session: Session,
    lead_id: int,
    *,
    by: int,
    reason: str,
    version: int | None = None,
    words: str = "",
) -> Desk:
    """Decline an offer, with a reason from ``reasons.RETURNING``; the assignee stays the same."""
    row = keep(session, lead_id, by=by, version=version)
    _only_for_who_was_asked(row, by)
    if reason not in RETURNING:
        raise NotAllowedError("Choose a reason.")
    _end_offer(row)
    note_change(session, row, "returned", by, reason=reason, **({"words": words} if words else {}))
    _tell(session, row, "handed_back", row.assignee_id)
    return changed(session, row, "lead.returned", by, reason=reason)


def withdraw(session: Session, lead_id: int, *, by: int, version: int | None = None) -> Desk:
    """Take an offer back; for the assignee only."""
    row = keep(session, lead_id, by=by, version=version)
    if row.offered_to_id is None:
        raise NotAllowedError("There is no offer to take back.")
    if row.assignee_id != by:
        raise NotAllowedError("Only who made an offer can take it back.")
    _withdraw(session, row, by)
    return changed(session, row, "lead.withdrawn", by)


def keep(session: Session, lead_id: int, *, by: int, version: int | None) -> LeadRow:
    """The lead, kept for this transaction, as its caller saw it; `by` has an account in use.

    For verbs about a lead that are not in this module; they end with ``changed``.
    """
    keep_roster(session)
    row = session.scalar(
        select(LeadRow)
        .where(LeadRow.submission_id == lead_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise UnknownLeadError(lead_id)
    if version is not None and row.version != version:
        raise ConflictError(as_desk(row), timeline(session, lead_id, since=version))
    if not is_active(session, by):
        raise NotAllowedError("This account is not in use any more.")
    return row


def changed(
    session: Session, row: LeadRow, action: str, by: int, **facts: str | int | bool | None
) -> Desk:
    """Close a verb: the lead has a new version, and the audit log an entry."""
    row.version += 1
    session.flush()
    audit_log.record(session, action, by=by, lead_id=row.submission_id, **facts)
    return as_desk(row)


def note_change(session: Session, row: LeadRow, kind: str, by: int, **data: object) -> None:
    """Add a line to the timeline about the change that ``changed`` will close."""
    note_event(session, row.submission_id, kind, by=by, version=row.version + 1, **data)


def _tell(session: Session, row: LeadRow, kind: Kind, whom: int | None) -> None:
    notifications.note(session, row.submission_id, kind, for_id=whom, occasion=f"v{row.version}")


def _move(session: Session, row: LeadRow, stage: Stage, by: int, **data: object) -> None:
    note_change(session, row, "moved", by, to=stage, **{"from": row.stage}, **data)
    row.stage, row.stage_since = stage, session.now()
    milestones.note_stage(session, row.submission_id, stage)


def _taken(session: Session, row: LeadRow, by: int) -> None:
    """Make `by` the assignee of a lead. That answers an offer to `by`, and withdraws any other."""
    if row.assignee_id != by:
        accepts = row.offered_to_id == by
        if accepts:
            _end_offer(row)
        _withdraw(session, row, by)
        note_change(
            session, row, "accepted" if accepts else "taken", by, **{"from": row.assignee_id}
        )
        row.assignee_id = by
    if row.stage == "new":
        _move(session, row, "taken", by)


def _withdraw(session: Session, row: LeadRow, by: int) -> None:
    if row.offered_to_id is not None:
        _end_offer(row)
        note_change(session, row, "withdrawn", by)


def _accepted(session: Session, row: LeadRow, by: int) -> Desk:
    _taken(session, row, by)
    return changed(session, row, "lead.accepted", by)


def _end_offer(row: LeadRow) -> None:
    row.offered_to_id = row.offered_at = None


def _only_for_who_was_asked(row: LeadRow, by: int) -> None:
    if row.offered_to_id != by:
        raise NotAllowedError("This lead is not offered to you, or not any more.")


def _stage(row: LeadRow) -> Stage:
    return cast(Stage, row.stage)


def _text(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def as_desk(row: LeadRow) -> Desk:
    """How a lead stands, from its row."""
    return Desk(
        lead_id=row.submission_id,
        version=row.version,
        stage=_stage(row),
        stage_since=row.stage_since,
        assignee_id=row.assignee_id,
        offered_to_id=row.offered_to_id,
        offered_at=row.offered_at,
        first_contact_at=row.first_contact_at,
        due_at=row.due_at,
        consult_at=row.consult_at,
        follow_up_on=row.follow_up_on,
    )
