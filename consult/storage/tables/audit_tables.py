"""The tables of the audit log and of the settings overridden in the staff area."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base


class AuditRow(Base):
    """Who did what, to which lead, when. Never an answer or a contact.

    Triggers refuse to change or delete rows. IDs are no foreign keys: an entry outlives the lead
    and the account.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("length(action) BETWEEN 1 AND 64", name="action_length"),
        Index("ix_audit_log_at", "at"),
        Index("ix_audit_log_lead", "lead_id", "id"),
        Index("ix_audit_log_person", "by_id", "id"),
        Index("ix_audit_log_action", "action", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(64))
    lead_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]]


class SettingOverrideRow(Base):
    """A setting overridden in the staff area."""

    __tablename__ = "setting_overrides"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 64", name="name_length"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
