"""Backup and restore: a consistent copy of the database, also while the application runs.

A copy is proven by restoring it where nobody is disturbed: see `count_rows`.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select, table

from consult.storage.db import migrate
from consult.storage.db.database import Database

_NAMES = "relay-check-*.backup"
_PG_DUMP = b"PGDMP"


class BackupError(Exception):
    """The backup or the restore failed; the text is for the operator."""


class NoBackupError(BackupError):
    """The file that was named is missing, damaged or something else."""


def backup(database: Database, file: Path) -> None:
    """Write a copy of the database to a new file, readable by its owner alone.

    For SQLite the copy is a database file; for PostgreSQL it is the output of ``pg_dump``. The file
    appears under its name only when it is complete and checked. Raises BackupError when it exists,
    cannot be written, or PostgreSQL's tools are missing.
    """
    if file.exists():
        raise BackupError(f"{file} exists already; choose another name")
    if not file.parent.is_dir():
        raise BackupError(f"there is no folder {file.parent}")
    # In a private folder: no other user can read the copy, not even while it is written.
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        partial = Path(folder, "copy")
        if database.sqlite_file:
            _copy_sqlite(database.sqlite_file, partial)
        else:
            _postgres_tool(database, "pg_dump", "--format=custom", f"--file={partial}")
        partial.chmod(0o600)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(file)


def restore(database: Database, file: Path) -> None:
    """Replace everything in the database by the content of a backup, then run newer migrations.

    All or nothing, also while the application runs: what was saved since the backup is lost. Raises
    BackupError, NoBackupError if it's the file's fault, and UnknownRevisionError for a newer one.
    """
    if not file.is_file():
        raise NoBackupError(f"there is no file {file}")
    if database.sqlite_file:
        _restore_sqlite(database.sqlite_file, file)
    elif not _is_dump(file):
        raise NoBackupError(
            f"{file} is not a backup of this application: pg_dump makes other files"
        )
    else:
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
        _postgres_tool(database, "pg_restore", *options, str(file))
    migrate.upgrade(database)


def backup_to(database: Database, folder: Path, keep: int | None) -> Path:
    """Write a backup named after the time into a folder, and delete all but the newest `keep`.

    Raises BackupError likewise; then nothing is deleted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"relay-check-{database.clock():%Y-%m-%dT%H%M%SZ}.backup"
    backup(database, file)
    for older in sorted(folder.glob(_NAMES))[: -keep if keep else 0]:
        older.unlink()
    return file


def newest(folder: Path) -> Path:
    """The newest backup in a folder; raises NoBackupError where there is none."""
    files = sorted(folder.glob(_NAMES))
    if not files:
        raise NoBackupError(f"there is no backup in {folder}")
    return files[-1]


def count_rows(file: Path, tables: Collection[str]) -> dict[str, int]:
    """Read all of a backup, whatever database it is of, and count the rows of these tables.

    A copy of SQLite is restored into a file that is deleted afterwards, with newer migrations; one
    of PostgreSQL is unpacked by `pg_restore`, without a server. Raises what `restore` raises.
    """
    if not file.is_file():
        raise NoBackupError(f"there is no file {file}")
    if _is_dump(file):
        return _count_in_dump(file, tables)
    # Beside the backup, in a private folder: the system's own may have no room for it.
    with (
        tempfile.TemporaryDirectory(dir=file.parent, prefix=".check-") as folder,
        closing(Database(f"sqlite:///{folder}/restored.db")) as database,
    ):
        restore(database, file)
        with database.reading() as session:
            counts = {t: session.scalar(select(func.count()).select_from(table(t))) for t in tables}
        return {name: count or 0 for name, count in counts.items()}


def _is_dump(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_PG_DUMP)) == _PG_DUMP


def _count_in_dump(file: Path, tables: Collection[str]) -> dict[str, int]:
    program = _find_tool("pg_restore")
    counts, current = dict.fromkeys(tables, 0), ""
    with subprocess.Popen(
        [program, "--file=-", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as unpacking:
        for line in unpacking.stdout or ():
            if line.startswith(b"COPY "):  # COPY public.leads (id, …) FROM stdin;
                current = line.split()[1].decode().rpartition(".")[2]
            elif line == b"\\.\n":
                current = ""
            elif current in counts:
                counts[current] += 1
        error = unpacking.stderr.read().decode() if unpacking.stderr else ""
    if unpacking.returncode != 0:
        raise NoBackupError(f"{file} is damaged: {error.strip()}")
    return counts


def _copy_sqlite(live: Path, copy: Path) -> None:
    try:
        # Autocommit: VACUUM refuses to run in a transaction.
        with closing(sqlite3.connect(live, isolation_level=None)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise BackupError(f"no copy was made: {error}") from error
    with closing(_open_backup(copy)):
        pass


def _restore_sqlite(live: Path, file: Path) -> None:
    with closing(_open_backup(file)) as source:
        for (revision,) in source.execute("SELECT version_num FROM alembic_version"):
            migrate.refuse_unknown(revision)
        try:
            with closing(sqlite3.connect(live)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            raise BackupError(f"nothing was restored: {error}") from error


def _open_backup(file: Path) -> sqlite3.Connection:
    """Open a copy, read-only, after checking that it is complete."""
    source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        result = source.execute("PRAGMA integrity_check").fetchone()[0]
        source.execute("SELECT 1 FROM alembic_version")
    except sqlite3.DatabaseError as error:
        source.close()
        raise NoBackupError(f"{file} is not a backup of this application: {error}") from error
    if result != "ok":
        source.close()
        raise NoBackupError(f"{file} is damaged: {result}")
    return source


def _find_tool(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise BackupError(f"{name} is not installed: apt-get install postgresql-client")
    return program


def _postgres_tool(database: Database, tool: str, *arguments: str) -> None:
    program = _find_tool(tool)
    url = database.engine.url
    # The password is passed by the environment: every user of the machine can read arguments.
    address = url.set(drivername="postgresql")._replace(password=None).render_as_string()
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
