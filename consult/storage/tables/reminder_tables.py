"""The table of permissions to send one reminder about an unfinished response."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base


class ReminderConsentRow(Base):
    """Permission to send one reminder about a draft, with the text that was agreed to.

    It is deleted with its draft, and when that is submitted. Once the email was sent, the address
    and the link are deleted, and the row only says that no other may be sent.
    """

    __tablename__ = "reminder_consents"
    __table_args__ = (
        CheckConstraint("length(address) BETWEEN 1 AND 254", name="address_length"),
        CheckConstraint("length(consent_text) >= 1", name="consent_text_present"),
        CheckConstraint(
            "(sent_at IS NULL) = (address IS NOT NULL) "
            "AND (sent_at IS NULL) = (encrypted_token IS NOT NULL)",
            name="sent_has_no_address",
        ),
        # An id is part of the id of the email, so it is never used again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), unique=True)
    address: Mapped[str | None] = mapped_column(String(254))
    consent_text: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    # The token of the draft, for the link in the email.
    encrypted_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When a member of staff requested the email.
    requested_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
