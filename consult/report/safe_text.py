"""Text that people typed, made fit to be printed: no trap for the layout, no empty boxes.

A 10,000-letter word runs out of its cell, and letting the layout break it anywhere takes minutes;
a letter that no bundled font has prints as a box and breaks the accessible text.
"""

import functools
import re
import unicodedata

from fontTools.ttLib import TTFont

from consult.report.report_files import FONTS

_LONGEST_PIECE = 30
_BREAK = "\u200b"  # a zero-width space: an invisible place to break a line
_PILED_MARKS = re.compile(r"(?<=[\u0300-\u036f]{2})[\u0300-\u036f]+")
_LONG_PIECES = re.compile(rf"(\S{{{_LONGEST_PIECE}}})(?=\S)")


def safe_text(text: str, limit: int = 120) -> str:
    """`text` as one line of at most `limit` characters that the bundled fonts can print.

    Control and direction characters, lone surrogates, letters that no font has and marks piled
    more than two high are left out, and long words may break every 30 letters. Escaping stays
    the template's business.
    """
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    spaced = " ".join(composed[: 10 * limit].split())
    kept = "".join(character for character in spaced if _is_printable(character))
    short = " ".join(_PILED_MARKS.sub("", kept).split())
    if len(short) > limit:
        short = short[: limit - 1].rstrip() + "…"
    return _LONG_PIECES.sub(rf"\1{_BREAK}", short)


def _is_printable(character: str) -> bool:
    # Cc controls, Cf directions and joiners, Cs surrogates, Co private use, Cn unassigned
    return not unicodedata.category(character).startswith("C") and ord(character) in _letters()


@functools.cache
def _letters() -> frozenset[int]:
    """The code points that at least one of the report's fonts has."""
    fonts = sorted((FONTS.parent / "fonts").glob("*.ttf"))
    letters: set[int] = set()
    for file in fonts:
        with TTFont(file, lazy=True) as font:
            letters.update(font.getBestCmap())
    return frozenset(letters)
