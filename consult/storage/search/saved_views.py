"""Saved views of the list of leads: filters and an order under a name, for oneself or everyone.

A name is typed, and so it's not in the audit log.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs

from sqlalchemy import bindparam, or_, select

from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.search.lead_filter import LeadFilter
from consult.storage.tables.account_tables import SavedViewRow, StaffUserRow

MAX_VIEWS = 20
"""Nobody can add another view who sees this many: their own, and those for everyone."""


class ViewRefusedError(Exception):
    """A view can't be saved as wanted; the message says why."""


class NameTakenError(ViewRefusedError):
    """One of the views that this user sees has the same name."""

    def __init__(self, view: SavedViewRow) -> None:
        super().__init__(f"There’s already a view named “{view.name}.”")
        self.view = view


def visible(session: Session, user_id: int) -> Sequence[SavedViewRow]:
    """The views that a user sees, by name: their own, and everyone's."""
    found = session.scalars(_VISIBLE, {"user_id": user_id})
    return sorted(found, key=lambda view: (view.name.casefold(), view.id))


_VISIBLE = select(SavedViewRow).where(
    or_(SavedViewRow.owner_id == bindparam("user_id"), SavedViewRow.shared.is_(True))
)


def may_change(view: SavedViewRow, user: StaffUserRow) -> bool:
    """Whether a user may rename and delete a view: its maker, and an admin if it's everyone's."""
    return view.owner_id == user.id or (view.shared and user.is_admin)


def filter_of(view: SavedViewRow) -> LeadFilter:
    """What a view selects; filters and values that no longer exist are left out."""
    return LeadFilter.from_query(parse_qs(view.query))


def add(session: Session, name: str, query: str, *, shared: bool, by: int) -> None:
    """Save a view. The same form sent again adds no second one. Raises ViewRefusedError."""
    views = visible(session, by)
    for view in views:
        if (view.owner_id, view.name, view.query, view.shared) == (by, name, query, shared):
            return
    _refuse_taken(views, name)
    if len(views) >= MAX_VIEWS:
        raise ViewRefusedError(f"You have {len(views)} views. Delete one you don’t need first.")
    view = SavedViewRow(owner_id=by, name=name, query=query, shared=shared)
    session.add(view)
    session.flush()
    selects = filter_of(view).recorded
    audit_log.record(session, "view.added", by=by, view=view.id, shared=shared, filters=selects)


def change(
    session: Session, view: SavedViewRow, name: str, *, shared: bool, query: str = "", by: int
) -> None:
    """Rename a view, share it or stop, and with `query` replace its filters.

    Raises NameTakenError.
    """
    _refuse_taken([other for other in visible(session, by) if other.id != view.id], name)
    view.name, view.shared, view.query = name, shared, query or view.query
    selects = filter_of(view).recorded
    audit_log.record(session, "view.changed", by=by, view=view.id, shared=shared, filters=selects)


def delete(session: Session, view: SavedViewRow, *, by: int) -> None:
    session.delete(view)
    audit_log.record(session, "view.deleted", by=by, view=view.id, shared=view.shared)


def _refuse_taken(views: Sequence[SavedViewRow], name: str) -> None:
    for view in views:
        if view.name.casefold() == name.casefold():
            raise NameTakenError(view)
