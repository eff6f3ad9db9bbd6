"""The tables behind the insights: responses, the pages they were shown, views of the start page.

Deleting a draft or a lead only unlinks its rows here, so the numbers stay. Without the link they
say nothing about a person: a day, a depth, a source, and how far a response got.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base, one_of

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
    # Was ever at this stage or beyond it; `won` is the present state.
    reached: Mapped[bool] = mapped_column(server_default=false())
    booked: Mapped[bool] = mapped_column(server_default=false())
    held: Mapped[bool] = mapped_column(server_default=false())
    won: Mapped[bool] = mapped_column(server_default=false())


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
