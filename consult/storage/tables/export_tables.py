"""The tables of exports that take a while: who asked for what, how far it is, and the file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, column
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base

FORMATS = ("csv", "xlsx", "pdf")
STATES = ("making", "ready", "withdrawn")


class ExportRow(Base):
    """A file that somebody on the staff asked for: leads as a table, or the record of one person.

    It is kept for a day. When a lead is deleted or made anonymous, every export is withdrawn, for
    that lead may be in it.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint(column("format").in_(FORMATS), name="format_known"),
        CheckConstraint(column("state").in_(STATES), name="state_known"),
        CheckConstraint("(state = 'making') = (finished_at IS NULL)", name="finished_has_time"),
        CheckConstraint("(format = 'pdf') = (submission_id IS NOT NULL)", name="record_has_lead"),
        # The address of an export that is gone never leads to another one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"), index=True)
    format: Mapped[str] = mapped_column(String(8))
    # What selects the leads, as in the address of the list; emptied once the file is made, for
    # somebody may have searched for a name.
    query: Mapped[str] = mapped_column(Text)
    # The lead whose owner's record this is.
    submission_id: Mapped[int | None] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(String(12))
    done: Mapped[int]
    total: Mapped[int]
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ExportPartRow(Base):
    """A piece of the file of an export, compressed; in order they are one stream."""

    __tablename__ = "export_parts"

    export_id: Mapped[int] = mapped_column(
        ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
