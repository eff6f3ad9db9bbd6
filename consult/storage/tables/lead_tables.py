"""The tables of what the agency does with a lead: stage, assignee, timeline, notes, assessments.

A submission is frozen; everything about it that moves is here. Deleting a submission deletes it.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    ColumnElement,
    FetchedValue,
    ForeignKey,
    Index,
    String,
    Text,
    and_,
    false,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base, belongs_to, length, one_of
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.submission_tables import ResponseStatsRow
from consult.workflow.stages import CLOSED, STAGES, Stage, ToDo

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The `next_at` of leads with which nothing is to be done."""

TIME_TO_BOOK = timedelta(days=1)
"""An owner who went to the calendar so long ago, and has not booked, is one that didn't."""

Assessment = Literal["as_said", "better", "worse"]
ASSESSMENTS: tuple[Assessment, ...] = get_args(Assessment)

WORD_MAX = 64
# Whatever the database's own language, words are in the order of their code points, so that all
# with the same beginning are next to one another.
WORD = String(WORD_MAX).with_variant(String(WORD_MAX, collation="C"), "postgresql")


def _index(name: str, *columns: str, where: str = "") -> Index:
    """An index that gives leads in the order of its last column; ids make the order complete."""
    condition = text(where) if where else None
    return Index(
        f"ix_leads_{name}",
        *columns,
        "submission_id",
        sqlite_where=condition,
        postgresql_where=condition,
    )


class LeadRow(Base):
    """The state of a lead at the agency, one row for each submission.

    It repeats what lists filter and sort by, so that they need no other table for that.
    """

    __tablename__ = "leads"
    __allow_unmapped__ = True
    __mapper_args__ = MappingProxyType({"eager_defaults": True})  # a changed row has its `next_at`
    __table_args__ = (
        one_of("stage", STAGES),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("(offered_to_id IS NULL) = (offered_at IS NULL)", name="offer_is_dated"),
        CheckConstraint(
            "(won_amount IS NULL) = (won_currency IS NULL)"
            " AND (won_amount IS NULL OR stage = 'won')",
            name="amount_is_of_a_win",
        ),
        CheckConstraint("won_amount >= 0", name="won_amount_not_negative"),
        # Each was added because a page of the list took too long without it (`benchmarks/leads`).
        _index("newest", "submitted_at"),
        _index("separation", "separation"),
        _index("handoff", "handoff"),
        _index("source", "source", "submitted_at"),
        _index("assignee", "assignee_id", "submitted_at"),
        _index("stage", "stage", "submitted_at"),
        _index("archetype", "archetype", "submitted_at"),
        _index("next", "next_at"),
        _index("todo", "assignee_id", "next_at"),
        _index("waiting", "due_at", where="first_contact_at IS NULL"),
        _index("suspect", "suspect", "submitted_at"),
    )

    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), primary_key=True)
    # Goes up with every change by staff: who saved on top of an older one is shown the newer.
    version: Mapped[int]
    stage: Mapped[Stage] = mapped_column(String(16))
    stage_since: Mapped[datetime]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    # A handover that waits for its answer; until then the assignee stays the assignee.
    offered_to_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    offered_at: Mapped[datetime | None]
    # When a person at the agency first called or wrote.
    first_contact_at: Mapped[datetime | None]
    # The reply clock: when it started, by when a reply was promised, and under which hours. It
    # starts with the contact, and again on the day that a lead is snoozed until.
    clock_started_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    clock_hours: Mapped[str | None] = mapped_column(Text)
    consult_at: Mapped[datetime | None]
    # "Not now": the day on which to ask again.
    follow_up_on: Mapped[date | None]
    # When something is to be done next. The database derives it from the columns above, so nothing
    # can forget to: by when the first reply is due; or else the day to follow up, which begins at
    # midnight UTC here; the time of a consult; or since when the lead has been in its stage.
    next_at: Mapped[datetime] = mapped_column(FetchedValue(), server_onupdate=FetchedValue())
    # What a lead that was won is worth, if staff said so, in hundredths of the currency (cents).
    won_amount: Mapped[int | None] = mapped_column(BigInteger)
    won_currency: Mapped[str | None] = mapped_column(String(3))
    # What the last change by staff replaced, and who made it when: `changes.undo` restores it.
    replaced: Mapped[dict[str, Any] | None]
    # Probably spam: lists leave it out, and nothing about it is sent, until it is confirmed or
    # cleared.
    suspect: Mapped[bool] = mapped_column(server_default=false())

    # When its owner first went to the calendar to book, and of the key by which the calendar's
    # report is recognized.
    pressed_at: Mapped[datetime | None]
    booking_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    # When its personal data was deleted; answers and scores stayed. The link is void since.
    anonymised_at: Mapped[datetime | None]

    # Repeated from the submission, its draft and its contact.
    submitted_at: Mapped[datetime]
    demo: Mapped[bool]
    archetype: Mapped[str] = mapped_column(String(64))
    separation: Mapped[float]
    handoff: Mapped[float]
    source: Mapped[str] = mapped_column(String(200))
    wants_consult: Mapped[bool]

    # No column: how a lock found it, by name of the columns that `changes.undo` restores.
    before: Mapping[str, Any] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether there was a clear answer."""
        return self.stage in CLOSED


def is_open(lead: type[LeadRow]) -> ColumnElement[bool]:
    """Whether a lead has no final answer yet; of an alias or the table itself."""
    return lead.stage.not_in(sorted(CLOSED))


def is_waiting(lead: type[LeadRow]) -> ColumnElement[bool]:
    """Whether a lead waits for its first reply, as ``workflow.stages.to_do`` has it of one."""
    return and_(lead.first_contact_at.is_(None), lead.due_at.is_not(None), is_open(lead))


def is_overdue(lead: type[LeadRow], now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether a lead has waited for its first reply longer than was promised, likewise.

    Demo leads count on the pages that show them; mails to staff leave them out.
    """
    return and_(is_waiting(lead), lead.due_at <= now)


def is_requested(lead: type[LeadRow]) -> ColumnElement[bool]:
    """Whether the owner of a lead picked a time for a consult that isn't confirmed yet."""
    requested = (BookingRow.submission_id == lead.submission_id, BookingRow.state == "requested")
    return select(BookingRow.id).where(*requested).correlate_except(BookingRow).exists()


def did_not_book(
    lead: type[LeadRow], pressed_before: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """Whether an owner went to the calendar, `TIME_TO_BOOK` ago, and never booked a consult.

    Staff may have booked one for them; one of their own counts even if it didn't move the lead.
    """
    stats = ResponseStatsRow
    moved = select(stats.id).where(stats.submission_id == lead.submission_id, stats.booked)
    booked = select(BookingRow.id).where(BookingRow.submission_id == lead.submission_id)
    return and_(
        is_open(lead),
        lead.anonymised_at.is_(None),
        lead.pressed_at <= pressed_before,
        not_(moved.correlate_except(stats).exists()),
        not_(booked.correlate_except(BookingRow).exists()),
    )


def to_do(
    lead: type[LeadRow],
    now: datetime | BindParameter[datetime],
    today: date | BindParameter[date],
    ends: datetime | BindParameter[datetime],
) -> Mapping[ToDo, ColumnElement[bool]]:
    """What leads wait for today, as ``workflow.stages.to_do`` has it of one; none for two things.

    `ends` is when the agency's day ends.
    """
    awake = or_(lead.follow_up_on.is_(None), lead.follow_up_on <= today)
    goes_on = and_(is_open(lead), not_(is_waiting(lead)))
    booked = lead.stage == "consult_booked"
    by_tonight = and_(goes_on, booked, lead.consult_at < ends)
    later = or_(not_(booked), lead.consult_at >= ends)
    requested = and_(booked, lead.consult_at > now, is_requested(lead))
    return {
        "first_reply": and_(is_waiting(lead), awake, not_(requested)),
        "follow_up": and_(goes_on, lead.follow_up_on <= today, later, not_(requested)),
        "confirm": and_(is_open(lead), requested),
        "consult": and_(by_tonight, lead.consult_at > now, not_(requested)),
        "no_answer": and_(
            *(goes_on, not_(booked), lead.anonymised_at.is_(None)),
            *(lead.first_contact_at.is_not(None), lead.follow_up_on.is_(None)),
        ),
        "unconfirmed": and_(by_tonight, lead.consult_at <= now, awake),
    }


class LeadWordRow(Base):
    """A word by which a lead is found; `search_index` alone writes them.

    A plain table and no full-text index: it finds the same on both engines, and a deleted word is
    not left in the file, where a full-text index would keep it until it is rebuilt.
    """

    __tablename__ = "lead_words"
    __table_args__ = (
        CheckConstraint("length(word) >= 1", name="word_present"),
        Index("ix_lead_words_word", "word", "submission_id"),
        {"sqlite_with_rowid": False},
    )

    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), primary_key=True)
    word: Mapped[str] = mapped_column(WORD, primary_key=True)


class LeadEventRow(Base):
    """One line of a lead's timeline. Added to, never changed: who did what, and when."""

    __tablename__ = "lead_events"
    __table_args__ = (
        length("kind", 32),
        Index("ix_lead_events_lead", "submission_id", "id"),
        Index("ix_lead_events_kind", "kind", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"))
    at: Mapped[datetime]
    # None: the owner or the application.
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    # The version of the lead that it made, to show users of an older one what changed.
    version: Mapped[int | None]


class NoteRow(Base):
    __tablename__ = "notes"
    __table_args__ = (
        length("text", 4000),
        CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_id IS NULL)", name="resolved_by_somebody"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))


class CallAssessmentRow(Base):
    """After the call: whether a dimension is as the owner said, better, or worse."""

    __tablename__ = "call_assessments"
    __table_args__ = (
        one_of("assessment", ASSESSMENTS),
        length("dimension", 64),
        Index("ix_call_assessments_dimension", "dimension", "assessment"),
    )

    submission_id: Mapped[int] = mapped_column(belongs_to("submissions"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(64), primary_key=True)
    assessment: Mapped[Assessment] = mapped_column(String(8))
    by_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    at: Mapped[datetime]
