"""What people type into a name cannot upset a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.report.display import safe_text

ANYTHING = st.text(st.characters(codec=None), max_size=300)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("  Miller \n\t House  ", "Miller House"),
        ("Zakład Łódź & Żółć", "Zakład Łódź & Żółć"),
        ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
        ("مطعم النخيل", "مطعم النخيل"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("half\ud800 pair", "half pair"),
        ("東京 Dental", "Dental"),
        ("東京", ""),
        ("e\u0301t\u00e9", "ét\u00e9"),
        ("Z" + "\u0300" * 500, "Z\u0300\u0300"),
    ],
)
def test_what_is_typed_and_what_is_printed(typed: str, printed: str) -> None:
    assert safe_text(typed) == printed


def test_a_long_word_can_break() -> None:
    pieces = safe_text("A" * 10_000, limit=100).split("\u200b")
    assert len(pieces) > 3
    assert max(map(len, pieces)) == 30


def test_too_much_is_cut_with_a_mark() -> None:
    assert safe_text("word " * 100, limit=20) == "word word word word…"


@given(ANYTHING)
def test_any_text_becomes_one_clean_line(typed: str) -> None:
    printed = safe_text(typed, 40)
    assert len(printed.replace("\u200b", "")) <= 40
    assert printed.isprintable() or "\u200b" in printed
    printed.encode()
    assert "\n" not in printed
