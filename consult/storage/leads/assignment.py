"""Assignment: who gets new leads, and who gets the leads of a disabled account.

As long as any account is active, each lead is assigned to an active one; or else to a demo
colleague, who is never active, and has demo leads only. Users who are away get no new leads, unless
everyone is.
"""

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from consult.storage.audit import audit_log
from consult.storage.db.base import Json, UtcDateTime
from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.workflow.office_hours import Office

DEMO_DOMAIN = "@demo.example"

# Any two numbers, as long as nothing else uses them.
_LOCK, _TURNS = 0x52454C4159, 0x5455524E53

_IS_AWAY = func.coalesce(
    StaffUserRow.away_until > bindparam("now", type_=UtcDateTime()), literal(False)
)
_DEFAULT_ASSIGNEE = (
    select(StaffUserRow.id)
    .where(StaffUserRow.active)
    .order_by(
        _IS_AWAY,
        case(
            (StaffUserRow.email == bindparam("new_leads_to"), 0),
            (StaffUserRow.role == "admin", 1),
            else_=2,
        ),
        StaffUserRow.created_at,
        StaffUserRow.id,
    )
    .limit(1)
)


def lock_assignments(session: Session, *, exclusive: bool = False) -> None:
    """Keep accounts from being enabled or disabled while this transaction assigns leads.

    The transaction that enables or disables accounts asks for it `exclusive`, and waits for all
    others. Call it before any lead is locked. On SQLite there is only one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        shared = "" if exclusive else "_shared"
        session.execute(text(f"SELECT pg_advisory_xact_lock{shared}({_LOCK})"))


def default_assignee(session: Session, new_leads_to: str = "") -> int | None:
    """The id of the user who gets leads by default; None while there is no active account.

    It is the active account with the address `new_leads_to`, or else the oldest active admin
    account, or else the oldest active account; of those who are away only if everyone is.
    """
    given = {"new_leads_to": new_leads_to, "now": session.now()}
    return session.scalar(_DEFAULT_ASSIGNEE, given)


def next_assignee(session: Session, office: Office, source: str) -> int | None:
    """The id of the user who gets a new lead that came from a source, as the `office` has it.

    That is the person who gets the source, or else whose turn it is, or the default one.
    Call ``lock_assignments`` before. Transactions that give out turns wait for one another.
    """
    found = None
    if address := office.sources.get(source.casefold()):
        found = session.scalar(
            select(StaffUserRow.id).where(
                StaffUserRow.email == address, StaffUserRow.active, ~_IS_AWAY
            ),
            {"now": session.now()},
        )
    if found is None and office.new_leads_by != "person":
        found = _take_turn(session)
    return default_assignee(session, office.new_leads_to) if found is None else found


def _take_turn(session: Session) -> int | None:
    """The id of the user whose last turn is the longest ago; None if no one is there."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_TURNS})"))
    user = session.scalar(
        select(StaffUserRow)
        .where(StaffUserRow.active, StaffUserRow.takes_turns, ~_IS_AWAY)
        .order_by(StaffUserRow.last_turn, StaffUserRow.created_at, StaffUserRow.id)
        .limit(1)
        .execution_options(populate_existing=True),
        {"now": session.now()},
    )
    if user is None:
        return None
    user.last_turn = 1 + (session.scalar(select(func.max(StaffUserRow.last_turn))) or 0)
    session.flush()
    return user.id


def is_active(session: Session, user_id: int) -> bool:
    query = select(StaffUserRow.id).where(StaffUserRow.id == user_id, StaffUserRow.active)
    return session.scalar(query) is not None


def may_have_leads(session: Session, user_ids: Collection[int]) -> bool:
    """Whether all these users are active, or demo colleagues."""
    may = StaffUserRow.active | StaffUserRow.email.endswith(DEMO_DOMAIN)
    query = select(func.count()).where(StaffUserRow.id.in_(user_ids), may)
    return session.scalar(query) == len(set(user_ids))


def reassign_leads(session: Session, *, new_leads_to: str = "", by: int | None = None) -> None:
    """Assign all leads without an active assignee to the default one.

    Handovers offered to disabled accounts are canceled. Call it after accounts were enabled or
    disabled, in a transaction that has called ``lock_assignments(…, exclusive=True)`` before that.
    `by` is the id of the user who changed the accounts, if it was one.
    """
    session.flush()
    to = default_assignee(session, new_leads_to)
    if to is None:
        return
    disabled = select(StaffUserRow.id).where(~StaffUserRow.active)
    offered = LeadRow.offered_to_id.in_(disabled)
    left = disabled.where(~StaffUserRow.email.endswith(DEMO_DOMAIN))
    orphans = or_(LeadRow.assignee_id.is_(None), LeadRow.assignee_id.in_(left))
    if session.scalar(select(LeadRow.submission_id).where(offered | orphans).limit(1)) is None:
        return
    _record_for_each(session, offered, "cancelled", by, {"because": "account_closed"})
    session.execute(
        update(LeadRow)
        .where(offered)
        .values(offered_to_id=None, offered_at=None, version=LeadRow.version + 1),
        execution_options={"synchronize_session": "fetch"},
    )
    # A lead that was offered to its new assignee needs no answer to that.
    _record_for_each(session, orphans & (LeadRow.offered_to_id == to), "cancelled", by, {})
    _record_for_each(session, orphans, "assigned", by, {"to": to})
    assigned = session.scalars(
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
    if assigned:
        audit_log.record(session, "leads.assigned", by=by, to=to, leads=len(assigned))


def _record_for_each(
    session: Session, leads: ColumnElement[bool], kind: str, by: int | None, data: dict[str, object]
) -> None:
    """Add the same event to the timelines of many leads, in one statement."""
    events = select(
        LeadRow.submission_id,
        literal(session.now(), LeadEventRow.at.type),
        literal(by, LeadEventRow.by_id.type),
        literal(kind, LeadEventRow.kind.type),
        literal(data, Json),
        LeadRow.version + 1,
    ).where(leads)
    session.execute(
        insert(LeadEventRow).from_select(
            ["submission_id", "at", "by_id", "kind", "data", "version"], events
        )
    )
