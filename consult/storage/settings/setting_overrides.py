"""What was chosen in the staff area, by name. What the names mean is settled above."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from consult.storage.db.database import Session
from consult.storage.db.upsert import insert_into
from consult.storage.tables.audit_tables import ChoiceRow

Version = tuple[tuple[str, datetime], ...]


def version(session: Session) -> Version:
    """Something that differs whenever a choice was made, changed or taken back."""
    query = select(ChoiceRow.name, ChoiceRow.changed_at).order_by(ChoiceRow.name)
    return tuple((name, changed_at) for name, changed_at in session.execute(query))


def all_choices(session: Session) -> Mapping[str, Any]:
    """The value of each choice, as it was stored."""
    return {row.name: row.value for row in session.scalars(select(ChoiceRow))}


def choose(session: Session, name: str, value: object, by: int | None) -> None:
    """Store a choice, in place of an earlier one of this name."""
    chosen = {"value": value, "changed_at": session.now(), "changed_by_id": by}
    session.execute(
        insert_into(session, ChoiceRow)
        .values(name=name, **chosen)
        .on_conflict_do_update(index_elements=["name"], set_=chosen)
    )


def take_back(session: Session, name: str) -> None:
    """Forget a choice; there need not be one."""
    session.execute(delete(ChoiceRow).where(ChoiceRow.name == name))
