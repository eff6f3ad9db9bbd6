"""What staff sign in with besides a password, and when they last proved who they are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; who is signed in has proved it when they did so."""
    _sessions()
    op.create_table(
        "staff_authenticators",
        _person(primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint("last_step >= 0", name="last_step_not_negative"),
    )
    op.create_table(
        "staff_passkeys",
        sa.Column("id", sa.Integer, primary_key=True),
        _person(index=True),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("user_handle", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name="name_length"),
        sa.CheckConstraint("sign_count >= 0", name="sign_count_not_negative"),
    )
    op.create_table(
        "staff_recovery_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        _person(index=True),
        sa.Column("used_at", MOMENT),
    )
    op.create_table(
        "staff_identities",
        sa.Column("id", sa.Integer, primary_key=True),
        _person(),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(issuer) BETWEEN 1 AND 255", name="issuer_length"),
        sa.CheckConstraint("length(subject) BETWEEN 1 AND 255", name="subject_length"),
    )
    op.create_index(
        "uq_staff_identities_subject", "staff_identities", ["issuer", "subject"], unique=True
    )
    op.create_index(
        "uq_staff_identities_user", "staff_identities", ["user_id", "issuer"], unique=True
    )
    op.create_table(
        "staff_spent",
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("expires_at", MOMENT, nullable=False, index=True),
    )


def _sessions() -> None:
    op.add_column("staff_sessions", sa.Column("proven_at", MOMENT))
    op.add_column("staff_sessions", sa.Column("means", sa.String(16)))
    op.execute("UPDATE staff_sessions SET proven_at = created_at, means = 'password'")
    with op.batch_alter_table("staff_sessions") as table:
        table.alter_column("proven_at", existing_type=MOMENT, nullable=False)
        table.alter_column("means", existing_type=sa.String(16), nullable=False)


def _person(*, primary_key: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        "user_id",
        sa.Integer,
        sa.ForeignKey("staff_users.id", ondelete="CASCADE"),
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        index=index,
    )
