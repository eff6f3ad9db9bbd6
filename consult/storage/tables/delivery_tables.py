"""The tables of work that happens later: jobs, notifications, and deliveries by mail and webhook.

No row holds what an owner typed, except the text of a report mail that staff may read: messages
are written when they are sent. All that is about a lead is deleted with its submission.
"""

from datetime import date, datetime
from typing import Any, NotRequired, TypedDict

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    column,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from consult.storage.db.base import Base, belongs_to, length, one_of
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import (
    NOTIFICATION_TYPES,
    SCOPES,
    WEBHOOK_KINDS,
    NotificationType,
    Scope,
    WebhookKind,
)

_OPEN = column("state").in_(("ready", "leased"))


class JobRow(Base):
    """Work to be done after the transaction that asked for it; see ``consult.storage.jobs``."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", ("ready", "leased", "done", "failed")),
        CheckConstraint("attempts >= 0", name="attempts_positive"),
        CheckConstraint("(state = 'leased') = (lease_token IS NOT NULL)", name="leased_has_token"),
        CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished_has_time"
        ),
        # The worker looks several times a second, and only ever for open work.
        Index("ix_jobs_due", "run_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    submission_id: Mapped[int | None] = mapped_column(belongs_to("submissions"), index=True)
    state: Mapped[str] = mapped_column(String(8))
    # When it may be claimed next: for a leased job, when the lease expires.
    run_at: Mapped[datetime]
    # The lowest first; see ``jobs.PRIORITIES``.
    priority: Mapped[int] = mapped_column(server_default="0")
    attempts: Mapped[int]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class NotificationRow(Base):
    """Something that happened to a lead, once for each lead, kind and occasion."""

    __tablename__ = "notifications"
    __table_args__ = (
        one_of("kind", NOTIFICATION_TYPES),
        UniqueConstraint("submission_id", "kind", "occasion"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"))
    kind: Mapped[NotificationType] = mapped_column(String(16))
    # Distinguishes what may happen again, such as a handover; else empty.
    occasion: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    # Who did it, where that is a member of staff.
    actor_id: Mapped[int | None] = mapped_column(belongs_to("staff_users"))
    # The one person it is for; None: everyone who subscribed.
    recipient_id: Mapped[int | None] = mapped_column(belongs_to("staff_users"))

    lead: Mapped[LeadRow] = relationship(
        primaryjoin="foreign(NotificationRow.submission_id) == LeadRow.submission_id",
        viewonly=True,
        lazy="raise",
    )
    actor: Mapped[StaffUserRow | None] = relationship(foreign_keys=[actor_id], lazy="raise")


class NotificationPreferenceRow(Base):
    """Of which leads a user wants a kind of notification; without a row, its default counts."""

    __tablename__ = "notification_preferences"
    __table_args__ = (one_of("kind", NOTIFICATION_TYPES), one_of("scope", SCOPES))

    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"), primary_key=True)
    kind: Mapped[NotificationType] = mapped_column(String(16), primary_key=True)
    scope: Mapped[Scope] = mapped_column(String(8))


class EndpointRow(Base):
    """A URL that webhooks go to.

    Its secret is not stored: it is derived from the application's secret key and the salt. The
    hash tells whether it still is the one that the receiver knows.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        length("url", 2000),
        one_of("kind", WEBHOOK_KINDS),
        one_of("disabled_reason", ("manual", "failing", "gone")),
        CheckConstraint("active = (disabled_reason IS NULL)", name="disabled_has_reason"),
        CheckConstraint(
            "(previous_salt IS NULL) = (previous_until IS NULL)", name="previous_secret_ends"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    kind: Mapped[WebhookKind] = mapped_column(String(8), server_default="standard")
    # At HubSpot, the name of the form's field for each of ours that is sent.
    field_map: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    # Set by the environment, which then has its secret too.
    from_environment: Mapped[bool]
    events: Mapped[list[Any]] = mapped_column(JSON)
    includes_contact: Mapped[bool]
    active: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(String(8))
    # Time of the first failed attempt since the last one that succeeded.
    failing_since: Mapped[datetime | None]
    # Until then nothing is sent to it, as it did not answer in time.
    paused_until: Mapped[datetime | None]
    salt: Mapped[str] = mapped_column(String(64))
    secret_hash: Mapped[str] = mapped_column(String(64))
    # A replaced secret signs as well for a while.
    previous_salt: Mapped[str | None] = mapped_column(String(64))
    previous_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Attempt(TypedDict):
    """One attempt to send a webhook; `status` is None without an answer, `error` empty if sent.

    `sent` is the message of a test, which is about no lead; no other is stored.
    """

    at: str
    milliseconds: int
    status: int | None
    error: str
    response: str
    sent: NotRequired[str]


class DeliveryRow(Base):
    """A message to one recipient: created with its job, and filled in once it is sent."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("recipient", ("owner", "staff", "webhook")),
        CheckConstraint("(recipient = 'owner') = (address IS NOT NULL)", name="owner_has_address"),
        CheckConstraint("(recipient = 'staff') = (user_id IS NOT NULL)", name="staff_has_user"),
        CheckConstraint(
            "recipient <> 'webhook' OR endpoint_id IS NOT NULL", name="webhook_has_endpoint"
        ),
        length("address", 254),
        one_of("sent_via", ("server", "folder", "webhook")),
        CheckConstraint("(sent_at IS NULL) = (sent_via IS NULL)", name="sent_is_known"),
        Index("ix_deliveries_endpoint", "endpoint_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # "report", "confirm", or what became of a booking, see `BookingEmail`; a kind of notification
    # or security alert; "webhook_disabled" or "purge_stopped"; or "test".
    kind: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(8))
    address: Mapped[str | None] = mapped_column(String(254))
    user_id: Mapped[int | None] = mapped_column(belongs_to("staff_users"), index=True)
    # Where a webhook goes, or what a mail to admins is about.
    endpoint_id: Mapped[int | None] = mapped_column(belongs_to("webhook_endpoints"))
    submission_id: Mapped[int | None] = mapped_column(belongs_to("submissions"), index=True)
    notification_id: Mapped[int | None] = mapped_column(belongs_to("notifications"), index=True)
    # Which lead was deleted, of which there is no row any more.
    deleted_lead_id: Mapped[int | None]
    # Of a digest.
    day: Mapped[date | None]
    # Random and the same in each attempt: the receiver's way to recognize a repeat.
    token: Mapped[str] = mapped_column(String(32), unique=True)
    job_id: Mapped[int | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    sent_via: Mapped[str | None] = mapped_column(String(8))
    # What a report mail said, without the link to the result, which is its owner's alone.
    subject: Mapped[str] = mapped_column(String(200), server_default="")
    body: Mapped[str] = mapped_column(Text, server_default="")
    # Of a webhook: each `Attempt`, the first first.
    attempts: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")

    job: Mapped[JobRow | None] = relationship(lazy="raise")
    user: Mapped[StaffUserRow | None] = relationship(lazy="raise")
    endpoint: Mapped[EndpointRow | None] = relationship(lazy="raise")
    notification: Mapped[NotificationRow | None] = relationship(lazy="raise")
