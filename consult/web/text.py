"""Text that people type, made fit to be kept and shown again."""

from __future__ import annotations

import unicodedata

# They shape words in Persian, Hindi and emoji, and turn nothing round.
_JOINERS = frozenset("\u200c\u200d")


def one_line(text: str) -> str:
    """Return a text as one line without control and direction characters or lone surrogates."""
    return " ".join("".join(_kept(letter) for letter in text).split())


def many_lines(text: str) -> str:
    """Return a text line by line as `one_line` does, without empty lines around it."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip()


def _kept(letter: str) -> str:
    if letter in _JOINERS or not unicodedata.category(letter).startswith("C"):
        return letter
    # A tab or line break parts two words.
    return " " if letter.isspace() else ""
