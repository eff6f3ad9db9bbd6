"""`consult db`: the database's schema and copies of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from consult.commands.command_errors import Failure
from consult.settings import Settings, load_settings
from consult.storage.db import backup, migrate
from consult.storage.db.database import Database


@contextmanager
def open_database(settings: Settings, *, checked: bool = True) -> Iterator[Database]:
    """Open the database of the settings for one command, and close it afterwards.

    Where `checked`, a new embedded database gets its tables: it has nothing yet that could come to
    harm. Raises Failure when a database cannot be reached or, where `checked`, lacks a migration.
    """
    try:
        database = Database(
            settings.database_url,
            synchronous=settings.sqlite_synchronous,
            draft_days=settings.retention_days_drafts,
        )
    except OSError as error:
        raise Failure(f"the database cannot be opened: {error}") from error
    try:
        if checked and database.is_sqlite and migrate.is_new(database):
            migrate.upgrade(database)
        if checked and not migrate.is_current(database):
            raise Failure("the database is not up to date; run: consult db upgrade")
        yield database
    except DatabaseError as error:
        if type(error) not in (OperationalError, DatabaseError):
            raise  # what we asked of it was wrong, and it says where
        raise Failure(f"the database does not answer: {error.orig}") from error
    finally:
        database.close()


_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database up to date; make it if there is none."""
    with open_database(load_settings(), checked=False) as database, _explained():
        migrate.upgrade(database)


@db.command(name="backup")
@_file
def make_backup(file: Path) -> None:
    """Write a consistent copy of the database to FILE, also while the app runs."""
    with open_database(load_settings()) as database, _explained():
        backup.backup(database, file)


@db.command()
@_file
def restore(file: Path) -> None:
    """Replace everything in the database by the backup in FILE; what came later is gone."""
    if sys.stdin.isatty():
        click.confirm("Replace everything in the database by the backup?", abort=True)
    with open_database(load_settings(), checked=False) as database, _explained():
        backup.restore(database, file)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (backup.BackupError, migrate.UnknownRevisionError) as error:
        raise Failure(str(error)) from error
