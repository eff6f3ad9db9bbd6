"""A consistent copy of the whole database, made while the application runs, and the way back."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from consult.storage.db import migrate
from consult.storage.db.database import Database


class BackupError(Exception):
    """No copy was made, or nothing was restored; the text is for the operator."""


def backup(database: Database, file: Path) -> None:
    """Write a copy of the database to a new file, readable by its owner alone.

    For SQLite the copy is a database file; for PostgreSQL it is what ``pg_dump`` makes. Either it
    is whole and checked when it appears under its name, or it does not appear.

    Raises:
        BackupError: the file exists, cannot be written, or PostgreSQL's tools are missing.
    """
    if file.exists():
        raise BackupError(f"{file} exists already; give the copy another name")
    if not file.parent.is_dir():
        raise BackupError(f"there is no folder {file.parent}")
    # A private folder beside it: the copy is nobody else's to read, not even while it grows.
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        growing = Path(folder, "copy")
        if database.sqlite_file:
            _copy_sqlite(database.sqlite_file, growing)
        else:
            _postgres_tool(database, "pg_dump", "--format=custom", f"--file={growing}")
        growing.chmod(0o600)
        _to_disk(growing)
        growing.rename(file)


def restore(database: Database, file: Path) -> None:
    """Replace everything in the database by what a backup holds, then run newer migrations.

    All or nothing, also while the application runs: what was saved since the backup is gone.

    Raises:
        BackupError: the file is no backup, or is damaged.
        schema.UnknownRevisionError: it was made by a newer version of this program.
    """
    if not file.is_file():
        raise BackupError(f"there is no file {file}")
    if database.sqlite_file:
        _restore_sqlite(database.sqlite_file, file)
    else:
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
        _postgres_tool(database, "pg_restore", *options, str(file))
    migrate.upgrade(database)


def _copy_sqlite(live: Path, copy: Path) -> None:
    try:
        # Autocommit: VACUUM refuses to run in a transaction.
        with closing(sqlite3.connect(live, isolation_level=None)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as fault:
        raise BackupError(f"no copy was made: {fault}") from fault
    with closing(_open_backup(copy)):
        pass


def _restore_sqlite(live: Path, file: Path) -> None:
    with closing(_open_backup(file)) as source:
        _refuse_newer(source)
        try:
            with closing(sqlite3.connect(live)) as target:
                source.backup(target)
        except sqlite3.Error as fault:
            raise BackupError(f"nothing was restored: {fault}") from fault


def _open_backup(file: Path) -> sqlite3.Connection:
    """Open a copy that is whole; it is never written to."""
    source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        verdict = source.execute("PRAGMA integrity_check").fetchone()[0]
        source.execute("SELECT 1 FROM alembic_version")
    except sqlite3.DatabaseError as fault:
        source.close()
        raise BackupError(f"{file} is not a backup of this application: {fault}") from fault
    if verdict != "ok":
        source.close()
        raise BackupError(f"{file} is damaged: {verdict}")
    return source


def _refuse_newer(source: sqlite3.Connection) -> None:
    for (revision,) in source.execute("SELECT version_num FROM alembic_version"):
        migrate.refuse_unknown(revision)


def _postgres_tool(database: Database, tool: str, *arguments: str) -> None:
    program = shutil.which(tool)
    if program is None:
        raise BackupError(f"{tool} is not installed: apt-get install postgresql-client")
    url = database.engine.url
    # The password goes by the environment: arguments can be read by every user of the machine.
    address = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    ran = subprocess.run(
        [program, f"--dbname={address}", *arguments],
        env={**os.environ, **password},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise BackupError(f"{tool} failed: {ran.stderr.strip()}")


def _to_disk(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
