"""News about leads: noted in the transaction that makes it true, told by the worker.

What a person wants to be told is chosen for each kind; see ``consult.workflow.notification_types``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, and_, delete, exists, literal, select
from sqlalchemy.orm import aliased

from consult.storage.db.database import Session, insert_into
from consult.storage.jobs import TELL, enqueue
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow, is_overdue
from consult.storage.tables.notification_tables import NoticeChoiceRow, NoticeRow
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.notification_types import KINDS, NEWS, Kind, Reach

# What has been overdue for longer was told then, or is from before there was a clock.
_OVERDUE_LOOKED_AT = timedelta(days=7)
_OVERDUE_AT_ONCE = 500
# What one form said is noted in one transaction.
_AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a lead; ``for_id`` is whom alone it is for."""

    id: int
    lead_id: int
    kind: Kind
    at: datetime
    for_id: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a lead stands, as far as it is told."""

    stage: str
    due_at: datetime | None
    first_contact_at: datetime | None
    source: str
    offered_to_id: int | None


def note(
    session: Session,
    lead_id: int,
    kind: Kind,
    *,
    for_id: int | None = None,
    occasion: str = "",
) -> bool:
    """Note that something happened, and ask for it to be told; nobody is told of demo leads.

    Args:
        session: a writing one; the lead's desk is there.
        lead_id: the lead's.
        kind: what happened. Each kind is told once for a lead.
        for_id: the id of the person it is for, where that is one alone.
        occasion: what sets it apart from the time before, where it may happen again.

    Returns:
        Whether it is new.
    """
    if session.scalar(select(LeadRow.demo).where(LeadRow.submission_id == lead_id)) is not False:
        return False
    key = f"{kind}:{lead_id}" + (f":{occasion}" if occasion else "")
    added = session.scalar(
        insert_into(session, NoticeRow)
        .values(submission_id=lead_id, kind=kind, key=key, at=session.now(), for_id=for_id)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(NoticeRow.id)
    )
    if added is None:
        return False
    enqueue(
        session,
        TELL,
        {"notice_id": added},
        dedupe_key=f"{TELL}:{added}",
        submission_id=lead_id,
    )
    return True


def note_overdue(session: Session) -> int:
    """Note each lead whose time to answer is over and whom nobody got in touch with.

    Returns:
        How many were new.
    """
    told = exists().where(
        NoticeRow.submission_id == LeadRow.submission_id, NoticeRow.kind == "overdue"
    )
    found = session.scalars(
        select(LeadRow.submission_id)
        .where(is_overdue(LeadRow, session.now()), LeadRow.demo.is_(False))
        .where(LeadRow.due_at > session.now() - _OVERDUE_LOOKED_AT, ~told)
        .order_by(LeadRow.due_at, LeadRow.submission_id)
        .limit(_OVERDUE_AT_ONCE)
    ).all()
    return sum(note(session, lead_id, "overdue") for lead_id in found)


def has_contact() -> ColumnElement[bool]:
    """Whether a lead's owner has said who they are."""
    contact = aliased(ContactRow)
    return exists().where(contact.submission_id == LeadRow.submission_id)


def get(session: Session, notice_id: int) -> Notice | None:
    """The notice with this id, or None: it went with its lead."""
    row = session.get(NoticeRow, notice_id)
    return _notice(row) if row else None


def standing(session: Session, lead_id: int) -> Standing | None:
    """How a lead stands, or None for one that is not there."""
    row = session.get(LeadRow, lead_id)
    return _standing(row) if row else None


def of_lead(session: Session, lead_id: int) -> Sequence[Notice]:
    """What happened to a lead, the first first."""
    rows = session.scalars(
        select(NoticeRow).where(NoticeRow.submission_id == lead_id).order_by(NoticeRow.id)
    )
    return [_notice(row) for row in rows]


def to_tell(session: Session, notice: Notice) -> Sequence[int]:
    """The ids of the people who want to be told of a notice, and may be."""
    lead = session.get_one(LeadRow, notice.lead_id)
    # Whoever caught a lead that nobody has taken yet may be away.
    by_admins = notice.kind == "overdue" and lead.stage == "new"
    wanted: dict[Kind, set[int]] = {}
    kinds: tuple[Kind, ...] = (notice.kind,)
    if notice.kind == "contact_given" and _consult_wanted_too(session, notice):
        # Somebody who left a contact to ask for a consult is one piece of news, not two.
        kinds = ("contact_given", "consult_wanted")
    for kind in kinds:
        wanted[kind] = set(
            _who_wants(session, kind, notice.for_id, lead.assignee_id, by_admins=by_admins)
        )
    return sorted(wanted[notice.kind] - set().union(*(wanted[kind] for kind in kinds[1:])))


def _consult_wanted_too(session: Session, notice: Notice) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(
                    NoticeRow.submission_id == notice.lead_id,
                    NoticeRow.kind == "consult_wanted",
                    NoticeRow.at.between(notice.at, notice.at + _AT_ONCE),
                )
            )
        )
    )


def _who_wants(
    session: Session,
    kind: Kind,
    for_id: int | None,
    assignee_id: int | None,
    *,
    by_admins: bool = False,
) -> Sequence[int]:
    """Who wants a kind of news; `by_admins`, as if each of them held the lead too."""
    found = session.execute(
        select(StaffUserRow.id, StaffUserRow.role, NoticeChoiceRow.reach)
        .outerjoin(
            NoticeChoiceRow,
            and_(NoticeChoiceRow.user_id == StaffUserRow.id, NoticeChoiceRow.kind == kind),
        )
        .where(StaffUserRow.active)
        .where(StaffUserRow.id == for_id if for_id is not None else literal(True))
    )
    return [
        id
        for id, role, chosen in found
        if (reach := chosen or NEWS[kind].default) == "every"
        or (
            reach == "mine"
            and (for_id is not None or assignee_id in (None, id) or (by_admins and role == "admin"))
        )
    ]


def subscribers(session: Session, kind: Kind) -> Sequence[int]:
    """The ids of all who want a kind of news that is about no lead in particular."""
    return _who_wants(session, kind, None, None)


def choices(session: Session, user_id: int) -> Mapping[Kind, Reach]:
    """What a person wants to be told, of every kind."""
    rows = session.execute(
        select(NoticeChoiceRow.kind, NoticeChoiceRow.reach).where(
            NoticeChoiceRow.user_id == user_id
        )
    )
    chosen = {cast(Kind, kind): cast(Reach, reach) for kind, reach in rows}
    return {kind: chosen.get(kind, NEWS[kind].default) for kind in KINDS}


def choose(session: Session, user_id: int, wanted: Mapping[Kind, Reach]) -> None:
    """Keep what a person wants to be told; kinds that are not named stay as they are."""
    session.execute(
        delete(NoticeChoiceRow).where(
            NoticeChoiceRow.user_id == user_id, NoticeChoiceRow.kind.in_(wanted)
        )
    )
    session.add_all(
        NoticeChoiceRow(user_id=user_id, kind=kind, reach=reach) for kind, reach in wanted.items()
    )
    session.flush()


def _standing(row: LeadRow) -> Standing:
    return Standing(row.stage, row.due_at, row.first_contact_at, row.source, row.offered_to_id)


def _notice(row: NoticeRow) -> Notice:
    return Notice(row.id, row.submission_id, cast(Kind, row.kind), row.at, row.for_id)
