"""All tables: importing this module registers each of them with ``Base``."""

from sqlalchemy import MetaData

from consult.storage import (
    audit_tables,
    desk_tables,
    export_tables,
    factor_tables,
    leave_tables,
    models,
    notice_tables,
    search_tables,
    staff_tables,
    trace_tables,
)
from consult.storage.base import Base

# One a line, so that two who add one at the same time do not meet.
MODULES = (
    models,
    staff_tables,
    factor_tables,
    desk_tables,
    audit_tables,
    notice_tables,
    trace_tables,
    export_tables,
    search_tables,
    leave_tables,
)
ALL_TABLES: MetaData = Base.metadata
