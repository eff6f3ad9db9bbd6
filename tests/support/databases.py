"""Fixtures that give a test a database of its own, on each engine in turn."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import ColumnElement, delete, inspect, select

from consult.storage.db import migrate
from consult.storage.db.base import Base
from consult.storage.db.database import Database, Session
from consult.storage.tables import ALL_TABLES
from tests.support.postgres import PostgresServer, shared_server

_EMPTY_POSTGRES = "; ".join(
    [
        # Bypasses the trigger that makes the audit log append-only; for superusers only.
        "SET LOCAL session_replication_role = replica",
        *(str(delete(table)) for table in ALL_TABLES.tables.values()),
        # Ids start at 1 again, as in a new SQLite file.
        "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'",
    ]
)
"""In one statement: one per table takes longer than many tests."""


P = ParamSpec("P")
R = TypeVar("R")


def write(
    database: Database,
    function: Callable[Concatenate[Session, P], R],
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Call a function of the storage in a transaction of its own."""
    with database.writing() as session:
        return function(session, *args, **options)


def read(
    database: Database,
    function: Callable[Concatenate[Session, P], R],
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Call a function of the storage that only reads."""
    with database.reading() as session:
        return function(session, *args, **options)


T = TypeVar("T", bound=Base)


def rows(database: Database, table: type[T], *where: ColumnElement[bool]) -> list[T]:
    query = select(table).where(*where).order_by(*inspect(table).primary_key)
    with database.reading() as session:
        return list(session.scalars(query))


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another program writes, and does not end."""
    assert database.sqlite_file
    with closing(sqlite3.connect(database.sqlite_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def go_on(self, **duration: float) -> None:
        """Let time pass: ``clock.go_on(days=30, seconds=1)``."""
        self.time += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a test on one engine: what it claims does not depend on SQL, locks or transactions."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with all tables and no rows."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'consult.db')}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/consult.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def database(database_url: str, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with all tables and no rows, whose clock only the test moves."""
    if database_url.startswith("postgresql"):
        # Already connected: a new connection takes longer than many tests.
        shared: Database = request.getfixturevalue("_migrated_postgres")
        shared.clock = clock
        yield shared
        return
    with closing(Database(database_url, clock=clock, synchronous="NORMAL")) as opened:
        yield opened


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied: faster than running the migrations."""
    path = tmp_path_factory.mktemp("template") / "consult.db"
    with closing(Database(f"sqlite:///{path}", synchronous="NORMAL")) as database:
        migrate.upgrade(database)
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The PostgreSQL server that all tests of the run share."""
    folder = tmp_path_factory.getbasetemp()
    # With pytest-xdist each process has a folder inside that of the run.
    run_folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with shared_server(run_folder) as server:
        yield server


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: PostgresServer) -> Iterator[Database]:
    with closing(Database(postgres.create_database())) as database:
        migrate.upgrade(database)
        yield database


@pytest.fixture
def postgres_url(_migrated_postgres: Database) -> str:
    """A PostgreSQL database with all tables, emptied before the test."""
    with _migrated_postgres.writing() as session:
        session.connection().exec_driver_sql(_EMPTY_POSTGRES)
    return _migrated_postgres.engine.url.render_as_string(hide_password=False)
