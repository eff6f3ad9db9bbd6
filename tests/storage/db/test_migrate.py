"""Migrations: they make exactly the tables of the models, all or nothing, on both engines."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from consult.storage.db import migrate
from consult.storage.db.base import Base
from consult.storage.db.database import Database
from tests.support.concurrency import at_once


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    with closing(Database(empty_database_url, synchronous="NORMAL")) as database:
        yield database


def test_upgrading_makes_a_database_current_and_again_changes_nothing(empty: Database) -> None:
    assert not migrate.is_current(empty)
    for _ in range(2):
        migrate.upgrade(empty)
        assert migrate.is_current(empty)


# What the database derives is compared with leads (`tests/storage/leads`).
@pytest.mark.filterwarnings("ignore:Computed default on leads.next_at:UserWarning")
def test_the_migrations_make_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_the_checks_of_the_models(database: Database) -> None:
    """Alembic does not compare CHECK constraints, and ours define what the rows mean."""
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        made = {check["name"] for check in inspector.get_check_constraints(table.name)}
        wanted = {str(rule.name) for rule in table.constraints if isinstance(rule, CheckConstraint)}
        assert made == wanted


def test_programs_that_start_together_upgrade_once(empty: Database) -> None:
    url = empty.engine.url.render_as_string(hide_password=False)

    def upgrade() -> None:
        with closing(Database(url)) as own:
            migrate.upgrade(own)

    at_once(*[upgrade] * 4)
    assert migrate.is_current(empty)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    change = text("UPDATE alembic_version SET version_num = :to")
    with database.writing() as session:
        newest = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(change, {"to": "9999"})
    try:
        with pytest.raises(migrate.UnknownRevisionError, match="9999"):
            migrate.upgrade(database)
        with pytest.raises(migrate.UnknownRevisionError, match="use the newer version"):
            migrate.is_current(database)
    finally:
        with database.writing() as session:
            session.execute(change, {"to": newest})


def test_a_migration_that_fails_changes_nothing(empty: Database) -> None:
    def fail_half_way() -> None:
        with empty.migrating() as connection:
            connection.execute(text("CREATE TABLE half (id INTEGER)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert inspect(empty.engine).get_table_names() == []


def test_recreating_an_sqlite_table_keeps_the_rows_that_refer_to_it(tmp_path: Path) -> None:
    """The old table is dropped then; with foreign keys on, that would empty its children."""
    with closing(Database(f"sqlite:///{tmp_path}/consult.db")) as database:
        with database.migrating() as connection:
            for statement in (
                "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
                "CREATE TABLE children (id INTEGER REFERENCES parents ON DELETE CASCADE)",
                "INSERT INTO parents VALUES (1)",
                "INSERT INTO children VALUES (1)",
                "CREATE TABLE remade (id INTEGER PRIMARY KEY)",
                "INSERT INTO remade SELECT * FROM parents",
                "DROP TABLE parents",
                "ALTER TABLE remade RENAME TO parents",
            ):
                connection.execute(text(statement))
        with database.engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM children")) == 1
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_migration_that_orphans_rows_is_refused(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/consult.db")) as database:
        migrate.upgrade(database)
        refused = pytest.raises(RuntimeError, match="without parent")
        with refused, database.migrating() as connection:
            connection.execute(
                text("INSERT INTO documents VALUES (9, 'report', 1, x'00', '', '2026-01-01')")
            )
