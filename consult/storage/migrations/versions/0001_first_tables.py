"""The first tables, and the triggers that freeze a submission.

A published migration is never edited; the next change is a new file beside this one. Types are
spelled out here, not imported from the models, which will move on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True)

FROZEN = (
    "check_id, result_token_hash, submitted_at, edition, depth, answers, wording, scorecard, "
    "report, separation, handoff, archetype, consult, seconds_taken, demo"
)


def upgrade() -> None:
    """Make all tables."""
    _checks_and_submissions()
    _contacts_and_documents()
    _mails()
    _jobs_and_limits()
    _staff()
    _freeze_submissions()


def _checks_and_submissions() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("edition", sa.String(32), nullable=False),
        sa.Column("depth", sa.String(8), nullable=False),
        sa.Column("answers", DOCUMENT, nullable=False),
        sa.Column("source", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False, index=True),
        sa.CheckConstraint("depth IN ('quick', 'full')", name="depth_known"),
        sa.CheckConstraint("length(edition) BETWEEN 1 AND 32", name="edition_length"),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "check_id",
            sa.Integer,
            sa.ForeignKey("checks.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("result_token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("edition", sa.String(32), nullable=False),
        sa.Column("depth", sa.String(8), nullable=False),
        sa.Column("answers", DOCUMENT, nullable=False),
        sa.Column("wording", DOCUMENT, nullable=False),
        sa.Column("scorecard", DOCUMENT, nullable=False),
        sa.Column("report", DOCUMENT, nullable=False),
        sa.Column("separation", sa.Double, nullable=False),
        sa.Column("handoff", sa.Double, nullable=False),
        sa.Column("archetype", sa.String(64), nullable=False),
        sa.Column("consult", sa.String(8), nullable=False),
        sa.Column("seconds_taken", sa.Integer, nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        sa.Column("report_revision", sa.Integer, nullable=False),
        sa.CheckConstraint("depth IN ('quick', 'full')", name="depth_known"),
        sa.CheckConstraint("consult IN ('yes', 'optional', 'not_now')", name="consult_known"),
        sa.CheckConstraint("length(edition) BETWEEN 1 AND 32", name="edition_length"),
        sa.CheckConstraint("length(archetype) BETWEEN 1 AND 64", name="archetype_length"),
        sa.CheckConstraint("CAST(answers AS TEXT) <> '{}'", name="answers_present"),
        sa.CheckConstraint("CAST(wording AS TEXT) <> '{}'", name="wording_present"),
        sa.CheckConstraint("CAST(scorecard AS TEXT) <> '{}'", name="scorecard_present"),
        sa.CheckConstraint("CAST(report AS TEXT) <> '{}'", name="report_present"),
        sa.CheckConstraint("separation BETWEEN 0 AND 100", name="separation_in_range"),
        sa.CheckConstraint("handoff BETWEEN 0 AND 100", name="handoff_in_range"),
        sa.CheckConstraint("seconds_taken >= 0", name="seconds_taken_positive"),
        sa.CheckConstraint("report_revision >= 1", name="report_revision_positive"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_submissions_newest", "submissions", ["submitted_at", "id"])


def _contacts_and_documents() -> None:
    op.create_table(
        "contacts",
        _submission_id(primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False, index=True),
        sa.Column("business", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(40)),
        sa.Column("wants_consult", sa.Boolean, nullable=False),
        sa.Column("consent_text", sa.Text, nullable=False),
        sa.Column("consented_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        sa.CheckConstraint("length(email) BETWEEN 1 AND 254", name="email_length"),
        sa.CheckConstraint("length(business) BETWEEN 1 AND 200", name="business_length"),
        sa.CheckConstraint("length(phone) BETWEEN 1 AND 40", name="phone_length"),
        sa.CheckConstraint("length(consent_text) >= 1", name="consent_text_present"),
    )
    op.create_table(
        "documents",
        _submission_id(primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rendered_at", MOMENT, nullable=False),
        sa.CheckConstraint("revision >= 1", name="revision_positive"),
        sa.CheckConstraint("length(content) > 0", name="content_present"),
    )


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer, primary_key=True),
        _submission_id(required=True, index=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("handed_to", sa.String(8)),
        sa.Column("subject", sa.String(200)),
        sa.Column("body", sa.Text),
        sa.CheckConstraint("length(address) BETWEEN 1 AND 254", name="address_length"),
        sa.CheckConstraint("handed_to IN ('server', 'folder')", name="handed_to_known"),
        sa.CheckConstraint(
            "(sent_at IS NULL) = (handed_to IS NULL) AND (sent_at IS NULL) = (subject IS NULL) "
            "AND (sent_at IS NULL) = (body IS NULL)",
            name="sent_is_known",
        ),
        sqlite_autoincrement=True,
    )


def _jobs_and_limits() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("dedupe_key", sa.String(200), nullable=False, unique=True),
        _submission_id(index=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.CheckConstraint("state IN ('ready', 'leased', 'done', 'dead')", name="state_known"),
        sa.CheckConstraint("attempts >= 0", name="attempts_positive"),
        sa.CheckConstraint(
            "(state = 'leased') = (lease_token IS NOT NULL)", name="leased_has_token"
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)", name="finished_has_time"
        ),
    )
    is_open = sa.text("state IN ('ready', 'leased')")
    op.create_index(
        "ix_jobs_due", "jobs", ["run_at"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False, index=True),
    )


def _staff() -> None:
    op.create_table(
        "staff_users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("uniquifier", sa.String(64), nullable=False, unique=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('staff', 'admin')", name="role_known"),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.CheckConstraint("length(email) BETWEEN 3 AND 254", name="email_length"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        sa.CheckConstraint("length(password_hash) >= 1", name="password_hash_present"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column(
            "user_id",
            sa.Integer,
            sa.ForeignKey("staff_users.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("network_hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_staff_sessions_user", "staff_sessions", ["user_id", "ended_at"])
    op.create_table(
        "staff_invitations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("email", sa.String(254), index=True),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.CheckConstraint("role IN ('staff', 'admin')", name="role_known"),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.CheckConstraint("length(email) BETWEEN 3 AND 254", name="email_length"),
        sa.CheckConstraint("expires_at >= created_at", name="expires_later"),
    )


def _freeze_submissions() -> None:
    """Refuse every change of what was frozen; deleting stays possible, or retention would not."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER submissions_frozen BEFORE UPDATE OF {FROZEN} ON submissions "
            "BEGIN SELECT RAISE(ABORT, 'a submission is frozen'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a submission is frozen' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER submissions_frozen BEFORE UPDATE OF {FROZEN} ON submissions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_frozen()"
    )


def _submission_id(
    *, primary_key: bool = False, required: bool = False, index: bool = False
) -> sa.Column[int]:
    return sa.Column(
        "submission_id",
        sa.Integer,
        sa.ForeignKey("submissions.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=not (primary_key or required),
        index=index,
    )
