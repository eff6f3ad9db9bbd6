"""The table that search looks into: which words a lead's contact and notes hold."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from consult.storage.db.base import Base

WORD_MAX = 64
# Whatever the database's own language, words stand in the order of their code points, so that all
# that begin alike stand together.
WORD = String(WORD_MAX).with_variant(String(WORD_MAX, collation="C"), "postgresql")


class LeadWordRow(Base):
    """A word by which a lead is found, as `lead_words` spells it. Kept by that module alone.

    A plain table and no full-text index: it finds the same on both engines, and a word that is
    deleted is gone, where an index would keep it until somebody rebuilds it.
    """

    __tablename__ = "lead_words"
    __table_args__ = (
        CheckConstraint("length(word) >= 1", name="word_present"),
        Index("ix_lead_words_word", "word", "submission_id"),
        {"sqlite_with_rowid": False},
    )

    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    word: Mapped[str] = mapped_column(WORD, primary_key=True)
