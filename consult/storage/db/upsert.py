"""INSERT with what SQLite and PostgreSQL add to it: leaving alone a row that is there."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import FromClause
from sqlalchemy.dialects import postgresql, sqlite

from consult.storage.db.base import Base
from consult.storage.db.database import Session


def insert_into(session: Session, table: type[Base] | FromClause) -> Any:
    """The engine's own INSERT, which knows ON CONFLICT; the two read the same."""
    insert: Callable[..., Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[
        session.get_bind().dialect.name
    ]
    return insert(table)
