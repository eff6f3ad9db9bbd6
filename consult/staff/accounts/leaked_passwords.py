"""Passwords that everybody who guesses has in a list, because they leaked somewhere.

`leaked_passwords.bin` holds those of the million most common ones of Mark Burnett's "ten million
passwords" that are long enough for us: of each the first five bytes of its SHA-256, in order. So
the list can be asked and not read. `tools/list_leaked.py` made it.
"""

import hashlib
from bisect import bisect_left
from functools import cache
from pathlib import Path

SIZE = 5
"""Bytes kept of a hash: of a thousand million other passwords, ten would be refused by mistake."""

FILE = Path(__file__).with_name("leaked_passwords.bin")


def has_leaked(password: str) -> bool:
    """Whether a password is in the list, in capital or small letters."""
    mark, marks = mark_of(password), _marks()
    place = bisect_left(range(len(marks) // SIZE), mark, key=lambda at: _at(marks, at))
    return _at(marks, place) == mark


def mark_of(password: str) -> bytes:
    """The form in which the list has a password."""
    return hashlib.sha256(password.casefold().encode(errors="replace")).digest()[:SIZE]


@cache
def _marks() -> bytes:
    return FILE.read_bytes()


def _at(marks: bytes, place: int) -> bytes:
    return marks[place * SIZE : (place + 1) * SIZE]
