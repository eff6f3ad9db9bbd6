"""The connection to the database, and the two kinds of session: reading and writing.

SQLite is the embedded default, PostgreSQL the engine for more than one machine. Callers see no
difference: every function takes a session and works the same on both.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Delete,
    Engine,
    Executable,
    Row,
    Update,
    literal,
    make_url,
    orm,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError, TimeoutError

from consult.storage.db import engines
from consult.storage.db.base import Base
from consult.storage.db.engines import BUSY_SECONDS, SINGLE, TIMEOUT, WRITES, Synchronous

_COMMITS_BETWEEN_CHECKPOINTS = 100
_STUCK_SECONDS = 3
"""After so long without a turn for anyone, nobody queues to write: threads are for readers."""

_POSTGRES_WRITERS = 3
"""So many threads of a process may write at the same time; the others can read."""

_SPARE_SECONDS = 0.5
"""How long to wait for a turn to write what may be lost."""

_CLOCK_SECONDS = 10
"""How long a server's clock is not asked again."""

_SERVER_TIME = text("SELECT clock_timestamp()")

INSERTS: Mapping[str, Callable[[Any], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The engine's own INSERT, by name of its dialect."""

Clock = Callable[[], datetime]


log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class ServerClock:
    """The clock of a PostgreSQL server, which is the same for all machines that use it.

    A machine whose own clock is fast would take jobs from others, whose leases seem to be over. The
    server is asked every few seconds, and what has passed since is added.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        if self._known is None or _seconds() - self._known[1] > _CLOCK_SECONDS:
            self._ask()
        if self._known is None:
            return utc_now()  # the server is away, and so is all that this would be compared with
        then, asked_at = self._known
        return then + timedelta(seconds=_seconds() - asked_at)

    def _ask(self) -> None:
        with suppress(SQLAlchemyError), self._engine.connect() as connection:
            before = _seconds()
            then = connection.execute(_SERVER_TIME).scalar_one()
            self._known = then.astimezone(UTC), (before + _seconds()) / 2


def _seconds() -> float:
    """Seconds that no change of the machine's clock disturbs, and where possible no sleep of it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


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

    def rows(
        self, query: Executable, values: Mapping[str, Any] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """The same as `execute` for a query of columns, past the object mapping.

        For the pages that staff wait for: the mapping takes longer than a short query itself.
        """
        self.flush()
        return self.connection().execute(query, values or {})


class Database:
    """One pooled engine, shared by all threads of a process.

    On SQLite, with `synchronous` FULL, a saved answer survives a power cut. A draft expires after
    `draft_days` without a change; see ``draft_life``. Without a `clock`, the time is that of the
    PostgreSQL server, or of this machine with SQLite. PostgreSQL ends a statement after
    `statement_seconds`, as people wait for it. Raises ValueError for a URL that names no file for
    SQLite, and OSError when that cannot be created.
    """

    def __init__(
        self,
        url: str,
        *,
        synchronous: Synchronous = "FULL",
        draft_days: int = 30,
        clock: Clock | None = None,
        statement_seconds: int | None = None,
    ) -> None:
        parsed = make_url(url)
        self.sqlite_file: Path | None = None
        self.draft_life = timedelta(days=draft_days)
        self._commits = 0
        self.busy_seconds: float = BUSY_SECONDS
        self._turns: threading.Lock | threading.Semaphore = threading.Lock()
        self._last_turn = 0.0
        if parsed.get_backend_name() == "sqlite":
            self.sqlite_file = engines.private_file(parsed.database)
            self.engine = engines.sqlite_engine(url, synchronous)
        else:
            self._turns = threading.Semaphore(_POSTGRES_WRITERS)
            self.engine = engines.postgres_engine(url, statement_seconds)
        # The same pool; only the start of a transaction differs.
        self._writing_engine = self.engine.execution_options(**{WRITES: True})
        self._single_engine = self.engine.execution_options(**{SINGLE: True})
        self.clock: Clock = clock or (
            utc_now if self.is_sqlite else ServerClock(self._single_engine)
        )

    @property
    def is_sqlite(self) -> bool:
        return self.sqlite_file is not None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one consistent snapshot of the data; its changes are discarded.

        PostgreSQL even refuses them, as its transaction is read-only: it is committed, because at a
        rollback psycopg forgets all statements that the server has planned.
        """
        with self._session(self.engine) as session:
            yield session
            if not self.is_sqlite:
                session.expunge_all()
                session.commit()

    @contextmanager
    def looking_up(self) -> Iterator[Session]:
        """A session without a transaction: each query sees the newest data.

        PostgreSQL answers twice less than to `reading`: for what every page of the staff asks.
        """
        with self._session(self._single_engine) as session:
            yield session

    def fetch_one(
        self, query: Executable, parameters: Mapping[str, object]
    ) -> Row[*tuple[Any, ...]] | None:
        """The first row of one query, without a session or a transaction.

        Costs half of what a session does: for the pages that owners wait for.
        """
        with self._single_engine.connect() as connection:
            return connection.execute(query, parameters).first()

    @contextmanager
    def writing(self, *, timeout: float | None = None) -> Iterator[Session]:
        """A session whose changes are committed at the end, or rolled back on an exception.

        Do slow work before: on SQLite no other writer can run in the meantime. Never nest two.
        `timeout` is how many seconds to wait for other writers at most; by default `busy_seconds`.
        Raises an error that is an `outage` when it takes longer, or nothing can be written.
        """
        timeout = self.busy_seconds if timeout is None else timeout
        # Writers of this process queue here, and not in SQLite's busy handler, which sleeps up to
        # 100 ms a time: that took the slowest saves from over 500 ms to about 20.
        engine = self._writing_engine
        if timeout != BUSY_SECONDS:
            engine = engine.execution_options(**{TIMEOUT: timeout})
        with self._write_turn(timeout):
            with self._session(engine) as session, session.begin():
                if timeout != BUSY_SECONDS and not self.is_sqlite:
                    limit = f"SET LOCAL lock_timeout = {round(timeout * 1000)}"
                    session.execute(text(limit))
                yield session
            self._checkpoint_sometimes()

    def write_if_free(self, change: Callable[[Session], object], what: str) -> None:
        """Store what may be lost, such as a count, or log that `what` was not."""
        try:
            with self.writing(timeout=_SPARE_SECONDS) as session:
                change(session)
        except SQLAlchemyError as error:
            log.warning(
                "%s was not stored: %s", what, engines.outage(error) or type(error).__name__
            )

    @contextmanager
    def _write_turn(self, timeout: float) -> Iterator[None]:
        """Wait for the other writers of this process.

        While one of them is stuck, as another program has locked the database, nobody waits behind
        it: every thread of a web server would.
        """
        give_up = time.monotonic() + timeout
        while not self._turns.acquire(timeout=0.1):
            if time.monotonic() > min(give_up, self._last_turn + _STUCK_SECONDS):
                raise TimeoutError("other threads are writing")
        self._last_turn = time.monotonic()
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing connection for schema changes, committed on leaving.

        SQLite changes a table by creating a new one and dropping the old; with foreign keys on, the
        drop would delete every row that refers to it. So they are off, and checked afterwards. That
        can be set outside of a transaction only.
        """
        with self._write_turn(self.busy_seconds), self._writing_engine.connect() as connection:
            if self.is_sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite:
                        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                        if broken:
                            raise RuntimeError(f"the migration left rows without parent: {broken}")
            finally:
                if self.is_sqlite:
                    connection.connection.cursor().execute("PRAGMA foreign_keys=ON")

    def forget_deleted(self) -> bool:
        """Empty SQLite's write-ahead log, the last place where deleted rows could still be read.

        Returns whether it is empty now; it is not while another session uses it, or on a full disk.
        """
        if not self.is_sqlite:
            return True
        with (
            suppress(TimeoutError, OperationalError),
            self._write_turn(self.busy_seconds),
            self._single_engine.connect() as connection,
        ):
            row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            return bool(row[0] == 0)
        return False

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
            self._single_engine.connect() as idle,
        ):
            idle.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def insert_into(session: Session, table: type[Base]) -> Any:
    """The engine's own INSERT, which supports ON CONFLICT; the two have the same methods."""
    return INSERTS[session.get_bind().dialect.name](table)


def add_if_new(session: Session, table: type[Base], row: Mapping[str, Any]) -> Any:
    """Add a row, unless one with a key of it is there; its primary key, None if it is not new."""
    session.flush()
    # Built once, and past the object mapping, it takes half of the time.
    adding = _insert_if_new(session.get_bind().dialect.name, table)
    return session.connection().execute(adding, row).scalar()


@lru_cache
def _insert_if_new(dialect: str, table: type[Base]) -> Any:
    columns = Base.metadata.tables[table.__tablename__]
    return INSERTS[dialect](columns).on_conflict_do_nothing().returning(*columns.primary_key)


def affects_row(session: Session, change: Update | Delete) -> bool:
    """Run a change of one row; whether there was such a row."""
    return session.execute(change.returning(literal(True))).first() is not None


def lock_table(session: Session, table: str) -> None:
    """Block writes of other transactions to a table until this one ends.

    On SQLite, only one transaction can write anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))


def is_writing(session: Session) -> bool:
    return WRITES in session.connection().get_execution_options()
