"""Index every lead again: by telephone number, whole name, domain, and pairs of letters."""

from alembic import op
from sqlalchemy import text
from sqlalchemy.orm import Session

from consult.storage.search_index import index_lead

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    session = Session(op.get_bind())
    for lead_id in session.scalars(text("SELECT submission_id FROM leads")).all():
        index_lead(session, lead_id)
