"""Fixtures of an application with its own database, and what all databases of a test run share."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

from consult.storage.db.base import Base
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient


class _Compiled(dict[tuple[Any, ...], Any]):
    """Compiled statements, by statement and type of dialect; SQLAlchemy uses the dialect itself.

    It caches them per engine. Nearly every test has an engine of its own, and compiling the same
    statements for each of them took a third of the time of many tests.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        dialect, *statement = key
        return super().get((type(dialect), *statement), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        dialect, *statement = key
        super().__setitem__((type(dialect), *statement), compiled)


_COMPILED = _Compiled()


for _mapper in Base.registry.mappers:
    # What a mapper inserts and updates has a cache of its own.
    vars(_mapper)["_compiled_cache"] = _COMPILED


@event.listens_for(Engine, "engine_connect")
def _share_statements(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)


@event.listens_for(Pool, "connect")
def _reverse_unordered_selects(connection: Any, _record: Any) -> None:
    """Have SQLite read rows backwards when a query leaves their order open.

    A small table is usually read in the order of insertion, on both engines, until PostgreSQL
    fills a gap. So code that relies on that order fails at once and every time.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects = ON")


@event.listens_for(Pool, "close")
def _wait_for_no_disk(connection: Any, _record: Any) -> None:
    """Have SQLite put a file in order without waiting until all of it is on the disk.

    It does so when the last connection to the file is closed, which took longer than many tests.
    """
    if isinstance(connection, sqlite3.Connection):
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An application with an empty database of its own."""
    made = make_app(tmp_path / "var")
    yield made
    services_of(made).database.close()


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A client of `app` that inspects every page it requests."""
    return PageClient(app)
