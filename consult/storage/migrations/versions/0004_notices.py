"""What staff and other programs are told: news, choices, mails to staff, and webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)
KINDS = (
    "'finished', 'contact_given', 'consult_wanted', 'overdue', 'handed_over', 'handed_back', "
    "'digest'"
)


def upgrade() -> None:
    """Make the tables. Nobody is told of what happened before."""
    _notices()
    _endpoints()
    _staff_mails()
    _messages()


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True),
        _reference("submission_id", "submissions", required=True, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(100), nullable=False, unique=True),
        sa.Column("at", MOMENT, nullable=False),
        _reference("for_id", "staff_users"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind_known"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notice_choices",
        _reference("user_id", "staff_users", primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("reach", sa.String(8), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind_known"),
        sa.CheckConstraint("reach IN ('every', 'mine', 'none')", name="reach_known"),
    )


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("fixed", sa.Boolean, nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("with_contact", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("off_reason", sa.String(8)),
        sa.Column("failing_since", MOMENT),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("secret_check", sa.String(64), nullable=False),
        sa.Column("old_salt", sa.String(64)),
        sa.Column("old_until", MOMENT),
        sa.Column("made_by_id", sa.Integer, sa.ForeignKey("staff_users.id")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(address) BETWEEN 1 AND 2000", name="address_length"),
        sa.CheckConstraint("off_reason IN ('by_hand', 'failing', 'gone')", name="off_reason_known"),
        sa.CheckConstraint("active = (off_reason IS NULL)", name="off_has_reason"),
        sa.CheckConstraint("(old_salt IS NULL) = (old_until IS NULL)", name="old_secret_ends"),
    )


def _staff_mails() -> None:
    op.create_table(
        "staff_mails",
        sa.Column("id", sa.Integer, primary_key=True),
        _reference("user_id", "staff_users", required=True, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        _reference("notice_id", "notices", index=True),
        sa.Column("day", sa.Date),
        _reference("endpoint_id", "webhook_endpoints"),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("handed_to", sa.String(8)),
        sa.CheckConstraint("handed_to IN ('server', 'folder')", name="handed_to_known"),
        sa.CheckConstraint("(sent_at IS NULL) = (handed_to IS NULL)", name="sent_is_known"),
        sqlite_autoincrement=True,
    )


def _messages() -> None:
    op.create_table(
        "webhook_messages",
        sa.Column("id", sa.Integer, primary_key=True),
        _reference("endpoint_id", "webhook_endpoints", required=True),
        _reference("notice_id", "notices", index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("webhook_id", sa.String(64), nullable=False, unique=True),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        sa.Column("delivered_at", MOMENT),
        sa.CheckConstraint(
            "kind IN ('finished', 'contact_given', 'consult_wanted', 'overdue', 'test')",
            name="kind_known",
        ),
        sa.CheckConstraint("(kind = 'test') = (notice_id IS NULL)", name="test_has_no_notice"),
        sa.CheckConstraint("round >= 1", name="round_positive"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_messages_endpoint", "webhook_messages", ["endpoint_id", "id"])
    op.create_table(
        "webhook_tries",
        sa.Column("id", sa.Integer, primary_key=True),
        _reference("message_id", "webhook_messages", required=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("answer", sa.String(200), nullable=False),
    )
    op.create_index("ix_webhook_tries_message", "webhook_tries", ["message_id", "id"])


def _reference(
    name: str,
    table: str,
    *,
    required: bool = False,
    primary_key: bool = False,
    index: bool = False,
) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.Integer,
        sa.ForeignKey(f"{table}.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=not (required or primary_key),
        index=index,
    )
