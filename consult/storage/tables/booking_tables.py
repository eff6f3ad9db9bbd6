"""The tables of consults that owners book: bookings, calendars and what they report, busy times.

All that is about a lead is deleted with its submission. Keys and links are stored hashed, secrets
and addresses of calendars encrypted, so a copy of the database opens and reads none of them.
"""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base, belongs_to, length, one_of
from consult.workflow.calendar_reports import Kind
from consult.workflow.calendars import PROVIDERS, Provider

Calendar = Literal["own", "cal", "calendly", "savvycal"]
"""Where a consult was booked: here, or at a provider."""

BookingState = Literal["requested", "booked", "canceled", "no_show"]
"""`requested`: the agency still has to confirm the time."""

ACTIVE: tuple[BookingState, ...] = ("requested", "booked")
"""A consult that is to take place, or did."""

MatchedBy = Literal["own", "key", "email", "staff"]
"""How a booking was recognized as a lead's: made here, by its key, by address, or by staff."""


class BookingRow(Base):
    """A consult that an owner booked. One that was canceled and booked again is two."""

    __tablename__ = "bookings"
    __table_args__ = (
        one_of("calendar", get_args(Calendar)),
        one_of("state", get_args(BookingState)),
        one_of("matched_by", get_args(MatchedBy)),
        length("uid", 200),
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint(
            "slot_at IS NULL OR (calendar = 'own' AND state <> 'canceled' AND slot_at = starts_at)",
            name="slot_is_of_own",
        ),
        UniqueConstraint("calendar", "uid"),
        # Of all who take a free time at once, one gets it.
        UniqueConstraint("slot_at"),
        Index("ix_bookings_starts_at", "starts_at"),
        # An id is part of what makes a link, so it is never used again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), index=True)
    calendar: Mapped[Calendar] = mapped_column(String(16))
    # The calendar's name for it; of our own ones, that in the invitation.
    uid: Mapped[str] = mapped_column(String(200))
    state: Mapped[BookingState] = mapped_column(String(16))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # Of a booking in our own calendar: the time that it takes until it is canceled.
    slot_at: Mapped[datetime | None]
    # The owner's time zone, as in "America/New_York".
    zone: Mapped[str] = mapped_column(String(64))
    # How to meet, or a link to do so; empty if the calendar did not say.
    place: Mapped[str] = mapped_column(Text, server_default="")
    matched_by: Mapped[MatchedBy] = mapped_column(String(8))
    # Goes up with each change, so that calendars know which invitation counts.
    sequence: Mapped[int] = mapped_column(server_default="0")
    # Of the link to move or cancel it.
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    # When its calendar last changed it: what is older and comes later does not count.
    changed_at: Mapped[datetime]


class CalendarRow(Base):
    """A provider's calendar that reports bookings to us, signed with a secret."""

    __tablename__ = "calendars"
    __table_args__ = (one_of("provider", PROVIDERS),)

    provider: Mapped[Provider] = mapped_column(String(16), primary_key=True)
    # The last part of the address that it reports to.
    path: Mapped[str] = mapped_column(String(64), unique=True)
    encrypted_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    # The last report that was accepted; the last that was not, and why, as a word.
    received_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    refused_because: Mapped[str | None] = mapped_column(String(32))


class CalendarEventRow(Base):
    """Something that a calendar reported: stored at once, and worked on by a job."""

    __tablename__ = "calendar_events"
    __table_args__ = (
        one_of("provider", PROVIDERS),
        one_of("state", ("new", "done", "unmatched", "dismissed")),
        one_of("kind", get_args(Kind)),
        one_of("matched_by", get_args(MatchedBy)),
        length("event_id", 200),
        length("uid", 200),
        # The same report twice is one.
        UniqueConstraint("provider", "event_id"),
        Index("ix_calendar_events_uid", "uid"),
        Index("ix_calendar_events_previous_uid", "previous_uid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[Provider] = mapped_column(String(16))
    event_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[Kind] = mapped_column(String(16))
    # The calendar's name for the booking, and for the one that it replaces.
    uid: Mapped[str] = mapped_column(String(200))
    previous_uid: Mapped[str | None] = mapped_column(String(200))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    place: Mapped[str] = mapped_column(Text, server_default="")
    # Of who booked; removed once the lead is known.
    name: Mapped[str] = mapped_column(Text, server_default="")
    email: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(String(16))
    submission_id: Mapped[int | None] = mapped_column(belongs_to("submissions"), index=True)
    matched_by: Mapped[MatchedBy | None] = mapped_column(String(8))
    # When it happened at the provider, and when it was received.
    at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(index=True)


class BusyFeedRow(Base):
    """A calendar whose busy times are kept free, by its read-only address."""

    __tablename__ = "busy_feeds"
    __table_args__ = (length("name", 80),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    encrypted_url: Mapped[bytes] = mapped_column(LargeBinary)
    # [[start, end], ...] as ISO times, in order, without what the events are about.
    busy: Mapped[list[Any]] = mapped_column(JSON, server_default="[]")
    # When it was last read, and why it could not be since, in words for staff.
    read_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, server_default="")
