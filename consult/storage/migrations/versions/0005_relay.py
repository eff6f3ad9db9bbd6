"""Which version of a lead each event made; and a holder for each lead that waits for one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column and the index, and give the leads that are there to who catches new ones."""
    op.add_column("lead_events", sa.Column("version", sa.Integer))
    op.create_index("ix_lead_events_kind", "lead_events", ["kind", "at"])
    op.execute(
        "UPDATE leads SET holder_id = (SELECT id FROM staff_users WHERE active "
        "ORDER BY CASE role WHEN 'admin' THEN 0 ELSE 1 END, created_at, id LIMIT 1) "
        "WHERE holder_id IS NULL"
    )
