"""What a cell may hold, and how a text in a CSV is kept from being taken for a formula.

A spreadsheet that opens a CSV calculates what begins like a formula, whoever wrote it. So a text
gets an apostrophe before each sign that could begin one: at its start, and wherever a program with
other habits may take a cell to begin, after a separator, a quote or the end of a line. XLSX needs
none of this: there, a cell says itself that it is text.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

Cell = str | int | float | datetime | date | None

# OWASP, "CSV Injection". Spreadsheets turn the full-width signs into the plain ones.
_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_ENDS_OF_CELLS = ",;|\"'\t\r\n"
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
_MAY_BEGIN = re.compile(f"[{re.escape(_SIGNS)}]")


@lru_cache(maxsize=8192)
def defused(text: str) -> str:
    """A text that no spreadsheet calculates: only apostrophes are added, one before each sign.

    They can be told from those of the text, so the text can be had back.
    """
    return "".join(_defused(text)) if _MAY_BEGIN.search(text) else text


def _defused(text: str) -> Iterator[str]:
    begins = True
    for letter in text:
        if begins and letter in _SIGNS:
            yield "'"
        yield letter
        begins = letter in _ENDS_OF_CELLS or (begins and (letter.isspace() or letter in _UNSEEN))
