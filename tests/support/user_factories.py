"""Members of staff for tests that are about notifications and not about signing in."""

from sqlalchemy import update

from consult.storage.db.database import Database
from consult.storage.notifications import notifications
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import NotificationType, Scope


def colleague(database: Database, name: str, *, admin: bool = False, **scopes: Scope) -> int:
    """Someone with an account, `name@agency.example`, and their notification settings; their id."""
    with database.writing() as session:
        row = StaffUserRow(
            email=f"{name}@agency.example",
            name=name.title(),
            role="admin" if admin else "staff",
            password_hash="no one signs in with this",
            active=True,
            created_at=session.now(),
        )
        session.add(row)
        session.flush()
        wanted: dict[NotificationType, Scope] = scopes  # type: ignore[assignment]
        notifications.set_preferences(session, row.id, wanted)
        return row.id


def set_lead(database: Database, lead_id: int, **values: object) -> None:
    """Put a lead into a state, past all rules."""
    with database.writing() as session:
        session.execute(update(LeadRow).where(LeadRow.submission_id == lead_id).values(**values))


def deactivate(database: Database, user_id: int) -> None:
    with database.writing() as session:
        session.get_one(StaffUserRow, user_id).active = False
