"""Indexes by which the audit log is filtered: by person and by action."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_audit_log_person", "audit_log", ["by_id", "id"])
    op.create_index("ix_audit_log_action", "audit_log", ["action", "id"])
