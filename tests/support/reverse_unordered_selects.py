"""SQLite that answers in an unusual order wherever a query asks for none."""

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool


def reverse_what_nobody_ordered() -> None:
    """From now on, have SQLite read rows backwards when a query leaves their order open.

    A small table happens to be read in the order of its writing, on both engines, until the day
    that PostgreSQL fills a gap. So whatever leans on that order shall fail at once and each time.
    """

    @event.listens_for(Pool, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA reverse_unordered_selects = ON")
