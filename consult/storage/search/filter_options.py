"""What lists of leads offer to choose from: who may hold one, and where leads came from."""

from sqlalchemy import func, select

from consult.storage.db.database import Session
from consult.storage.search.filter_conditions import is_overdue, using
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow


def colleagues(session: Session) -> list[tuple[int, str]]:
    """The id and name of everybody with an account in use, by name."""
    query = select(StaffUserRow.id, StaffUserRow.name).where(StaffUserRow.active)
    by_name = query.order_by(StaffUserRow.name, StaffUserRow.id)
    return [(row.id, row.name) for row in session.execute(by_name)]


def name_of(session: Session, user_id: int) -> str:
    """The name on an account, in use or not; empty if there is none."""
    return session.scalar(select(StaffUserRow.name).where(StaffUserRow.id == user_id)) or ""


def waiting(session: Session, user_id: int, most: int) -> tuple[int, int]:
    """How many leads are offered to somebody who has not answered yet, and how many are overdue.

    Of those, no more than `most` are counted.
    """
    offers = select(func.count()).where(LeadRow.offered_to_id == user_id).scalar_subquery()
    waits = using("ix_leads_waiting", select(LeadRow.submission_id))
    late = waits.where(is_overdue(session.now(), LeadRow)).limit(most).subquery()
    overdue = select(func.count()).select_from(late).scalar_subquery()
    found = session.execute(select(offers, overdue)).one()
    return found[0], found[1]


def sources(session: Session, most: int) -> list[str]:
    """The first so many sources in the alphabet; an empty one stands for none.

    It jumps along the index from one to the next: to look at every lead for them would take long.
    """
    found = select(func.min(LeadRow.source).label("source")).cte("found", recursive=True)
    following = (
        select(func.min(LeadRow.source)).where(LeadRow.source > found.c.source).scalar_subquery()
    )
    step = select(following).where(found.c.source.is_not(None))
    every = found.union_all(step)
    query = select(every.c.source).where(every.c.source.is_not(None)).limit(most)
    return list(session.scalars(query))
