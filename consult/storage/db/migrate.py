"""The schema's version: bring a database up to date, or say that it is not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from consult.storage.db.database import Database

_MIGRATIONS = Path(__file__).parents[1] / "migrations"
# Any fixed number: machines that start together upgrade one after the other.
_UPGRADE_LOCK = 7_307_529_251


class UnknownRevisionError(Exception):
    """The database was written by a newer version of this program."""


def upgrade(database: Database) -> None:
    """Run the migrations that this database still lacks, all or none of them.

    Raises UnknownRevisionError when the database is newer than this program.
    """
    with database.migrating() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
        found = _revision(connection)
        if found is not None:
            refuse_unknown(found)
        command.upgrade(_config(connection), "head")


def is_new(database: Database) -> bool:
    with database.engine.connect() as connection:
        return _revision(connection) is None


def is_current(database: Database) -> bool:
    """Whether no migration is missing; raises UnknownRevisionError for a newer database."""
    with database.engine.connect() as connection:
        found = _revision(connection)
    if found is not None:
        refuse_unknown(found)
    return found == ScriptDirectory.from_config(_config()).get_current_head()


def refuse_unknown(revision: str) -> None:
    """Raise UnknownRevisionError for a revision that this program has no migration for."""
    scripts = ScriptDirectory.from_config(_config())
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise UnknownRevisionError(
            f"the database is at revision {revision}, which this version does not know; "
            "use the newer version that wrote it"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
