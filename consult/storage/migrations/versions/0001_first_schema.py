"""The first schema: every table, and the triggers that freeze submissions and the audit log.

The statements are in `0001_first_schema.sqlite.sql` and `0001_first_schema.postgresql.sql`. A
published migration is never edited; the next change is a new file beside this one.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    engine = op.get_context().dialect.name
    script = Path(__file__).with_suffix(f".{engine}.sql").read_text("utf-8")
    for statement in script.split(";\n\n"):
        op.get_bind().exec_driver_sql(statement)
