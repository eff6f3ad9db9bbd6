"""Cleans text that people type, before it is stored and shown."""

import re
import unicodedata
from collections.abc import Callable, Mapping

from werkzeug.datastructures import MultiDict

from consult.storage.db.base import HIGHEST_ID

# Needed in Persian, Hindi and emoji; they do not change the direction of text.
_JOINERS = frozenset("\u200c\u200d")
# No language has more than three marks on a letter; more of them cover neighboring lines.
_PILED_MARKS = re.compile(r"(?<=[\u0300-\u036f]{3})[\u0300-\u036f]+")
_LONGEST_VALUE = 100


def one_line(text: str | None) -> str:
    """The text as one line, without control and direction characters and piled-up marks."""
    cleaned = "".join(_clean(letter) for letter in text or "")
    return " ".join(_PILED_MARKS.sub("", cleaned).split())


def many_lines(text: str | None) -> str:
    """The text with each line cleaned by `one_line`, without empty lines around it."""
    return "\n".join(one_line(line) for line in (text or "").splitlines()).strip()


def parse_id(text: str) -> int:
    """The id of a row in the database; raises ValueError for anything that cannot be one."""
    # Not `int` alone: it accepts "1_0", digits of any script, and more of them than a database.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
    if not 0 <= number <= HIGHEST_ID:
        raise ValueError("not an id")
    return number


def unknown_values(
    query: MultiDict[str, str], readers: Mapping[str, Callable[[str], object]]
) -> list[tuple[str, str]]:
    """Names and values of a query that their readers refuse, so that a page can say so.

    A reader refuses a value with a ValueError, None or an empty tuple.
    """
    return [
        (name, one_line(value)[:_LONGEST_VALUE])
        for name, read in readers.items()
        for value in query.getlist(name)
        if value.strip() and _refuses(read, value)
    ]


def _refuses(read: Callable[[str], object], value: str) -> bool:
    try:
        return read(value) in (None, ())
    except ValueError:
        return True


def _clean(letter: str) -> str:
    if letter in _JOINERS or not unicodedata.category(letter).startswith("C"):
        return letter
    # A tab or line break separates two words.
    return " " if letter.isspace() else ""
