"""`consult db`: the schema of the database and backups; `consult settings`: its overrides, too."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError, TimeoutError

from consult.commands import CommandError, UsageError, reason
from consult.settings.schema import Settings
from consult.settings.setting_sources import describe, load_settings, with_overrides
from consult.storage.db import backup, migrate
from consult.storage.db.database import Database
from consult.storage.db.engines import outage
from consult.storage.settings.setting_overrides import all_overrides


class DatabaseAwayError(CommandError):
    """The database can't be used right now; another time, the same command may work."""


@contextmanager
def open_database(settings: Settings, *, checked: bool = True) -> Iterator[Database]:
    """Open the database of the settings for one command, and close it afterwards.

    Where `checked`, a new SQLite database gets its tables: it has no data to lose. Raises
    DatabaseAwayError while it can't be reached or written to, and CommandError where, if `checked`,
    it lacks a migration.
    """
    if file := embedded_file(settings):
        _refuse_unwritable(file)
    try:
        database = Database(
            settings.database_url,
            synchronous=settings.sqlite_synchronous,
            draft_days=settings.retention_days_drafts,
        )
    except OSError as error:
        raise CommandError(f"the database cannot be opened: {reason(error)}") from error
    try:
        if checked and database.is_sqlite and migrate.is_new(database):
            migrate.upgrade(database)
        if checked and not migrate.is_current(database):
            raise CommandError("the database is not up to date; run: consult db upgrade")
        yield database
    except migrate.UnknownRevisionError as error:
        raise CommandError(str(error)) from error
    except SQLAlchemyError as error:
        if type(error) not in (OperationalError, DatabaseError, TimeoutError) and not outage(error):
            raise  # a bug of ours: the traceback shows where
        cause = error.orig if isinstance(error, DatabaseError) else error
        kind = DatabaseAwayError if outage(error) else CommandError
        raise kind(f"the database does not answer: {' '.join(str(cause).split())}") from error
    finally:
        database.close()


def embedded_file(settings: Settings) -> Path | None:
    """The file of the embedded database, which may not be there yet; None if another is used."""
    path = settings.database_url.removeprefix("sqlite:///")
    return Path(path) if settings.embedded_database else None


def settings_in_effect(base: Settings, database: Database) -> Settings:
    """The settings with those of the staff area, which `base`, as loaded, doesn't have."""
    with database.reading() as session:
        return with_overrides(base, all_overrides(session))


def existing_folder(folder: Path) -> Path:
    """The folder, or the one in which it will be created."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _refuse_unwritable(file: Path) -> None:
    """Raise CommandError where the database, or the files that SQLite puts beside it, can't be."""
    folder = existing_folder(file.parent)
    beside = (Path(f"{file}{end}") for end in ("-wal", "-shm"))
    for place in (folder, file, *beside):
        if place.exists() and not os.access(place, os.W_OK):
            owner = f"{os.getuid()}:{os.getgid()}"
            raise CommandError(
                f"user {os.getuid()} may not write to {place}, where data is stored; it belongs to "
                f"another user (as root: chown -R {owner} {place}) or is mounted read-only"
            )


_path = click.Path(dir_okay=False, path_type=Path)


@click.group()
def db() -> None:
    """Manage the database."""


@db.command()
def upgrade() -> None:
    """Run the missing migrations; create the database if there is none."""
    upgrade_database(load_settings())


def upgrade_database(settings: Settings) -> None:
    """Run the missing migrations; raises CommandError for a newer database, among others."""
    with open_database(settings, checked=False) as database, _explain_errors():
        migrate.upgrade(database)


@db.command(name="backup")
@click.argument("file", required=False, type=_path)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Instead of FILE: a folder; the copy is named after the time.",
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    help="With --to: keep this many of the newest, and delete the rest.",
)
def make_backup(file: Path | None, folder: Path | None, keep: int | None) -> None:
    """Write a consistent copy of the database to FILE, also while the app runs."""
    if (file is None) == (folder is None) or (keep and not folder):
        raise UsageError("name either a FILE, or a folder by --to, with or without --keep")
    settings = load_settings()
    with open_database(settings) as database, _explain_errors():
        if folder:
            file = backup.backup_to(database, folder, keep)
            click.echo(file)
        elif file:
            backup.backup(database, file)
    with suppress(OSError):  # it may have been made by another user
        settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.last_backup_file.write_text(f"{file and file.resolve()}\n", "utf-8")


_COUNTED = {"submissions": "leads", "staff_users": "accounts", "drafts": "questionnaires"}


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing: check that FILE, or the newest backup in a folder, can be restored.",
)
def restore(file: Path, check: bool) -> None:
    """Replace everything in the database with the backup in FILE; later changes are lost."""
    if check:
        with _explain_errors():
            file = backup.newest(file) if file.is_dir() else file
            counts = backup.count_rows(file, _COUNTED)
        found = ", ".join(f"{counts[table]:,} {name}" for table, name in _COUNTED.items())
        click.echo(f"{file} can be restored: {found}.")
        return
    if sys.stdin.isatty():
        click.confirm("Replace everything in the database with the backup?", abort=True)
    with open_database(load_settings(), checked=False) as database, _explain_errors():
        backup.restore(database, file)


@contextmanager
def _explain_errors() -> Iterator[None]:
    try:
        yield
    except backup.NoBackupError as error:
        raise UsageError(str(error)) from error
    except (backup.BackupError, migrate.UnknownRevisionError) as error:
        raise CommandError(str(error)) from error


@click.command()
def settings() -> None:
    """Show every setting: its value, the origin of the value, and its meaning."""
    width = min(shutil.get_terminal_size().columns, 100)
    base = load_settings()
    for setting in describe(base, overrides=_stored_overrides(base)):
        click.echo(f"{setting.variable} = {setting.value}  [{setting.origin}]")
        click.echo(
            textwrap.fill(setting.meaning, width, initial_indent="    ", subsequent_indent="    ")
        )


def _stored_overrides(base: Settings) -> Mapping[str, Any]:
    """The settings of the staff area; none while there is no database."""
    file = embedded_file(base)
    if file and not file.exists():
        return {}
    try:
        with open_database(base) as database, database.reading() as session:
            return all_overrides(session)
    except CommandError as error:
        click.echo(f"consult: settings of the staff area are left out: {error.message}", err=True)
        return {}
