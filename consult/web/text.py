"""Text that people type, made fit to be kept and shown again."""

from __future__ import annotations

import re
import unicodedata

from consult.storage.db.base import HIGHEST_ID

# They shape words in Persian, Hindi and emoji, and turn nothing round.
_JOINERS = frozenset("\u200c\u200d")
# More than three marks on a letter are no language, and climb over the lines around.
_PILED_MARKS = re.compile(r"(?<=[\u0300-\u036f]{3})[\u0300-\u036f]+")


def one_line(text: str) -> str:
    """Return a text as one line without control and direction characters, or letters piled high."""
    kept = "".join(_kept(letter) for letter in text)
    return " ".join(_PILED_MARKS.sub("", kept).split())


def many_lines(text: str) -> str:
    """Return a text line by line as `one_line` does, without empty lines around it."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip()


def parse_id(text: str) -> int:
    """The number of something in the database, as somebody may have typed it.

    Raises ValueError for what can be no such number. Meant for werkzeug's `type=` too.
    """
    # Not `int` alone: it takes "1_0" and digits of any script, and no database takes 30 of them.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
    if not 0 <= number <= HIGHEST_ID:
        raise ValueError("not a number of ours")
    return number


def _kept(letter: str) -> str:
    if letter in _JOINERS or not unicodedata.category(letter).startswith("C"):
        return letter
    # A tab or line break parts two words.
    return " " if letter.isspace() else ""
