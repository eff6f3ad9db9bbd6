"""Alembic's entry: run the migrations on the connection that ``schema.upgrade`` opened."""

from alembic import context

from consult.storage import models, staff_tables
from consult.storage.base import Base

TABLES_OF = (models, staff_tables)  # importing them registers their tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # SQLite changes a table by copying it; PostgreSQL ignores this.
    render_as_batch=True,
)
context.run_migrations()
