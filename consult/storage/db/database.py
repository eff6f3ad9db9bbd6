"""The connection to the database, and the two kinds of session: reading and writing.

SQLite is the embedded default, PostgreSQL the engine for more than one machine. Callers see no
difference: every verb takes a session and works the same on both.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event, make_url, orm, text
from sqlalchemy.exc import OperationalError

_WRITES = "consult_writes"
_PATIENCE = "consult_patience"
_BUSY_SECONDS = 10
_COMMITS_BETWEEN_CHECKPOINTS = 100

Synchronous = Literal["NORMAL", "FULL", "EXTRA"]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


class Session(orm.Session):
    """A session that also knows what time it is and how long an idle draft lives.

    Attributes:
        clock: gives the present moment; tests and demo data set their own.
        draft_life: a draft idle for longer is treated as if its token had never existed.
    """

    def __init__(self, bind: Engine, clock: Clock, draft_life: timedelta) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.clock = clock
        self.draft_life = draft_life

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self.clock()


class Database:
    """One pooled engine, shared by all threads of a process.

    Args:
        url: ``sqlite:///path/to/file.db`` or ``postgresql+psycopg://…``.
        synchronous: SQLite only. With FULL, an answer that was acknowledged survives a power cut.
        draft_days: days without a change after which a draft has expired.
        clock: gives the present moment.

    Raises:
        ValueError: the URL names no file for SQLite.
        OSError: the file cannot be made.
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
        self._draft_life = timedelta(days=draft_days)
        self._commits = 0
        # Reentrant, so that nesting two writing sessions by mistake ends in SQLite's "database
        # is locked" and not in a thread that waits for itself without a word.
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
        # Same pool; only the way a transaction begins differs.
        self._writing_engine = self.engine.execution_options(**{_WRITES: True})
        self._reading_engine = self.engine
        if not self.is_sqlite:
            # By itself, PostgreSQL gives each statement a view of its own.
            one_view = {"isolation_level": "REPEATABLE READ"}
            self._reading_engine = self.engine.execution_options(**one_view)

    @property
    def is_sqlite(self) -> bool:
        return self.sqlite_file is not None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one consistent view of the data; what it changes is thrown away."""
        with self._session(self._reading_engine) as session:
            yield session

    @contextmanager
    def writing(self, *, patience: float | None = None) -> Iterator[Session]:
        """A session whose changes are committed on leaving, or undone if an exception leaves.

        Do the slow work before: on SQLite nobody else writes in the meantime. Never nest two.

        Args:
            patience: seconds to wait for other writers, for what may as well not be written.

        Raises:
            TimeoutError, OperationalError: another writer took longer.
        """
        # Writers of this process queue here, and not in SQLite's busy handler, which sleeps up to
        # 100 ms a time: that took the slowest saves from over 500 ms to about 20.
        engine = self._writing_engine
        if patience is not None:
            engine = engine.execution_options(**{_PATIENCE: patience})
        with self._turn(patience):
            with self._session(engine) as session, session.begin():
                if patience is not None and not self.is_sqlite:
                    limit = f"SET LOCAL lock_timeout = {round(patience * 1000)}"
                    session.execute(text(limit))
                yield session
            self._checkpoint_now_and_then()

    @contextmanager
    def _turn(self, patience: float | None) -> Iterator[None]:
        """The turn to write in this process, where the database takes one writer at a time."""
        if not self.is_sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=-1 if patience is None else patience):
            raise TimeoutError("another thread is writing")
        try:
            yield
        finally:
            self._write_lock.release()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing connection for schema changes, committed on leaving.

        SQLite changes a table by making a new one and dropping the old; with foreign keys on, the
        drop would delete every row that points to it. So they are off meanwhile, and checked after.
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

    def keep_drafts_for(self, days: int) -> None:
        """Let sessions from now on take a draft as expired after so many days without a change."""
        self._draft_life = timedelta(days=days)

    def forget_deleted(self) -> bool:
        """Empty SQLite's write-ahead log, the last place where deleted rows could still be read.

        Returns:
            Whether it is empty now; not while somebody reads from it.
        """
        if not self.is_sqlite:
            return True
        with self._write_lock, closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row: tuple[int, int, int] = cursor.fetchone()  # type: ignore[assignment] # of ints
            return row[0] == 0

    def close(self) -> None:
        """Give back every idle connection."""
        self.engine.dispose()

    def _session(self, engine: Engine) -> Session:
        return Session(engine, self.clock, self._draft_life)

    def _checkpoint_now_and_then(self) -> None:
        """Copy SQLite's log into its file, every so many commits, while nobody can commit.

        Left to itself, SQLite does this after a commit, beside the commits of other processes;
        before 3.51.3 that could, rarely, corrupt the file (sqlite.org/wal.html#walresetbug).
        """
        self._commits += 1
        if not self.is_sqlite or self._commits % _COMMITS_BETWEEN_CHECKPOINTS:
            return
        with (
            # On a full disk, or while others write: the next time. What was saved is saved, and
            # whoever saved it must not be told otherwise.
            suppress(OperationalError),
            self._writing_engine.begin(),
            closing(self.engine.raw_connection()) as idle,
        ):
            idle.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")


def write_in_turn(session: Session, table: str) -> None:
    """Let no other transaction write a table from here on until this one ends.

    On SQLite, writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


def is_writing(session: Session) -> bool:
    """Whether what a session changes will be kept."""
    return _WRITES in session.connection().get_execution_options()


def _private_file(name: str | None) -> Path:
    """The SQLite file of this name, made if need be, for its owner alone to read."""
    if not name or name == ":memory:":
        raise ValueError("the SQLite database must be a file: sqlite:///var/consult.db")
    file = Path(name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    return file


def _sqlite_engine(url: str, synchronous: Synchronous) -> Engine:
    # An error message must not quote what an owner wrote, hence no parameters in it.
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
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
        # between, whatever the busy timeout; 120 of 1,200 were lost that way under load.
        writes = connection.get_execution_options().get(_WRITES)
        if writes:
            patience = connection.get_execution_options().get(_PATIENCE, _BUSY_SECONDS)
            connection.exec_driver_sql(f"PRAGMA busy_timeout={round(patience * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Have SQLite write its log ahead; once asked, a file keeps to it.

    The one request that SQLite refuses at once, without waiting, while another program asks the
    same or writes: of two that start together on a new file, one would end with an error.
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
