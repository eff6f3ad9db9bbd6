"""The tables of drafts, submissions and what belongs to them, and of what was viewed and answered.

The constraints are the definition of what each row means. Above all, a row in ``submissions`` is a
whole, scored response: its answers, the wording that was shown, the scorecard and the report are
all present, the scores are between 0 and 100, and (by a trigger, see the first migration) none of
it ever changes again, except that anonymizing removes the sentence that the owner wrote.

Deleting a draft deletes everything that belongs to it, down to the payloads of its jobs. Rows of
the insights are only unlinked, so their numbers stay. Without the link they say nothing about a
person: a day, a depth, a source, and how far a response got.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from consult.storage.db.base import Base, belongs_to, between, length, one_of, present


class DraftRow(Base):
    """A questionnaire being answered. The current page is computed, never stored."""

    __tablename__ = "drafts"
    __table_args__ = (one_of("depth", ("quick", "full")), length("edition", 32))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    edition: Mapped[str] = mapped_column(String(32))
    depth: Mapped[str] = mapped_column(String(8))
    # {question id: {"value": the answer, "as": the wording it was given under,
    #                "by": the id of the form that changed it last, where it has one}}
    answers: Mapped[dict[str, Any]]
    # Where the visitor came from: utm_* and ref.
    source: Mapped[dict[str, Any]]
    # Demo data; never counted among real responses.
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
        length("address", 254),
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
    draft_id: Mapped[int] = mapped_column(belongs_to("drafts"), unique=True)
    address: Mapped[str | None] = mapped_column(String(254))
    consent_text: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime]
    # The token of the draft, for the link in the email.
    encrypted_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    # When a staff member requested the email.
    requested_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # Signs of a robot in the form, as in ``ContactRow``.
    signs: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class ResumeLinkRow(Base):
    """A link that an owner has emailed to continue on another device; a newer one replaces it.

    It is deleted with its draft. Address and link are encrypted, and deleted once they were sent.
    """

    __tablename__ = "resume_links"
    # An id is part of the id of the email, so it is never used again.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(belongs_to("drafts"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The token of the draft; the key is the token of the link, which is not stored.
    encrypted_draft_token: Mapped[bytes] = mapped_column(LargeBinary)
    # The address and the token of the link, until the email was sent.
    encrypted_mail: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class SubmissionRow(Base):
    """A submitted response, frozen together with the wording that was shown."""

    __tablename__ = "submissions"
    __table_args__ = (
        one_of("depth", ("quick", "full")),
        one_of("consult", ("yes", "optional", "not_now")),
        length("edition", 32),
        length("archetype", 64),
        *(present(name) for name in ("answers", "wording", "scorecard", "report")),
        between("separation", 0, 100),
        between("handoff", 0, 100),
        CheckConstraint("seconds_taken >= 0", name="seconds_taken_positive"),
        CheckConstraint("report_revision >= 1", name="report_revision_positive"),
        Index("ix_submissions_newest", "submitted_at", "id"),
        # A link to a lead that was deleted must never open another one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(belongs_to("drafts"), unique=True)
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
        """Where its owner came from, by the keys of ``consult.workflow.stages``."""
        return self.draft.source


class ContactRow(Base):
    """Who may be written to about a submission, and the text they agreed to."""

    __tablename__ = "contacts"
    __table_args__ = (
        length("name", 200),
        length("email", 254),
        length("business", 200),
        length("phone", 40),
        length("best_time", 80),
        CheckConstraint("length(consent_text) >= 1", name="consent_text_present"),
    )

    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), index=True)
    business: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    best_time: Mapped[str | None] = mapped_column(String(80))
    wants_consult: Mapped[bool]
    consent_text: Mapped[str] = mapped_column(Text)
    consented_at: Mapped[datetime]
    # Signs of a robot in the form that brought it (``workflow.spam``).
    signs: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # While the email with the report waits for a confirmation: the token of the result, encrypted.
    waiting_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Of the link to confirm the address; an address that is corrected needs another.
    confirm_hash: Mapped[str | None] = mapped_column(String(64), unique=True)


class DocumentRow(Base):
    """A rendered file of a submission, one per kind; a newer revision replaces an older one."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("length(content) > 0", name="content_present"),
    )

    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), primary_key=True)
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


KINDS = ("real", "demo", "test")
"""An owner's response; a demo one; or one started to try the questionnaire out."""

MAX_SOURCE = 100


class _Counted:
    """What everything is counted by: the day of the start (UTC), its kind, depth and source."""

    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(8))
    depth: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))


def _checks() -> tuple[CheckConstraint, ...]:
    return (
        one_of("kind", KINDS),
        one_of("depth", ("quick", "full")),
        CheckConstraint(f"length(source) <= {MAX_SOURCE}", name="source_length"),
    )


class StartPageViewRow(Base):
    """How often the start page was viewed on a day; `framed`: inside a page of another site."""

    __tablename__ = "start_page_views"
    __table_args__ = _checks()

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    depth: Mapped[str] = mapped_column(String(8), primary_key=True)
    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    framed: Mapped[bool] = mapped_column(primary_key=True)
    count: Mapped[int]


class ResponseStatsRow(_Counted, Base):
    """How far one response got: through the questionnaire, and as a lead at the agency."""

    __tablename__ = "response_stats"
    __table_args__ = (*_checks(), Index("ix_response_stats_day", "kind", "day"))

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int | None] = mapped_column(
        ForeignKey("drafts.id", ondelete="SET NULL"), unique=True
    )
    submission_id: Mapped[int | None] = mapped_column(
        ForeignKey("submissions.id", ondelete="SET NULL"), unique=True
    )
    # Started inside a page of another site.
    framed: Mapped[bool] = mapped_column(server_default=false())
    # The furthest part of the questionnaire that was shown, counted from 1; the review comes last.
    furthest: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    submitted: Mapped[bool] = mapped_column(server_default=false())
    contact: Mapped[bool] = mapped_column(server_default=false())
    consult: Mapped[bool] = mapped_column(server_default=false())
    # Was ever at this stage or beyond it; `won` is the present state, and since when (UTC).
    reached: Mapped[bool] = mapped_column(server_default=false())
    booked: Mapped[bool] = mapped_column(server_default=false())
    held: Mapped[bool] = mapped_column(server_default=false())
    won: Mapped[bool] = mapped_column(server_default=false())
    won_on: Mapped[date | None] = mapped_column(index=True)
    # Repeated from the lead, whose numbers stay when it is deleted: hundredths of the currency.
    won_amount: Mapped[int | None] = mapped_column(BigInteger)
    won_currency: Mapped[str | None] = mapped_column(String(3))
    # Went to the calendar to book a consult. How long it took, in seconds since the result: until
    # then, until a consult was first booked, until one was held, and until the win.
    pressed: Mapped[bool] = mapped_column(server_default=false())
    pressed_after: Mapped[int | None]
    booked_after: Mapped[int | None]
    held_after: Mapped[int | None]
    won_after: Mapped[int | None]
    # The contact looked like a robot's; staff said it is none; its owner confirmed the address.
    suspect: Mapped[bool] = mapped_column(server_default=false())
    cleared: Mapped[bool] = mapped_column(server_default=false())
    confirmed: Mapped[bool] = mapped_column(server_default=false())


class PageVisitRow(_Counted, Base):
    """One page of one response: names of questions, counts and times, and never an answer."""

    __tablename__ = "page_visits"
    __table_args__ = (
        *_checks(),
        Index("ix_page_visits_draft", "draft_id", "page", unique=True),
        # These two hold all that the insights sum, in the order in which they group it, which
        # takes a sixth of the time that sorting the table would.
        Index(
            "ix_page_visits_times", *("kind", "page", "seconds", "saves", "day", "depth", "source")
        ),
        Index(
            "ix_page_visits_questions",
            *("kind", "page", "questions", "is_last", "refused", "day", "depth", "source"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id", ondelete="SET NULL"))
    page: Mapped[str] = mapped_column(String(64))
    # Where the response is, or was left; false for all pages of one that was submitted.
    is_last: Mapped[bool]
    # How often the page was sent and accepted, and sent back with something to correct.
    saves: Mapped[int]
    refused: Mapped[int]
    # Time on the page without breaks; unknown while it was never sent, or only after a break.
    seconds: Mapped[int | None]
    # The questions it asked: "id" answered, "id?" answered with "I don't know", "id-" open.
    questions: Mapped[str]
