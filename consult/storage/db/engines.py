"""The engines of SQLite and PostgreSQL: how each connects, begins and waits, and what ails it.

No wait is without an end, so that an outage of the database is an answer within seconds.
"""

import select
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import (
    DBAPIError,
    InvalidatePoolError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

Synchronous = Literal["NORMAL", "FULL", "EXTRA"]

WRITES = "consult_writes"
TIMEOUT = "consult_timeout"
SINGLE = "consult_single_statement"
BUSY_SECONDS = 10
"""The longest wait for other transactions, or for a free connection."""

_CONNECT_SECONDS = 5
_PREPARED = 300
"""So many statements stay planned in a connection; the lists alone have more than the usual 100."""
_RANDOM_PAGE_COST = 1.1
"""What PostgreSQL recommends for disks without heads; at 4, it would read all leads for a few."""
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""By default, each statement sees a snapshot of its own."""
_RETRY_SECONDS = 2
"""While a server does not answer, it is tried that often, and other connections fail at once."""
_LATE_SECONDS = 1
"""How long the server may take to say that it ended a statement."""

# The system notices within a minute that a machine is gone; by default it takes two hours.
_KEEPALIVE = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}

_SQLITE_OUTAGES = (
    *("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_FULL", "SQLITE_IOERR"),
    *("SQLITE_LOCKED", "SQLITE_NOMEM", "SQLITE_NOTADB", "SQLITE_PROTOCOL", "SQLITE_READONLY"),
)
_READ_ONLY = "25006"


def outage(error: SQLAlchemyError) -> str:
    """What keeps the database from doing what it was asked, in a word such as `SQLITE_FULL`.

    Empty if it works, and what it was asked is wrong.
    """
    if isinstance(error, TimeoutError):
        return "busy"
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        name: str = getattr(cause, "sqlite_errorname", "")
        return name if name.startswith(_SQLITE_OUTAGES) else ""
    code = getattr(cause, "sqlstate", None)
    away = isinstance(error, OperationalError) or code == _READ_ONLY
    return f"PostgreSQL {code or 'does not answer'}" if away else ""


def private_file(name: str | None) -> Path:
    """The SQLite file of this name, created if needed, readable by its owner only."""
    if not name or name == ":memory:":
        raise ValueError("the SQLite database must be a file: sqlite:///var/consult.db")
    file = Path(name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    return file


def sqlite_engine(url: str, synchronous: Synchronous) -> Engine:
    # An error message must not quote what a visitor wrote, so it contains no parameters.
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is sent below
        _write_ahead(connection)
        for setting in (
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "wal_autocheckpoint=0",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads and then writes fails at once when another one wrote in
        # between, regardless of the busy timeout; 120 of 1,200 were lost that way under load.
        options = connection.get_execution_options()
        if options.get(SINGLE):
            return
        if options.get(WRITES):
            timeout = options.get(TIMEOUT, BUSY_SECONDS)
            if connection.info.get(TIMEOUT, BUSY_SECONDS) != timeout:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={round(timeout * 1000)}")
                connection.info[TIMEOUT] = timeout
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log, which is a lasting property of a file.

    SQLite refuses this without waiting while another process does the same or writes: of two
    that start together on a new file, one would end with an error.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def postgres_engine(url: str, statement_seconds: int | None) -> Engine:
    """The engine of a PostgreSQL server; `statement_seconds` as in `Database`.

    Connecting to a database of another encoding than UTF-8 raises OSError.
    """
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",  # BEGIN is sent below
        pool_use_lifo=True,  # the connection that knows the most statements
        pool_timeout=BUSY_SECONDS,
        connect_args={"connect_timeout": _CONNECT_SECONDS, **_KEEPALIVE},
        hide_parameters=True,
    )
    server = _PostgresServer(engine.dialect.dbapi, statement_seconds)
    event.listen(engine, "do_connect", server.connect)
    event.listen(engine, "connect", server.prepare)
    event.listen(engine, "checkout", server.refuse_lost)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(WRITES):
            connection.exec_driver_sql("BEGIN")
        elif not options.get(SINGLE):
            connection.exec_driver_sql(_BEGIN_READING)

    return engine


class _PostgresServer:
    """How to connect to a server, which may be away: then few try, and the others fail at once."""

    def __init__(self, psycopg: Any, statement_seconds: int | None) -> None:
        self._error = psycopg.OperationalError
        self._statement_seconds = statement_seconds
        self._try_again_at = 0.0

    def connect(self, dialect: Any, _record: Any, args: Any, options: Any) -> Any:
        if time.monotonic() < self._try_again_at:
            raise self._error("the server did not answer a moment ago")
        if self._try_again_at:  # one connection tries, and the others fail until it has an answer
            self._try_again_at = time.monotonic() + _CONNECT_SECONDS
        try:
            connection = dialect.connect(*args, **options)
        except self._error:
            self._try_again_at = time.monotonic() + _RETRY_SECONDS
            raise
        self._try_again_at = 0.0
        _refuse_other_encodings(connection)
        return connection

    def prepare(self, connection: Any, _record: Any) -> None:
        if self._statement_seconds is not None:  # first, as the server may be away again by now
            limit = self._statement_seconds + _LATE_SECONDS
            connection.wait = partial(self._wait, connection, connection.wait, limit)
            connection.execute(f"SET statement_timeout = {self._statement_seconds * 1000}")
        connection.prepared_max = _PREPARED
        connection.execute(f"SET random_page_cost = {_RANDOM_PAGE_COST}")

    def refuse_lost(self, connection: Any, _record: Any, _user: Any) -> None:
        """Have the pool reconnect where the server has hung up, as it does when it restarts.

        A server says so unasked. To ask it each time (`pool_pre_ping`) takes two more answers for
        each page, and finds no more: for a machine that is gone, both wait.
        """
        unasked = select.poll()
        unasked.register(connection, select.POLLIN)
        try:
            if unasked.poll(0):
                connection.execute("SELECT 1")
        except self._error as error:
            raise InvalidatePoolError from error

    def _wait(
        self,
        connection: Any,
        wait: Callable[..., Any],
        limit: float,
        generator: Any,
        interval: float = 0.1,
        timeout: float | None = None,
    ) -> Any:
        """Wait for a statement, which the server ends if it takes too long, and no longer."""
        start = time.monotonic()
        try:
            return wait(generator, interval, timeout or limit)
        except self._error:
            if time.monotonic() - start >= limit:
                connection.pgconn.finish()  # it would be asked to roll back, and not answer
                self._try_again_at = time.monotonic() + _RETRY_SECONDS
            raise


def _refuse_other_encodings(connection: Any) -> None:
    """Raise OSError for a database that would refuse some of what people write."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise OSError(
            f"the database has the encoding {encoding}, and UTF8 is needed; make another with: "
            "CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0"
        )
