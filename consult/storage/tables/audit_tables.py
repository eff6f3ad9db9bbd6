"""The table of the audit log and the one of choices made in the staff area."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base


class AuditRow(Base):
    """Who did what, to which lead, when. Never an answer or a contact.

    Rows are never changed or deleted (a trigger refuses both), and each is sealed together with the
    one before, so that whoever changes one behind the application's back is found out. Ids point
    at nothing: the record outlives the lead and the account.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("length(action) BETWEEN 1 AND 64", name="action_length"),
        CheckConstraint("length(seal) = 64", name="seal_length"),
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
    seal: Mapped[str] = mapped_column(String(64))


class ChoiceRow(Base):
    """A setting as it was chosen in the staff area."""

    __tablename__ = "choices"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 64", name="name_length"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
