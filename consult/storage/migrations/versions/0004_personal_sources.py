"""Take the email addresses in links out of the statistics: they are kept with their leads only."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("UPDATE response_stats SET source = 'personal link' WHERE source LIKE '%@%'")
    op.execute("UPDATE page_visits SET source = 'personal link' WHERE source LIKE '%@%'")
    # These are counted by their source, and say no more than that one person saw the page.
    op.execute("DELETE FROM start_page_views WHERE source LIKE '%@%'")
