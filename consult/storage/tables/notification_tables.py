"""The tables of what staff and other programs are told: news, mails to staff, and webhooks.

No row holds what an owner typed: a mail or a webhook is written when it goes out. All that is about
a lead goes with its submission.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, column
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base
from consult.workflow.notification_types import KINDS, REACHES, WEBHOOK_KINDS

_OFF_REASONS = ("by_hand", "failing", "gone")
_MESSAGE_KINDS = (*WEBHOOK_KINDS, "test")


class NoticeRow(Base):
    """Something that happened to a lead and is told on: once for each lead and kind.

    A handover may happen again, so its notice names the time and the person it is for.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint(column("kind").in_(KINDS), name="kind_known"),
        # An id is part of a key of jobs, so it is never used again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    # Names what happened, such as "overdue:7".
    key: Mapped[str] = mapped_column(String(100), unique=True)
    at: Mapped[datetime]
    # Whom it is for; None: whoever wants to know.
    for_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"))


class NoticeChoiceRow(Base):
    """What a person wants to be told; where there is no row, the default of the kind holds."""

    __tablename__ = "notice_choices"
    __table_args__ = (
        CheckConstraint(column("kind").in_(KINDS), name="kind_known"),
        CheckConstraint(column("reach").in_(REACHES), name="reach_known"),
    )

    user_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    reach: Mapped[str] = mapped_column(String(8))


class StaffMailRow(Base):
    """A mail to a member of staff: planned, and filled in once it is sent."""

    __tablename__ = "staff_mails"
    __table_args__ = (
        CheckConstraint(column("handed_to").in_(("server", "folder")), name="handed_to_known"),
        CheckConstraint("(sent_at IS NULL) = (handed_to IS NULL)", name="sent_is_known"),
        # An id is part of what tells a mail from all others, so it is never used again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), index=True
    )
    # A kind of news; or "webhook_off", or one of ``account_news``, told whatever somebody chose.
    kind: Mapped[str] = mapped_column(String(16))
    # What it is about: a notice, a day (digest), or an endpoint; nothing for one's own account.
    notice_id: Mapped[int | None] = mapped_column(
        ForeignKey("notices.id", ondelete="CASCADE"), index=True
    )
    day: Mapped[date | None] = mapped_column(Date)
    endpoint_id: Mapped[int | None] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    # Random, so that its Message-ID is nobody else's and cannot be guessed.
    token: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    handed_to: Mapped[str | None] = mapped_column(String(8))


class EndpointRow(Base):
    """Another program's address that is told.

    Its secret is stored nowhere: it follows from the application's secret key and the salt. The
    check tells whether it still does.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("length(address) BETWEEN 1 AND 2000", name="address_length"),
        CheckConstraint(column("off_reason").in_(_OFF_REASONS), name="off_reason_known"),
        CheckConstraint("active = (off_reason IS NULL)", name="off_has_reason"),
        CheckConstraint("(old_salt IS NULL) = (old_until IS NULL)", name="old_secret_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    # Set by the environment, which then holds its secret too.
    fixed: Mapped[bool]
    kinds: Mapped[list[Any]] = mapped_column(JSON)
    with_contact: Mapped[bool]
    active: Mapped[bool]
    off_reason: Mapped[str | None] = mapped_column(String(8))
    # Of the first try that failed since the last one that did not.
    failing_since: Mapped[datetime | None]
    salt: Mapped[str] = mapped_column(String(64))
    secret_check: Mapped[str] = mapped_column(String(64))
    # A secret that was replaced signs as well for a while.
    old_salt: Mapped[str | None] = mapped_column(String(64))
    old_until: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime]


class MessageRow(Base):
    """A webhook to one endpoint. What it says is worked out anew with each try."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        CheckConstraint(column("kind").in_(_MESSAGE_KINDS), name="kind_known"),
        CheckConstraint("(kind = 'test') = (notice_id IS NULL)", name="test_has_no_notice"),
        CheckConstraint("round >= 1", name="round_positive"),
        Index("ix_webhook_messages_endpoint", "endpoint_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    notice_id: Mapped[int | None] = mapped_column(
        ForeignKey("notices.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    # The receiver's way to tell a repeat: the same with every try.
    webhook_id: Mapped[str] = mapped_column(String(64), unique=True)
    # How often it was asked for: once, and each time somebody pressed "Send again".
    round: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
    delivered_at: Mapped[datetime | None]


class TryRow(Base):
    """One try of a webhook, and what came of it."""

    __tablename__ = "webhook_tries"
    __table_args__ = (Index("ix_webhook_tries_message", "message_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("webhook_messages.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    # None: no answer came.
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(300))
    # The beginning of the answer.
    answer: Mapped[str] = mapped_column(String(200))
