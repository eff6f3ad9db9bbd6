"""INSERT with what SQLite and PostgreSQL add to it: leaving alone a row that is there."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import FromClause
from sqlalchemy.dialects import postgresql, sqlite

from consult.storage.db.base import Base
from consult.storage.db.database import Session

INSERTS: Mapping[str, Callable[[Any], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The engine's own INSERT, which knows ON CONFLICT, by the name of its dialect."""


def insert_into(session: Session, table: type[Base] | FromClause) -> Any:
    """The engine's own INSERT; the two read the same."""
    return INSERTS[session.get_bind().dialect.name](table)
