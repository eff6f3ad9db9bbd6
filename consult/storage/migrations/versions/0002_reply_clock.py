"""When each reply clock started, and under which hours a reply was promised."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    time = "DATETIME" if is_sqlite else "TIMESTAMP WITH TIME ZONE"
    op.execute(f"ALTER TABLE leads ADD COLUMN clock_started_at {time}")
    op.execute("ALTER TABLE leads ADD COLUMN clock_hours TEXT")
    op.execute(
        "UPDATE leads SET clock_started_at = COALESCE((SELECT MIN(at) FROM lead_events WHERE "
        "lead_events.submission_id = leads.submission_id AND kind = 'contact_left'), submitted_at) "
        "WHERE due_at IS NOT NULL"
    )
