"""All tables: importing this module registers each of them with ``Base``."""

from sqlalchemy import MetaData

from consult.storage.db.base import Base
from consult.storage.tables import (
    account_tables,
    audit_tables,
    delivery_tables,
    insight_tables,
    lead_tables,
    submission_tables,
)

# One per line, so that two branches that add one do not conflict.
MODULES = (
    submission_tables,
    account_tables,
    lead_tables,
    audit_tables,
    delivery_tables,
    insight_tables,
)
ALL_TABLES: MetaData = Base.metadata
