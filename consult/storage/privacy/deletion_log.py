"""Receipts of leads that were deleted or made anonymous, read from the audit log."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from consult.storage.db.database import Session
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.audit_tables import AuditRow

ROWS = "rows_"
"""Comes before the name of a table in the facts of an entry."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a lead went: when, how, by whom, why, and how many rows of each table.

    ``by`` is empty for what the application did by itself.
    """

    lead_id: int
    at: datetime
    action: str
    by: str
    why: str
    rows: Mapping[str, int]


def receipts_of(session: Session, lead_ids: Collection[int]) -> list[Receipt]:
    """The receipts of these leads, the last first."""
    found = session.execute(
        select(AuditRow, StaffUserRow.name)
        .outerjoin(StaffUserRow, StaffUserRow.id == AuditRow.by_id)
        .where(
            AuditRow.lead_id.in_(lead_ids),
            AuditRow.action.in_(("lead.deleted", "lead.anonymised")),
        )
        .order_by(AuditRow.id.desc())
    )
    return [
        Receipt(
            lead_id=row.lead_id or 0,
            at=row.at,
            action=row.action,
            by=name or "",
            why=str(row.facts.get("why", "")),
            rows={
                key.removeprefix(ROWS): count
                for key, count in row.facts.items()
                if key.startswith(ROWS)
            },
        )
        for row, name in found
    ]
