"""The tables of staff: accounts, the browsers they are signed in with, and one-time links.

Nothing here opens a door by itself: passwords arrive hashed, and the tokens of sessions and
invitations are kept as hashes only, so a copy of the database lets nobody in.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from consult.storage.db.base import Base

ROLES = ("staff", "admin")


def _role_known() -> CheckConstraint:
    return CheckConstraint(column("role").in_(ROLES), name="role_known")


class StaffUserRow(Base):
    """A person who may sign in. Disabled people stay, so that what they did keeps its name."""

    __tablename__ = "staff_users"
    __table_args__ = (
        _role_known(),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("length(email) BETWEEN 3 AND 254", name="email_length"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        CheckConstraint("length(password_hash) >= 1", name="password_hash_present"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(8))
    password_hash: Mapped[str] = mapped_column(String(255))
    # What sign-in tokens name instead of the id; a new one makes all of them void.
    uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    active: Mapped[bool]
    created_at: Mapped[datetime]


class StaffSessionRow(Base):
    """One browser in which somebody signed in; ended rows stay as a trace until they are pruned."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("ix_staff_sessions_user", "user_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # When this person last proved in this browser who they are, and by what they first did.
    proven_at: Mapped[datetime]
    means: Mapped[str] = mapped_column(String(16))
    # Enough for a person to recognise their own devices, and no more: "Firefox on Windows", and a
    # keyed hash of the network, which can be compared but not read.
    browser: Mapped[str] = mapped_column(String(80))
    network_hash: Mapped[str] = mapped_column(String(64))

    user: Mapped[StaffUserRow] = relationship(lazy="raise")


class StaffInvitationRow(Base):
    """A link that works once: it makes an account, or sets a new password for an existing one."""

    __tablename__ = "staff_invitations"
    __table_args__ = (
        _role_known(),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("length(email) BETWEEN 3 AND 254", name="email_length"),
        CheckConstraint("expires_at >= created_at", name="expires_later"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # None only for the very first account, whose address nobody knows yet.
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    role: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
