"""Backups: complete, private, made while others write, and restored."""

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from consult.storage.db import migrate
from consult.storage.db.backup import (
    BackupError,
    NoBackupError,
    backup,
    backup_to,
    count_rows,
    restore,
)
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from consult.storage.tables.submission_tables import DraftRow, SubmissionRow
from tests.support.databases import ON_SQLITE, Clock, rows, write
from tests.support.postgres import PostgresServer, programs
from tests.support.submissions import CONTACT, lead_of, submitted


@pytest.fixture(autouse=True)
def _tools_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")


def test_restoring_replaces_everything_by_the_backup(database: Database, tmp_path: Path) -> None:
    submitted(database)
    backup(database, tmp_path / "copy")
    submitted(database)
    with database.writing() as session:
        session.execute(text("DELETE FROM drafts WHERE id = (SELECT min(id) FROM drafts)"))
    submitted(database)
    restore(database, tmp_path / "copy")
    assert len(rows(database, SubmissionRow)) == 1
    assert migrate.is_current(database)
    submitted(database)  # and the application goes on working with it
    assert len(rows(database, SubmissionRow)) == 2


def test_a_fresh_machine(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with closing(Database(database_url)) as old:
        token = submitted(old)
        backup(old, tmp_path / "copy")
    if old.is_sqlite:
        url = f"sqlite:///{tmp_path}/new/consult.db"
    else:
        url = request.getfixturevalue("postgres").create_database()
    with closing(Database(url)) as new:
        restore(new, tmp_path / "copy")
        assert migrate.is_current(new)
        assert lead_of(new, token).contact is None
        assert write(new, submission.save_contact, token, CONTACT)


def test_a_server_that_asks_for_a_password(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    url = postgres.require_password(postgres_url, "p@ss:w/rd 100%")
    with closing(Database(url)) as guarded:
        submitted(guarded)
        backup(guarded, tmp_path / "copy")
        submitted(guarded)
        restore(guarded, tmp_path / "copy")
        assert len(rows(guarded, SubmissionRow)) == 1


def test_a_backup_made_while_others_write_is_consistent(database: Database, tmp_path: Path) -> None:
    over = threading.Event()

    def write_pairs() -> None:
        while not over.is_set():
            with database.writing() as session:
                drafts.start(session, "2026-12", "quick", {})
                drafts.start(session, "2026-12", "quick", {})

    writer = threading.Thread(target=write_pairs)
    writer.start()
    try:
        for number in range(3):
            backup(database, tmp_path / f"copy{number}")
    finally:
        over.set()
        writer.join()
    restore(database, tmp_path / "copy2")
    assert len(rows(database, DraftRow)) % 2 == 0


def test_a_backup_is_private_and_replaces_no_file(database: Database, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup(database, copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".backup-*"))
    before = copy.read_bytes()
    with pytest.raises(BackupError, match="exists"):
        backup(database, copy)
    assert copy.read_bytes() == before
    with pytest.raises(BackupError, match="no folder"):
        backup(database, tmp_path / "missing" / "copy")


@ON_SQLITE
def test_a_folder_keeps_the_newest_and_what_is_not_ours(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    folder, made = tmp_path / "backups", []
    for keep in (None, None, None, 2):
        clock.go_on(hours=1)
        made.append(backup_to(database, folder, keep))
        (folder / "by-hand.backup").touch()
    assert sorted(folder.iterdir()) == [folder / "by-hand.backup", *made[2:]]
    assert made[3].name == f"relay-check-{clock():%Y-%m-%dT%H%M%SZ}.backup"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_backup_is_checked_without_the_database_it_is_of(
    database: Database, tmp_path: Path
) -> None:
    for _ in range(3):
        submitted(database)
    copy = tmp_path / "copy"
    backup(database, copy)
    submitted(database)
    assert count_rows(copy, ["submissions", "contacts"]) == {"submissions": 3, "contacts": 0}
    assert list(tmp_path.glob("*check*")) == []
    copy.write_bytes(copy.read_bytes()[:-40_000])
    with pytest.raises(NoBackupError, match=r"damaged|not a backup|malformed"):
        count_rows(copy, ["submissions"])


def test_disk_full(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(sqlite3.Connection):
        def execute(self, *_: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("database or disk is full")

    with closing(Database(f"sqlite:///{sqlite_template}")) as database:
        monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Full))
        with pytest.raises(BackupError, match="no copy was made: database or disk is full"):
            backup(database, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"x" * 5_000])
def test_only_backups_are_restored(database: Database, tmp_path: Path, content: bytes) -> None:
    submitted(database)
    (tmp_path / "file").write_bytes(content)
    for file in (tmp_path / "file", tmp_path / "missing"):
        with pytest.raises(NoBackupError, match=str(file)):
            restore(database, file)
    assert len(rows(database, SubmissionRow)) == 1


def test_a_backup_of_a_newer_version_is_refused(sqlite_template: Path, tmp_path: Path) -> None:
    newer, current = tmp_path / "newer", tmp_path / "current"
    for file in (newer, current):
        shutil.copy(sqlite_template, file)
    with closing(Database(f"sqlite:///{newer}")) as later, later.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with closing(Database(f"sqlite:///{current}")) as database:
        with pytest.raises(migrate.UnknownRevisionError):
            restore(database, newer)
        assert migrate.is_current(database)


def test_missing_tools(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = pytest.raises(BackupError, match="postgresql-client")
    with closing(Database(postgres_url)) as database, refused:
        backup(database, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
