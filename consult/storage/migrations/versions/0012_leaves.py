"""Leave to be written to once about an unfinished check."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "leaves",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "check_id",
            sa.Integer,
            sa.ForeignKey("checks.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("address", sa.String(254)),
        sa.Column("consent_text", sa.Text, nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("sealed_token", sa.LargeBinary),
        sa.Column("asked_at", MOMENT),
        sa.Column("written_at", MOMENT),
        sa.CheckConstraint("length(address) BETWEEN 1 AND 254", name="address_length"),
        sa.CheckConstraint("length(consent_text) >= 1", name="consent_text_present"),
        sa.CheckConstraint(
            "(written_at IS NULL) = (address IS NOT NULL) "
            "AND (written_at IS NULL) = (sealed_token IS NOT NULL)",
            name="written_is_forgotten",
        ),
        sqlite_autoincrement=True,
    )
