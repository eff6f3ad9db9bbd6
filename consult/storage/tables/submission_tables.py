"""The tables of drafts, reminder permissions, submissions, contacts, documents and rate limits.

The constraints are the definition of what each row means. Above all, a row in ``submissions`` is a
whole, scored check: its answers, the wording that was shown, the scorecard and the report are all
present, the scores lie between 0 and 100, and (by a trigger, see the first migration) none of it
ever changes again.

Deleting a check deletes everything that hangs on it, down to the payloads of its jobs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, column, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from consult.storage.db.base import Base


def _one_of(name: str, values: tuple[str, ...]) -> CheckConstraint:
    """A column has one of a few values."""
    return CheckConstraint(column(name).in_(values), name=f"{name}_known")


def _between(name: str, low: float, high: float) -> CheckConstraint:
    """A column is in a closed range."""
    return CheckConstraint(f"{name} BETWEEN {low} AND {high}", name=f"{name}_in_range")


def _length(name: str, longest: int) -> CheckConstraint:
    """A text is neither empty nor longer than its form allows; SQLite ignores VARCHAR lengths."""
    return CheckConstraint(f"length({name}) BETWEEN 1 AND {longest}", name=f"{name}_length")


def _present(name: str) -> CheckConstraint:
    """A document is neither NULL nor empty."""
    return CheckConstraint(f"CAST({name} AS TEXT) <> '{{}}'", name=f"{name}_present")


class DraftRow(Base):
    """A questionnaire being answered. The current page is computed, never stored."""

    __tablename__ = "drafts"
    __table_args__ = (_one_of("depth", ("quick", "full")), _length("edition", 32))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    edition: Mapped[str] = mapped_column(String(32))
    depth: Mapped[str] = mapped_column(String(8))
    # {question id: {"value": the answer, "as": the wording it was given under}}
    answers: Mapped[dict[str, Any]]
    # Where the visitor came from: utm_* and ref.
    source: Mapped[dict[str, Any]]
    # Made up; never counted among real ones.
    demo: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class ReminderConsentRow(Base):
    """Permission to send one reminder about a draft, with the text that was agreed to.

    It is deleted with its draft, and when that is submitted. Once the email was sent, the address
    and the link are deleted, and the row only says that no other may be sent.
    """

    __tablename__ = "reminder_consents"
    __table_args__ = (
        _length("address", 254),
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
    # When a staff member requested the email.
    requested_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


class SubmissionRow(Base):
    """A finished check, frozen together with the wording that was shown."""

    __tablename__ = "submissions"
    __table_args__ = (
        _one_of("depth", ("quick", "full")),
        _one_of("consult", ("yes", "optional", "not_now")),
        _length("edition", 32),
        _length("archetype", 64),
        *(_present(name) for name in ("answers", "wording", "scorecard", "report")),
        _between("separation", 0, 100),
        _between("handoff", 0, 100),
        CheckConstraint("seconds_taken >= 0", name="seconds_taken_positive"),
        CheckConstraint("report_revision >= 1", name="report_revision_positive"),
        Index("ix_submissions_newest", "submitted_at", "id"),
        # A link to a lead that was deleted must never open another one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), unique=True)
    result_token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    submitted_at: Mapped[datetime]
    edition: Mapped[str] = mapped_column(String(32))
    depth: Mapped[str] = mapped_column(String(8))
    answers: Mapped[dict[str, Any]]
    wording: Mapped[dict[str, Any]]
    scorecard: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any]]
    # Copies out of the scorecard, so that lists need not open it.
    separation: Mapped[float]
    handoff: Mapped[float]
    archetype: Mapped[str] = mapped_column(String(64))
    consult: Mapped[str] = mapped_column(String(8))
    seconds_taken: Mapped[int]
    demo: Mapped[bool]
    # Not frozen: goes up when what the PDF says about its owner changes.
    report_revision: Mapped[int]

    draft: Mapped[DraftRow] = relationship(lazy="raise")
    contact: Mapped[ContactRow | None] = relationship(lazy="raise", viewonly=True)

    @property
    def source(self) -> dict[str, Any]:
        """How its owner came, by the keys of ``consult.workflow.stages``."""
        return self.draft.source


class ContactRow(Base):
    """Who may be written to about a submission, and the words they agreed to."""

    __tablename__ = "contacts"
    __table_args__ = (
        _length("name", 200),
        _length("email", 254),
        _length("business", 200),
        _length("phone", 40),
        CheckConstraint("length(consent_text) >= 1", name="consent_text_present"),
    )

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), index=True)
    business: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    wants_consult: Mapped[bool]
    consent_text: Mapped[str] = mapped_column(Text)
    consented_at: Mapped[datetime]


class DocumentRow(Base):
    """A rendered file of a submission, one per kind; a newer revision replaces an older one."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("length(content) > 0", name="content_present"),
    )

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    revision: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    # Indexed: without it, the nightly purge would read every PDF to get to this column.
    rendered_at: Mapped[datetime] = mapped_column(index=True)


class RateLimitRow(Base):
    """How often something was tried in the current window. The key is a hash, never an address."""

    __tablename__ = "rate_limits"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
