"""Alembic's entry: run the migrations on the connection that ``migrate.upgrade`` opened."""

from alembic import context

from consult.storage.tables import ALL_TABLES

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=ALL_TABLES,
    # SQLite changes a table by copying it; PostgreSQL ignores this.
    render_as_batch=True,
)
context.run_migrations()
