"""The tables behind the insights: what became of each lead, and numbers by day.

The days are nothing but numbers. What goes from the other tables, a draft whose time is over or a
lead that is deleted, is added to them on its way out, so each check counts once, here or there.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, column
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from consult.storage.db.base import Base

KINDS = ("real", "demo", "test")
"""Whose check it was: an owner's; a made-up one; or one of somebody who only tried it out."""

BOUNDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 900)
"""Seconds: how long a page took is kept as a count in one of these steps."""


def _kind_known() -> CheckConstraint:
    return CheckConstraint(column("kind").in_(KINDS), name="kind_known")


def _depth_known() -> CheckConstraint:
    return CheckConstraint(column("depth").in_(("quick", "full")), name="depth_known")


class OutcomeRow(Base):
    """How far a lead came at the agency, in a few bits, for counting many of them at once."""

    __tablename__ = "outcomes"
    __table_args__ = (
        _kind_known(),
        _depth_known(),
        Index("ix_outcomes_started", "kind", "started_on", "depth", "source"),
    )

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    started_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(8))
    depth: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(200))
    # Left a contact; asked for a consult.
    contact: Mapped[bool]
    consult: Mapped[bool]
    # Was ever at this stage or beyond it; `won` is the present answer.
    reached: Mapped[bool]
    booked: Mapped[bool]
    held: Mapped[bool]
    won: Mapped[bool]


class OfDay:
    """What all numbers by day are by: the day on which the checks were begun, and whose."""

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[CheckConstraint, ...]:
        return _kind_known(), _depth_known()

    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-1)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True, sort_order=-1)
    depth: Mapped[str] = mapped_column(String(8), primary_key=True, sort_order=-1)
    source: Mapped[str] = mapped_column(String(200), primary_key=True, sort_order=-1)


class FunnelDayRow(OfDay, Base):
    """Views of the start page on a day; of the checks begun then, how far those came that went."""

    __tablename__ = "funnel_days"

    step: Mapped[str] = mapped_column(String(72), primary_key=True)
    count: Mapped[int]


class PageDayRow(OfDay, Base):
    """One page in the checks begun on a day that are over: handed in, or deleted as drafts.

    ``left`` counts those that ended there. ``within_…`` count those that took at most so many
    seconds and more than the step before.
    """

    __tablename__ = "page_days"

    page: Mapped[str] = mapped_column(String(64), primary_key=True)
    shown: Mapped[int]
    left: Mapped[int]
    refused: Mapped[int]
    within_5: Mapped[int]
    within_10: Mapped[int]
    within_15: Mapped[int]
    within_20: Mapped[int]
    within_30: Mapped[int]
    within_45: Mapped[int]
    within_60: Mapped[int]
    within_90: Mapped[int]
    within_120: Mapped[int]
    within_180: Mapped[int]
    within_300: Mapped[int]
    within_900: Mapped[int]


class QuestionDayRow(OfDay, Base):
    """One question in the checks begun on a day that are over, where their path asked it.

    ``left`` counts those who stopped on its page without an answer to it.
    """

    __tablename__ = "question_days"

    question: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked: Mapped[int]
    answered: Mapped[int]
    unsure: Mapped[int]
    left: Mapped[int]
