"""PDFs are found by their age: without an index, each would be read to come to it."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_documents_rendered_at", "documents", ["rendered_at"])
