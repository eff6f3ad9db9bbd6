"""docs/instrument.md: current, and complete."""

from pathlib import Path

from consult.content.edition_document import document
from consult.content.texts import texts_of
from consult.questionnaire.editions import newest

COMMITTED = Path(__file__).parents[2] / "docs" / "instrument.md"


def test_the_committed_document_is_current() -> None:
    current = document(newest())
    assert COMMITTED.read_text(encoding="utf-8") == current, (
        "the questionnaire changed: consult questionnaire document > docs/instrument.md"
    )


def test_the_document_shows_every_text_of_the_edition() -> None:
    shown = document(newest())
    assert [text.place for text in texts_of(newest()) if text.text not in shown] == []
