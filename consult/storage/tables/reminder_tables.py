"""The table of those who gave leave to be written to once about a check they did not finish."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base


class LeaveRow(Base):
    """Leave to write once about one unfinished check, with the words that were agreed to.

    It goes with its check, and when the check is handed in. Once the mail was sent, the address and
    the link are gone, and the row only says that nobody may be written to again.
    """

    __tablename__ = "leaves"
    __table_args__ = (
        CheckConstraint("length(address) BETWEEN 1 AND 254", name="address_length"),
        CheckConstraint("length(consent_text) >= 1", name="consent_text_present"),
        CheckConstraint(
            "(written_at IS NULL) = (address IS NOT NULL) "
            "AND (written_at IS NULL) = (sealed_token IS NOT NULL)",
            name="written_is_forgotten",
        ),
        # An id is part of what tells a mail from all others, so it is never used again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), unique=True)
    address: Mapped[str | None] = mapped_column(String(254))
    consent_text: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    # The token of the check, encrypted, for the link in the mail.
    sealed_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When somebody on the staff had the mail written.
    asked_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
