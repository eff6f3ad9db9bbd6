"""Exports that are made by the worker, and their files."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of exports."""
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("staff_users.id"), nullable=False, index=True),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column(
            "submission_id",
            sa.Integer,
            sa.ForeignKey("submissions.id", ondelete="CASCADE"),
            index=True,
        ),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'pdf')", name="format_known"),
        sa.CheckConstraint("state IN ('making', 'ready', 'withdrawn')", name="state_known"),
        sa.CheckConstraint("(state = 'making') = (finished_at IS NULL)", name="finished_has_time"),
        sa.CheckConstraint(
            "(format = 'pdf') = (submission_id IS NOT NULL)", name="record_has_lead"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "export_parts",
        sa.Column(
            "export_id",
            sa.Integer,
            sa.ForeignKey("exports.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
