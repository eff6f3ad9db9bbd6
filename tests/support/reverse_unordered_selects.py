"""SQLite returns rows in an unusual order wherever a query does not ask for one."""

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool


def reverse_unordered_selects() -> None:
    """Have SQLite read rows backwards when a query leaves their order open.

    A small table is usually read in the order of insertion, on both engines, until PostgreSQL
    fills a gap. So code that relies on that order fails at once and every time.
    """

    @event.listens_for(Pool, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA reverse_unordered_selects = ON")
