"""Leads that were made anonymous: when, and that their link can be made void.

A submission stays frozen. Its link may become ``gone-`` and its id, which is no token's hash, and
nothing else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)
FROZEN = (
    "check_id, submitted_at, edition, depth, answers, wording, scorecard, "
    "report, separation, handoff, archetype, consult, seconds_taken, demo"
)


def upgrade() -> None:
    """Add the column, and freeze all but a link that becomes void."""
    op.add_column("leads", sa.Column("anonymised_at", MOMENT))
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER submissions_frozen")
        op.execute(_sqlite_trigger("submissions_frozen", FROZEN))
        op.execute(
            _sqlite_trigger(
                "submissions_link_frozen",
                "result_token_hash",
                "WHEN NEW.result_token_hash <> 'gone-' || OLD.id",
            )
        )
        return
    op.execute("DROP TRIGGER submissions_frozen ON submissions")
    op.execute(_postgres_trigger("submissions_frozen", FROZEN))
    op.execute(
        _postgres_trigger(
            "submissions_link_frozen",
            "result_token_hash",
            "WHEN (NEW.result_token_hash <> 'gone-' || OLD.id)",
        )
    )


def _sqlite_trigger(name: str, columns: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON submissions {when} "
        "BEGIN SELECT RAISE(ABORT, 'a submission is frozen'); END"
    )


def _postgres_trigger(name: str, columns: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON submissions "
        f"FOR EACH ROW {when} EXECUTE FUNCTION refuse_frozen()"
    )
