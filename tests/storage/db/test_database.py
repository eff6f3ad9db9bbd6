"""Sessions: what is committed, what waits for what, and how times are stored."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, StatementError

from consult.storage.db import database as module
from consult.storage.db import migrate
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import DraftRow, RateLimitRow
from tests.support.databases import read, rows, write
from tests.support.submissions import new_submission, submitted


def test_an_exception_rolls_back_the_whole_transaction(database: Database) -> None:
    tokens: list[str] = []

    def start_and_fail(session: Session) -> None:
        tokens.append(drafts.start(session, "2026-12", "quick", {}))
        submission.submit(session, tokens[0], new_submission())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(database, start_and_fail)
    assert read(database, drafts.load, tokens[0]) is None
    assert rows(database, JobRow) == []


def test_a_reading_session_changes_nothing(database: Database) -> None:
    with suppress(InternalError), database.reading() as session:  # which PostgreSQL raises
        drafts.start(session, "2026-12", "quick", {})
        session.flush()
        assert database.is_sqlite
    assert rows(database, DraftRow) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_query_that_is_asked_often_stays_planned(database: Database) -> None:
    """The query looks for itself: the driver has a statement planned that it saw five times."""
    query = text("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%itself%'")

    def planned() -> bool:
        with database.reading() as session:
            return session.scalar(query) is not None

    assert [planned() for _ in range(8)][::7] == [False, True]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_the_server_has_closed_is_replaced(database: Database) -> None:
    """The others of the same time too, as a server closes all when it restarts."""
    process, end = text("SELECT pg_backend_pid()"), text("SELECT pg_terminate_backend(:id, 5000)")

    def is_served_by(session: Session) -> object:
        return session.scalar(process)

    with database.reading() as one, database.reading() as another:
        first, second = is_served_by(one), is_served_by(another)
    with closing(Database(database.engine.url.render_as_string(hide_password=False))) as admin:
        write(admin, lambda session: session.execute(end, {"id": read(database, is_served_by)}))
    with database.reading() as one, database.reading() as another:
        assert {is_served_by(one), is_served_by(another)}.isdisjoint({first, second})


def test_a_time_comes_back_in_utc_and_needs_a_zone(database: Database) -> None:
    at = datetime(2026, 3, 29, 3, 15, 0, 123456, tzinfo=timezone(timedelta(hours=5.5)))
    with database.writing() as session:
        session.add(RateLimitRow(key="k", hits=1, expires_at=at))
    with database.reading() as session:
        stored = session.get_one(RateLimitRow, "k").expires_at
    assert (stored, stored.tzinfo) == (at, UTC)
    with pytest.raises(StatementError, match="zone"), database.writing() as session:
        session.add(RateLimitRow(key="naive", hits=1, expires_at=at.replace(tzinfo=None)))


def test_threads_that_save_into_one_draft_lose_no_answer(database: Database) -> None:
    token = write(database, drafts.start, "2026-12", "quick", {})

    def save_own_answers(name: str) -> None:
        for number in range(10):
            write(database, drafts.save, token, {f"{name}_{number}": (number, "solo")})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(save_own_answers, "abcd"))
    draft = read(database, drafts.load, token)
    assert draft is not None
    assert set(draft.answers) == {f"{name}_{number}" for name in "abcd" for number in range(10)}


def test_an_error_message_quotes_no_parameters(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.writing() as session:
        session.execute(text("SELECT * FROM missing WHERE x = :x"), {"x": "marker"})
    assert "marker" not in str(caught.value)


def test_a_new_sqlite_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/var/consult.db")) as database:
        migrate.upgrade(database)
        made = [tmp_path / "var", *(tmp_path / "var").iterdir()]
        assert len(made) == 4, "the folder, the file, its log, and the log's index"
        assert all(path.stat().st_mode & 0o077 == 0 for path in made)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_sqlite_must_be_a_file(url: str) -> None:
    with pytest.raises(ValueError, match="file"):
        Database(url)


def test_sqlite_connections_are_set_up_to_lose_and_to_leak_nothing(tmp_path: Path) -> None:
    full = 2
    wanted = {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "secure_delete": 1}
    made = closing(Database(f"sqlite:///{tmp_path}/consult.db"))
    with made as database, database.engine.connect() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


def test_opening_waits_for_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "consult.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time, "sleep", lambda _seconds: other.rollback())
        with closing(Database(f"sqlite:///{tmp_path}/consult.db")) as database:
            migrate.upgrade(database)
            assert migrate.is_current(database)


def test_opening_does_not_wait_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 1000, 6))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with closing(sqlite3.connect(tmp_path / "consult.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        database = Database(f"sqlite:///{tmp_path}/consult.db")
        with closing(database), pytest.raises(DBAPIError, match="database is locked"):
            migrate.upgrade(database)


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'consult.db')}"
    with closing(Database(url, synchronous="NORMAL")) as database:
        yield database


def test_the_log_is_copied_into_the_file_and_stays_short(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consult.storage.db.database._COMMITS_BETWEEN_CHECKPOINTS", 10)
    file, log = tmp_path / "consult.db", tmp_path / "consult.db-wal"
    empty = file.stat().st_size
    for _ in range(45):
        write(sqlite, drafts.start, "2026-12", "quick", {"ref": "x" * 4_000})
    assert log.stat().st_size < 700_000, "what ten commits write, and not all 45"
    assert file.stat().st_size > empty + 160_000, "rows are in the file, and not only in the log"


def test_deleted_rows_are_gone_from_sqlite_files(sqlite: Database, tmp_path: Path) -> None:
    submitted(sqlite, archetype="to-be-forgotten")
    with sqlite.writing() as session:
        session.execute(text("DELETE FROM drafts"))
    sqlite.forget_deleted()
    assert b"to-be-forgotten" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_commit_survives_a_full_disk(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk: what was saved must not be reported as an error."""
    monkeypatch.setattr("consult.storage.db.database._COMMITS_BETWEEN_CHECKPOINTS", 1)
    started: list[object] = []

    @event.listens_for(sqlite.engine, "begin")
    def fail_the_second_time(connection: object) -> None:
        started.append(connection)
        if len(started) == 2:
            raise OperationalError("BEGIN IMMEDIATE", None, Exception("disk is full"))

    token = write(sqlite, drafts.start, "2026-12", "quick", {})
    assert read(sqlite, drafts.load, token)
    assert len(started) == 3


def test_a_log_that_cannot_be_copied_is_no_error(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk it stays where it is, with what was saved; and is tried again."""
    monkeypatch.setattr("consult.storage.db.database._COMMITS_BETWEEN_CHECKPOINTS", 1)
    refused: list[str] = []

    def refuse(_cursor: object, statement: str, *_: object) -> None:
        if "wal_checkpoint" in statement:
            refused.append(statement)
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(sqlite.engine, "do_execute", refuse)
    token = write(sqlite, drafts.start, "2026-12", "quick", {})
    assert not sqlite.forget_deleted()
    assert len(refused) == 2
    event.remove(sqlite.engine, "do_execute", refuse)
    assert read(sqlite, drafts.load, token)
    assert sqlite.forget_deleted()


def test_on_postgresql_the_time_is_the_servers(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the clock of this machine says."""
    monkeypatch.setattr(module, "utc_now", lambda: datetime.now(UTC) + timedelta(seconds=90))
    with closing(Database(postgres_url)) as database:
        times = []
        for _ in range(2):
            with database.reading() as session:
                server = session.scalars(text("SELECT clock_timestamp()")).one()
                times += [session.now() - server, database.clock() - server]
            monkeypatch.setattr(module, "_CLOCK_SECONDS", 1_000)  # and is not asked again
        assert all(abs(difference) < timedelta(seconds=30) for difference in times)
        assert session.now().tzinfo is UTC


def test_while_the_server_is_away_the_machine_knows_the_time() -> None:
    with closing(Database("postgresql+psycopg://nobody@127.0.0.1:1/none")) as database:
        assert abs(database.clock() - datetime.now(UTC)) < timedelta(seconds=30)
