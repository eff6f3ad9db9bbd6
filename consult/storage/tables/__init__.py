"""All tables: importing any of these modules registers each of them with ``Base``."""

from sqlalchemy import MetaData

from consult.storage.db.base import Base
from consult.storage.tables import (
    account_tables,
    booking_tables,
    delivery_tables,
    lead_tables,
    submission_tables,
)

MODULES = (submission_tables, account_tables, lead_tables, delivery_tables, booking_tables)
ALL_TABLES: MetaData = Base.metadata
