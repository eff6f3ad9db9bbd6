"""Cleans text that people type, before it is stored and shown."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import DateField, StringField
from wtforms.validators import Length

from consult.settings.brand import CURRENCY_SIGNS
from consult.storage.db.base import HIGHEST_ID

# Needed in Persian, Hindi and emoji; they do not change the direction of text.
_JOINERS = frozenset("\u200c\u200d")
# No language has more than three marks on a letter; more of them cover neighboring lines.
_PILED_MARKS = re.compile(r"(?<=[\u0300-\u036f]{3})[\u0300-\u036f]+")
_LONGEST_VALUE = 100
_SECRET = re.compile("password|code|credential|secret")
_NO_AMOUNT = "Enter a number, like 1200, or leave it blank."
_NO_COUNT = "Enter a whole number, like 5, or leave it blank."
_SIGNS = re.compile(
    r"[A-Z]{1,2}\$|[$£¥฿\u20a0-\u20bf]|(?<![A-Z])(?:S?Fr|Rs|R|RM|Rp|kr|zł|Kč|Ft|lei|"
    r"euros?|dollars?|pounds?|francs?|rupees?|AED|BRL|CZK|DKK|HUF|ILS|INR|JPY|KES|MXN|MYR|"
    rf"NGN|NOK|PHP|PLN|SEK|SGD|THB|ZAR|{'|'.join(CURRENCY_SIGNS)})(?![^\W\d])\.?",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?P<whole>\d+|\d{1,3}(?P<by>[,.' ])\d{3}(?:(?P=by)\d{3})*|\d{1,2}(?:,\d{2})+,\d{3})"
    r"(?:(?P<mark>[.,])(?P<cents>\d{1,2}))?(?P<even>[.,]-)?(?P<thousands> ?k)?",
    re.IGNORECASE,
)


def one_line(text: str | None) -> str:
    """The text as one line, without control and direction characters and piled-up marks."""
    cleaned = "".join(_clean(letter) for letter in text or "")
    return " ".join(_PILED_MARKS.sub("", cleaned).split())


class LineField(StringField):
    """A form's field for one line of text; without a value it is empty, and never None."""

    data: Any

    def process_data(self, value: str | None) -> None:
        self.data = value or ""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = one_line(valuelist[0])


class DayField(DateField):
    """A day. Where a button has one as well as an input after it, the button's counts."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist[:1])
        except ValueError:
            raise ValueError("Enter a date.") from None


def at_most(characters: int) -> Length:
    return Length(max=characters, message=f"Use at most {characters} characters.")


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


def read_amount(text: str, most: int) -> Decimal | None:
    """An amount as people type it: 1200, $1,200.50, 1’200.–, 1.200,50 €, 1,20,000 or 10k.

    None for nothing. For anything else, raises ValueError that says what to enter.
    """
    return _read_number(_SIGNS.sub("", text[:40]), most, _NO_AMOUNT)


def read_count(text: str, most: int) -> int | None:
    """A whole number of people or things, likewise."""
    number = _read_number(text[:40], most, _NO_COUNT)
    if number is None:
        return None
    if number % 1:
        raise ValueError(_NO_COUNT)
    return int(number)


def _read_number(text: str, most: int, advice: str) -> Decimal | None:
    text = re.sub(r"[’‘ʼ´`]", "'", re.sub(r"[–—]", "-", " ".join(text.split())))  # noqa: RUF001
    text = re.sub(r"(?<=\d)(?:/-|[.,])$", "", text)
    if not text:
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None or (found["mark"] and found["mark"] in found["whole"]):
        raise ValueError(advice)
    whole = re.sub(r"\D", "", found["whole"])
    is_mark_seen = found["cents"] or found["even"] or found["whole"].count(".") > 1
    if found["by"] == "." and not is_mark_seen:
        # 1.200 may be 1.20 and a slip.
        raise ValueError(f"Did you mean {whole}? Enter it without the period.")
    number = Decimal(f"{whole}.{found['cents'] or 0}") * (1000 if found["thousands"] else 1)
    if number > most:
        raise ValueError(f"Enter a number up to {most:,}, or leave it blank.")
    return number


def has_secret(fields: Iterable[str]) -> bool:
    """Whether a form with these fields was sent with a secret, which no page may show again."""
    return any(map(_SECRET.search, fields))


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
