"""The connection to the database, and the two kinds of session: reading and writing.

SQLite is the embedded default, PostgreSQL the engine for more than one machine. Callers see no
difference: every function takes a session and works the same on both.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, create_engine, event, make_url, orm, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from consult.storage.db.base import Base

_WRITES = "consult_writes"
_TIMEOUT = "consult_timeout"
_SINGLE = "consult_single_statement"
_BUSY_SECONDS = 10
_COMMITS_BETWEEN_CHECKPOINTS = 100

INSERTS: Mapping[str, Callable[[Any], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The engine's own INSERT, by name of its dialect."""

Synchronous = Literal["NORMAL", "FULL", "EXTRA"]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Session(orm.Session):
    """A session that also knows the current time and how long an idle draft lives.

    Tests and demo data set their own `clock`. A draft idle for longer than `draft_life` is treated
    as if its token had never existed. Demo data alone is not `audited`, as nobody really did what
    it shows.
    """

    def __init__(self, bind: Engine, clock: Clock, draft_life: timedelta) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.clock = clock
        self.draft_life = draft_life
        self.audited = True

    def now(self) -> datetime:
        return self.clock()


class Database:
    """One pooled engine, shared by all threads of a process.

    On SQLite, with `synchronous` FULL, a saved answer survives a power cut. A draft expires after
    `draft_days` without a change; see ``draft_life``. Raises ValueError for a URL that names no
    file for SQLite, and OSError when that cannot be created.
    """

    def __init__(
        self,
        url: str,
        *,
        synchronous: Synchronous = "FULL",
        draft_days: int = 30,
        clock: Clock = utc_now,
    ) -> None:
        parsed = make_url(url)
        self.sqlite_file: Path | None = None
        self.clock = clock
        self.draft_life = timedelta(days=draft_days)
        self._commits = 0
        # Reentrant, so that nesting two writing sessions by mistake ends in SQLite's "database
        # is locked" and not in a silent deadlock.
        self._write_lock = threading.RLock()
        if parsed.get_backend_name() == "sqlite":
            self.sqlite_file = _private_file(parsed.database)
            self.engine = _sqlite_engine(url, synchronous)
        else:
            self.engine = create_engine(
                url,
                pool_pre_ping=True,
                connect_args={"connect_timeout": _BUSY_SECONDS},
                hide_parameters=True,
            )
        # The same pool; only the start of a transaction differs.
        self._writing_engine = self.engine.execution_options(**{_WRITES: True})
        self._single_engine = self.engine.execution_options(**{_SINGLE: True})
        self._reading_engine = self.engine
        if not self.is_sqlite:
            # By default, each statement of PostgreSQL sees a snapshot of its own.
            snapshot = {"isolation_level": "REPEATABLE READ"}
            self._reading_engine = self.engine.execution_options(**snapshot)

    @property
    def is_sqlite(self) -> bool:
        return self.sqlite_file is not None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one consistent snapshot of the data; its changes are discarded."""
        with self._session(self._reading_engine) as session:
            yield session

    def fetch_one(
        self, query: Select[*tuple[Any, ...]], parameters: Mapping[str, object]
    ) -> Row[*tuple[Any, ...]] | None:
        """The first row of one query, without a session or a transaction.

        Costs half of what a session does: for the pages that owners wait for.
        """
        with self._single_engine.connect() as connection:
            return connection.execute(query, parameters).first()

    @contextmanager
    def writing(self, *, timeout: float | None = None) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back on an exception.

        Do slow work before: on SQLite no other writer can run in the meantime. Never nest two. For
        data that may be lost, `timeout` is how many seconds to wait for other writers; one that
        takes longer raises TimeoutError or OperationalError.
        """
        # Writers of this process queue here, and not in SQLite's busy handler, which sleeps up to
        # 100 ms a time: that took the slowest saves from over 500 ms to about 20.
        engine = self._writing_engine
        if timeout is not None:
            engine = engine.execution_options(**{_TIMEOUT: timeout})
        with self._write_turn(timeout):
            with self._session(engine) as session, session.begin():
                if timeout is not None and not self.is_sqlite:
                    limit = f"SET LOCAL lock_timeout = {round(timeout * 1000)}"
                    session.execute(text(limit))
                yield session
            self._checkpoint_sometimes()

    @contextmanager
    def _write_turn(self, timeout: float | None) -> Iterator[None]:
        """Wait for the other writers of this process, where only one can write at a time."""
        if not self.is_sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=-1 if timeout is None else timeout):
            raise TimeoutError("another thread is writing")
        try:
            yield
        finally:
            self._write_lock.release()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing connection for schema changes, committed on leaving.

        SQLite changes a table by creating a new one and dropping the old; with foreign keys on, the
        drop would delete every row that refers to it. So they are off, and checked afterwards.
        """
        with self._write_lock, self._writing_engine.connect() as connection:
            if self.is_sqlite:
                _pragma(connection, "foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite:
                        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                        if broken:
                            raise RuntimeError(f"the migration left rows without parent: {broken}")
            finally:
                if self.is_sqlite:
                    _pragma(connection, "foreign_keys=ON")

    def forget_deleted(self) -> bool:
        """Empty SQLite's write-ahead log, the last place where deleted rows could still be read.

        Returns whether it is empty now; it is not while another session reads from it.
        """
        if not self.is_sqlite:
            return True
        with self._write_lock, closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row: tuple[int, int, int] = cursor.fetchone()  # type: ignore[assignment] # of ints
            return row[0] == 0

    def close(self) -> None:
        self.engine.dispose()

    def _session(self, engine: Engine) -> Session:
        return Session(engine, self.clock, self.draft_life)

    def _checkpoint_sometimes(self) -> None:
        """Copy SQLite's log into its file, every so many commits, while no commit can happen.

        By default, SQLite does this after a commit, concurrently with commits of other processes;
        before 3.51.3 that could, rarely, corrupt the file (sqlite.org/wal.html#walresetbug).
        """
        self._commits += 1
        if not self.is_sqlite or self._commits % _COMMITS_BETWEEN_CHECKPOINTS:
            return
        with (
            # On a full disk, or while others write, try the next time: what was saved is saved,
            # and the caller must not get an error.
            suppress(OperationalError),
            self._writing_engine.begin(),
            closing(self.engine.raw_connection()) as idle,
        ):
            idle.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")


def insert_into(session: Session, table: type[Base]) -> Any:
    """The engine's own INSERT, which supports ON CONFLICT; the two have the same methods."""
    return INSERTS[session.get_bind().dialect.name](table)


def lock_table(session: Session, table: str) -> None:
    """Block writes of other transactions to a table until this one ends.

    On SQLite, only one transaction can write anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


def is_writing(session: Session) -> bool:
    return _WRITES in session.connection().get_execution_options()


def _private_file(name: str | None) -> Path:
    """The SQLite file of this name, created if needed, readable by its owner only."""
    if not name or name == ":memory:":
        raise ValueError("the SQLite database must be a file: sqlite:///var/consult.db")
    file = Path(name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    return file


def _sqlite_engine(url: str, synchronous: Synchronous) -> Engine:
    # An error message must not quote what a visitor wrote, so it contains no parameters.
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)

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
        if options.get(_SINGLE):
            return
        if options.get(_WRITES):
            timeout = options.get(_TIMEOUT, _BUSY_SECONDS)
            if connection.info.get(_TIMEOUT, _BUSY_SECONDS) != timeout:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={round(timeout * 1000)}")
                connection.info[_TIMEOUT] = timeout
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log, which is a lasting property of a file.

    SQLite refuses this without waiting while another process does the same or writes: of two
    that start together on a new file, one would end with an error.
    """
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _pragma(connection: Connection, setting: str) -> None:
    """Set a PRAGMA that SQLite ignores inside a transaction."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA {setting}")
    cursor.close()
