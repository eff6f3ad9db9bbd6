"""The tables of what staff sign in with besides a password.

The secret of an authenticator app has to be read again, so it is kept encrypted; recovery codes
are kept as hashes, passkeys as their public half. A copy of the database lets nobody in.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base


class AuthenticatorRow(Base):
    """The authenticator app of a person. `last_step` is the newest half minute that was used."""

    __tablename__ = "staff_authenticators"
    __table_args__ = (CheckConstraint("last_step >= 0", name="last_step_not_negative"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int]
    added_at: Mapped[datetime]


class PasskeyRow(Base):
    """A passkey: the public half of a key that never leaves a device of this person's."""

    __tablename__ = "staff_passkeys"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 60", name="name_length"),
        CheckConstraint("sign_count >= 0", name="sign_count_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), index=True
    )
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    # What the device calls its person by; the same for all passkeys of one person.
    user_handle: Mapped[bytes] = mapped_column(LargeBinary)
    # Goes up with every use on devices that count; one that stands still was copied.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCodeRow(Base):
    """One of ten codes that each work once, for the day on which the phone is lost."""

    __tablename__ = "staff_recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), index=True
    )
    used_at: Mapped[datetime | None]


class IdentityRow(Base):
    """Who somebody is at an OpenID Connect provider: its address, and its own name for them."""

    __tablename__ = "staff_identities"
    __table_args__ = (
        CheckConstraint("length(issuer) BETWEEN 1 AND 255", name="issuer_length"),
        CheckConstraint("length(subject) BETWEEN 1 AND 255", name="subject_length"),
        Index("uq_staff_identities_subject", "issuer", "subject", unique=True),
        Index("uq_staff_identities_user", "user_id", "issuer", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]


class SpentRow(Base):
    """Something that works once and was used, kept as a hash until it would be too old anyway."""

    __tablename__ = "staff_spent"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
