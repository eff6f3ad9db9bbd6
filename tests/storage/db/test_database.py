"""Sessions: what is committed, what waits for what, and how times are kept."""

import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.tables.submission_tables import RateLimitRow
from tests.support.submissions import submitted


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    tokens: list[str] = []

    def start_and_fail() -> None:
        with database.writing() as session:
            tokens.append(drafts.start(session, "2026-12", "quick", {}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start_and_fail()
    with database.reading() as session:
        assert drafts.load(session, tokens[0]) is None


def test_a_reading_session_keeps_nothing(database: Database) -> None:
    with database.reading() as session:
        token = drafts.start(session, "2026-12", "quick", {})
    with database.reading() as session:
        assert drafts.load(session, token) is None


def test_a_time_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    moment = datetime(2026, 3, 29, 3, 15, 0, 123456, tzinfo=timezone(timedelta(hours=5.5)))
    with database.writing() as session:
        session.add(RateLimitRow(key="k", hits=1, expires_at=moment))
    with database.reading() as session:
        read = session.get_one(RateLimitRow, "k").expires_at
    assert (read, read.tzinfo) == (moment, UTC)


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 29, 3, 15)  # noqa: DTZ001
    with pytest.raises(StatementError, match="zone"), database.writing() as session:
        session.add(RateLimitRow(key="k", hits=1, expires_at=naive))


def test_many_threads_read_and_write_one_check_without_a_lost_update(database: Database) -> None:
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {})

    def save_own_answers(name: str) -> None:
        for number in range(10):
            with database.writing() as session:
                drafts.save(session, token, {f"{name}_{number}": (number, "solo")})

    threads = [threading.Thread(target=save_own_answers, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        check = drafts.load(session, token)
    assert check is not None
    assert set(check.answers) == {f"{name}_{number}" for name in "abcd" for number in range(10)}


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
    database = Database(f"sqlite:///{tmp_path}/consult.db")
    with database.engine.connect() as connection:
        values = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    database.close()
    full = 2
    assert values == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


def test_a_new_sqlite_file_that_another_program_is_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "consult.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time, "sleep", lambda _seconds: other.rollback())
        with closing(Database(f"sqlite:///{tmp_path}/consult.db")) as database:
            migrate.upgrade(database)
            assert migrate.is_current(database)


def test_a_new_sqlite_file_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 1000, 6))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with closing(sqlite3.connect(tmp_path / "consult.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        database = Database(f"sqlite:///{tmp_path}/consult.db")
        with closing(database), pytest.raises(DBAPIError, match="database is locked"):
            migrate.upgrade(database)


def test_sqlite_keeps_its_log_short_although_it_never_checkpoints_itself(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "consult.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    for _ in range(450):
        with database.writing() as session:
            drafts.start(session, "2026-12", "quick", {"ref": "x" * 1_000})
    assert path.with_name("consult.db-wal").stat().st_size < 4_000_000
    assert path.stat().st_size > 450_000, "the rows are in the file, and not only in the log"
    database.close()


def test_deleted_rows_are_gone_from_sqlite_files(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "consult.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    submitted(database, archetype="to-be-forgotten")
    with database.writing() as session:
        session.execute(text("DELETE FROM drafts"))
    database.forget_deleted()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    database.close()
    assert b"to-be-forgotten" not in left


def test_what_was_saved_is_saved_even_when_the_log_cannot_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: whoever saved it must not be told that it was not."""
    with closing(Database(f"sqlite:///{tmp_path}/consult.db", synchronous="NORMAL")) as database:
        migrate.upgrade(database)
        monkeypatch.setattr("consult.storage.db.database._COMMITS_BETWEEN_CHECKPOINTS", 1)
        begun: list[object] = []

        @event.listens_for(database.engine, "begin")
        def fail_the_second_time(connection: object) -> None:
            begun.append(connection)
            if len(begun) == 2:
                raise OperationalError("BEGIN IMMEDIATE", None, Exception("disk is full"))

        with database.writing() as session:
            token = drafts.start(session, "2026-12", "quick", {})
        with database.reading() as session:
            assert drafts.load(session, token)
    assert len(begun) == 3
