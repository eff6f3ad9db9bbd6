"""The SQL statements that an app sends."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from tests.support.apps import services_of


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that an app's database is sent while the block runs.

    BEGIN is not included, nor the query for setting overrides, which runs every few seconds.
    """
    sent: list[str] = []
    engine = services_of(app).database.engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN" and "FROM setting_overrides" not in statement:
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
