"""The trace of each check, what became of each lead, and numbers by day."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

DOCUMENT = sa.JSON(none_as_null=True)
BOUNDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 900)


def upgrade() -> None:
    """Make the tables, and note what became of the leads that are there."""
    op.add_column("checks", sa.Column("trace", DOCUMENT, nullable=False, server_default="{}"))
    op.add_column(
        "checks", sa.Column("demo", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.execute(
        "UPDATE checks SET demo = TRUE WHERE id IN (SELECT check_id FROM submissions WHERE demo)"
    )
    _outcomes()
    _days("funnel_days", sa.Column("step", sa.String(72), primary_key=True), "count")
    _days(
        "page_days",
        sa.Column("page", sa.String(64), primary_key=True),
        *("shown", "left", "refused"),
        *(f"within_{bound}" for bound in BOUNDS),
    )
    _days(
        "question_days",
        sa.Column("question", sa.String(64), primary_key=True),
        *("asked", "answered", "unsure", "left"),
    )


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column(
            "submission_id",
            sa.Integer,
            sa.ForeignKey("submissions.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("started_on", sa.Date, nullable=False),
        *_whose(),
        *(
            sa.Column(name, sa.Boolean, nullable=False)
            for name in ("contact", "consult", "reached", "booked", "held", "won")
        ),
        *_known(),
    )
    op.create_index("ix_outcomes_started", "outcomes", ["kind", "started_on", "depth", "source"])
    op.execute(
        "INSERT INTO outcomes (submission_id, started_on, kind, depth, source, contact, consult, "
        "reached, booked, held, won) "
        "SELECT s.id, date(c.created_at), CASE WHEN s.demo THEN 'demo' "
        "WHEN lower(l.source) = 'test' THEN 'test' ELSE 'real' END, s.depth, l.source, "
        "k.submission_id IS NOT NULL, l.wants_consult, "
        "l.stage IN ('reached', 'consult_booked', 'consult_held', 'won'), "
        "l.stage IN ('consult_booked', 'consult_held'), l.stage = 'consult_held', l.stage = 'won' "
        "FROM submissions s JOIN checks c ON c.id = s.check_id "
        "JOIN leads l ON l.submission_id = s.id LEFT JOIN contacts k ON k.submission_id = s.id"
    )


def _days(name: str, what: sa.Column[str], *numbers: str) -> None:
    op.create_table(
        name,
        sa.Column("day", sa.Date, primary_key=True),
        *_whose(primary_key=True),
        what,
        *(sa.Column(number, sa.Integer, nullable=False) for number in numbers),
        *_known(),
    )


def _whose(*, primary_key: bool = False) -> tuple[sa.Column[str], ...]:
    lengths = {"kind": 8, "depth": 8, "source": 200}
    return tuple(
        sa.Column(name, sa.String(length), nullable=False, primary_key=primary_key)
        for name, length in lengths.items()
    )


def _known() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint("kind IN ('real', 'demo', 'test')", name="kind_known"),
        sa.CheckConstraint("depth IN ('quick', 'full')", name="depth_known"),
    )
