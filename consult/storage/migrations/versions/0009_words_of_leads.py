"""The words by which leads are found, and the indexes by which lists of them stay quick."""

import sqlalchemy as sa
from alembic import op

# How a word is spelled has to agree with what is looked for: who changes it writes all words anew.
from consult.storage.lead_words import words_of

revision = "0009"
down_revision = "0008"

WORD = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
OPEN = "stage NOT IN ('lost', 'not_a_fit', 'won')"
WAITING = f"first_contact_at IS NULL AND due_at IS NOT NULL AND {OPEN}"


def upgrade() -> None:
    """Make the table with the words of the leads that are there, and the indexes."""
    words = op.create_table(
        "lead_words",
        sa.Column(
            "submission_id",
            sa.Integer,
            sa.ForeignKey("submissions.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("word", WORD, primary_key=True),
        sa.CheckConstraint("length(word) >= 1", name="word_present"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_lead_words_word", "lead_words", ["word", "submission_id"])
    _fill(words)
    # For what it can do, two of the new ones do better; beside them, SQLite would still take it.
    op.drop_index("ix_leads_holder", "leads")
    _index("stage", "stage", "submitted_at")
    _index("held", "holder_id", "submitted_at")
    _index("held_open", "holder_id", "submitted_at", where=OPEN)
    _index("open", "submitted_at", where=OPEN)
    _index("waiting", "due_at", where=WAITING)
    _index("archetype", "archetype", "submitted_at")
    _index("archetype_separation", "archetype", "separation")
    _index("archetype_handoff", "archetype", "handoff")
    _index("separation", "separation")
    _index("handoff", "handoff")
    _index("source", "source", "submitted_at")
    _index("consult", "submitted_at", where="wants_consult")
    _index("demo", "submitted_at", where="demo")


def _fill(words: sa.Table) -> None:
    connection = op.get_bind()
    found: dict[int, set[str]] = {}
    contacts = "SELECT submission_id, business, name, email FROM contacts"
    for lead, business, name, email in connection.exec_driver_sql(contacts):
        found[lead] = words_of([business, name], email)
    for lead, text in connection.exec_driver_sql("SELECT submission_id, text FROM notes"):
        found.setdefault(lead, set()).update(words_of([text]))
    for lead, spelled in found.items():
        rows = [{"submission_id": lead, "word": word} for word in sorted(spelled)]
        connection.execute(words.insert(), rows)


def _index(name: str, *columns: str, where: str = "") -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        f"ix_leads_{name}",
        "leads",
        [*columns, "submission_id"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
