"""The first schema: every table, and the triggers that freeze submissions and the audit log."""

from alembic import op

from consult.storage.tables.all_tables import ALL_TABLES

revision = "0001"
down_revision = None

FROZEN = (
    "draft_id, submitted_at, edition, depth, answers, wording, scorecard, "
    "report, separation, handoff, archetype, consult, seconds_taken, demo"
)


def upgrade() -> None:
    """Create all tables and triggers."""
    ALL_TABLES.create_all(op.get_bind())
    if op.get_context().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _sqlite_triggers() -> None:
    frozen = "ON submissions {when} BEGIN SELECT RAISE(ABORT, 'a submission is frozen'); END"
    op.execute(
        f"CREATE TRIGGER submissions_frozen BEFORE UPDATE OF {FROZEN} " + frozen.format(when="")
    )
    op.execute(
        "CREATE TRIGGER submissions_link_frozen BEFORE UPDATE OF result_token_hash "
        + frozen.format(when="WHEN NEW.result_token_hash <> 'gone-' || OLD.id")
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is added to only'); END"
        )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a submission is frozen' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER submissions_frozen BEFORE UPDATE OF {FROZEN} ON submissions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_frozen()"
    )
    op.execute(
        "CREATE TRIGGER submissions_link_frozen BEFORE UPDATE OF result_token_hash ON submissions "
        "FOR EACH ROW WHEN (NEW.result_token_hash <> 'gone-' || OLD.id) "
        "EXECUTE FUNCTION refuse_frozen()"
    )
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is added to only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
