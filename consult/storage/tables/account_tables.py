"""Staff: accounts, how they sign in, the log of what they did, and the settings they changed.

A copy of the database lets nobody sign in: passwords, session tokens, invitation tokens, API tokens
and recovery codes are stored as hashes, secrets of authenticator apps encrypted, passkeys as their
public key.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from consult.storage.db.base import Base, belongs_to, length, one_of

ROLES = ("staff", "admin")
VIEW_NAME_MAX = 40
TOKEN_NAME_MAX = 60


class StaffUserRow(Base):
    """A user of the staff pages. Disabled users stay, so that the history keeps their names."""

    __tablename__ = "staff_users"
    __table_args__ = (
        one_of("role", ROLES),
        CheckConstraint("email = lower(email)", name="email_lower"),
        length("email", 254, 3),
        length("name", 200),
        CheckConstraint("length(password_hash) >= 1", name="password_hash_present"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(8))
    password_hash: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool]
    created_at: Mapped[datetime]
    # When they are back, as the first moment of that day; until then they get no new leads.
    away_until: Mapped[datetime | None]
    # New leads in turn: whether they take part, and the number of their last turn.
    takes_turns: Mapped[bool] = mapped_column(default=True)
    last_turn: Mapped[int] = mapped_column(default=0)

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def is_away(self, now: datetime) -> bool:
        return self.away_until is not None and self.away_until > now


class StaffSessionRow(Base):
    """A browser in which a user signed in; ended sessions are kept until they are pruned."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("ix_staff_sessions_user", "user_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # The last (re-)authentication in this browser, and the method of the first one.
    authenticated_at: Mapped[datetime]
    method: Mapped[str] = mapped_column(String(16))
    # Enough for users to recognize their own devices and no more: "Firefox on Windows", and a
    # keyed hash of the network, which can be compared but not read.
    browser: Mapped[str] = mapped_column(String(80))
    network_hash: Mapped[str] = mapped_column(String(64))

    user: Mapped[StaffUserRow] = relationship(lazy="raise")


class StaffInvitationRow(Base):
    """A one-time link: it makes an account, or sets a new password for an existing one."""

    __tablename__ = "staff_invitations"
    __table_args__ = (
        one_of("role", ROLES),
        CheckConstraint("email = lower(email)", name="email_lower"),
        length("email", 254, 3),
        CheckConstraint("expires_at >= created_at", name="expires_later"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # None only for the very first account, whose address is not known yet.
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    role: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AuthenticatorRow(Base):
    """The authenticator app of a user. `last_step` is the newest time step that was used."""

    __tablename__ = "staff_authenticators"
    __table_args__ = (CheckConstraint("last_step >= 0", name="last_step_not_negative"),)

    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"), primary_key=True)
    encrypted_secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int]
    added_at: Mapped[datetime]


class PasskeyRow(Base):
    """A passkey: the public key, and how often its device says it was used."""

    __tablename__ = "staff_passkeys"
    __table_args__ = (
        length("name", 60),
        CheckConstraint("sign_count >= 0", name="sign_count_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    # The device's ID of the user; the same for all passkeys of one user.
    user_handle: Mapped[bytes] = mapped_column(LargeBinary)
    # Goes up with every use on devices that count; one that does not was cloned.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCodeRow(Base):
    """One of ten single-use codes for users who lost their phone."""

    __tablename__ = "staff_recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"), index=True)
    used_at: Mapped[datetime | None]


class IdentityRow(Base):
    """A user's identity at an OpenID Connect provider: its issuer, and its subject for the user."""

    __tablename__ = "staff_identities"
    __table_args__ = (
        length("issuer", 255),
        length("subject", 255),
        Index("uq_staff_identities_subject", "issuer", "subject", unique=True),
        Index("uq_staff_identities_user", "user_id", "issuer", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))


class UsedTokenRow(Base):
    """A single-use token that was used; kept until it would have expired anyway."""

    __tablename__ = "used_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Base):
    """Who did what, to which lead, when. Never an answer or a contact.

    Triggers refuse to change or delete rows. IDs are no foreign keys: an entry outlives the lead
    and the account.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        length("action", 64),
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
    __tablename__ = "setting_overrides"
    __table_args__ = (length("name", 64),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime]


class SavedViewRow(Base):
    """Filters and an order of the list of leads under a name; without searched words."""

    __tablename__ = "saved_views"
    __table_args__ = (length("name", VIEW_NAME_MAX), length("query", 1000))

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(belongs_to("staff_users"), index=True)
    name: Mapped[str] = mapped_column(String(VIEW_NAME_MAX))
    # As the address of the list has it; what no longer exists is left out when it is read.
    query: Mapped[str] = mapped_column(String(1000))
    shared: Mapped[bool]


class ApiTokenRow(Base):
    """A token with which another program calls the API, in the name of the admin who made it."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        length("name", TOKEN_NAME_MAX),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        # The audit log names an id, which must never be another token's.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(belongs_to("staff_users"), index=True)
    name: Mapped[str] = mapped_column(String(TOKEN_NAME_MAX))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # How it begins, so that people recognize it where they put it.
    hint: Mapped[str] = mapped_column(String(8))
    # Of `SCOPES` in ``storage.api.api_tokens``.
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # To the hour: a row that each request changed would make reading slow.
    last_used_at: Mapped[datetime | None]
    # The row stays, so that the form that made the token can't make it again.
    revoked_at: Mapped[datetime | None]

    user: Mapped[StaffUserRow] = relationship(lazy="raise")


class ApiAnswerRow(Base):
    """How a change with an Idempotency-Key was answered: the same answer to its repetitions."""

    __tablename__ = "api_answers"

    token_id: Mapped[int] = mapped_column(belongs_to("api_tokens"), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Of what was requested: with the same key, nothing else may be.
    request_hash: Mapped[str] = mapped_column(String(64))
    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), index=True)
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
