"""Jobs that nobody waits for let the others go first."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column, and let the open documents of demo leads wait."""
    op.add_column("jobs", sa.Column("patience", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE jobs SET patience = 1 WHERE state IN ('ready', 'leased') "
        "AND submission_id IN (SELECT id FROM submissions WHERE demo)"
    )
