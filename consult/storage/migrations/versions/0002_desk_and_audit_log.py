"""What staff do with a lead, the audit log, and settings chosen in the staff area."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True)
STAGES = "'new', 'taken', 'reached', 'consult_booked', 'consult_held', 'won', 'lost', 'not_a_fit'"


def upgrade() -> None:
    """Make the tables, and a desk for each lead that is there."""
    _leads()
    _events_and_notes()
    _verdicts()
    _audit_log()
    _choices()
    _seal_audit_log()


def _leads() -> None:
    op.create_table(
        "leads",
        _submission(primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("stage_since", MOMENT, nullable=False),
        _person("holder_id"),
        _person("offered_to_id", index=True),
        sa.Column("offered_at", MOMENT),
        sa.Column("first_contact_at", MOMENT),
        sa.Column("due_at", MOMENT, index=True),
        sa.Column("consult_at", MOMENT),
        sa.Column("ask_again_on", sa.Date),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        sa.Column("archetype", sa.String(64), nullable=False),
        sa.Column("separation", sa.Double, nullable=False),
        sa.Column("handoff", sa.Double, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("wants_consult", sa.Boolean, nullable=False),
        sa.CheckConstraint(f"stage IN ({STAGES})", name="stage_known"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
        sa.CheckConstraint("(offered_to_id IS NULL) = (offered_at IS NULL)", name="offer_is_dated"),
    )
    op.create_index("ix_leads_newest", "leads", ["submitted_at", "submission_id"])
    op.create_index("ix_leads_holder", "leads", ["holder_id", "stage"])
    op.execute(
        "INSERT INTO leads (submission_id, version, stage, stage_since, submitted_at, demo, "
        "archetype, separation, handoff, source, wants_consult) "
        "SELECT s.id, 1, 'new', s.submitted_at, s.submitted_at, s.demo, s.archetype, "
        "s.separation, s.handoff, COALESCE(c.source->>'utm_source', c.source->>'ref', ''), "
        "COALESCE(k.wants_consult, FALSE) FROM submissions s JOIN checks c ON c.id = s.check_id "
        "LEFT JOIN contacts k ON k.submission_id = s.id"
    )


def _events_and_notes() -> None:
    op.create_table(
        "lead_events",
        sa.Column("id", sa.Integer, primary_key=True),
        _submission(),
        sa.Column("at", MOMENT, nullable=False),
        _person("by_id"),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.CheckConstraint("length(kind) BETWEEN 1 AND 32", name="kind_length"),
    )
    op.create_index("ix_lead_events_lead", "lead_events", ["submission_id", "id"])
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        _submission(index=True),
        _person("author_id", required=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("edited_at", MOMENT),
        sa.Column("resolved_at", MOMENT),
        _person("resolved_by_id"),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 4000", name="text_length"),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_id IS NULL)", name="resolved_by_somebody"
        ),
    )


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        _submission(primary_key=True),
        sa.Column("dimension", sa.String(64), primary_key=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        _person("by_id", required=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("verdict IN ('as_said', 'better', 'worse')", name="verdict_known"),
        sa.CheckConstraint("length(dimension) BETWEEN 1 AND 64", name="dimension_length"),
    )
    op.create_index("ix_verdicts_dimension", "verdicts", ["dimension", "verdict"])


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", sa.Integer),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("lead_id", sa.Integer),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.CheckConstraint("length(action) BETWEEN 1 AND 64", name="action_length"),
        sa.CheckConstraint("length(seal) = 64", name="seal_length"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_lead", "audit_log", ["lead_id", "id"])


def _choices() -> None:
    op.create_table(
        "choices",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        _person("changed_by_id"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 64", name="name_length"),
    )


def _seal_audit_log() -> None:
    """Refuse every change and every deletion of an entry."""
    if op.get_context().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is added to only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is added to only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def _submission(*, primary_key: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        "submission_id",
        sa.Integer,
        sa.ForeignKey("submissions.id", ondelete="CASCADE"),
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        index=index,
    )


def _person(name: str, *, required: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        name, sa.Integer, sa.ForeignKey("staff_users.id"), nullable=not required, index=index
    )
