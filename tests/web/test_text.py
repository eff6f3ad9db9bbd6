"""What is stored of a text that a person typed."""

import pytest

from consult.web.text import one_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\r\nBcc: all@example.com", "Ada Bcc: all@example.com"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("\u202eevil\u202c", "evil"),
        ("a\ud800b", "ab"),
        ("می‌خواهم", "می‌خواهم"),
        ("🏃‍♀️ Łódź שלום", "🏃‍♀️ Łódź שלום"),
        ("<b>&", "<b>&"),
        ("Ngu\u0302\u0303n", "Ngu\u0302\u0303n"),
        ("Z\u0351\u036b\u0343\u036a\u0302\u034f", "Z\u0351\u036b\u0343"),
    ],
)
def test_words_stay_and_traps_go(typed: str, kept: str) -> None:
    assert one_line(typed) == kept
