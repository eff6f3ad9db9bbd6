"""Telephone numbers as people type them: which one a link dials, and what time it is there."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from consult.questionnaire.yaml_texts import read_yaml

_NUMBER = re.compile(
    r"(?:\(?\+\d+\)?[ .-]*)?(?:\(0\)[ .-]*)?(?:\d+[ .-]*)?(?:\(\d{1,5}\)[ .-]*)?\d+(?:[ ./-]+\d+)*"
)
# Seven letters or more, as in 1-800-FLOWERS: in capitals, or joined to the digits.
_VANITY = re.compile(
    r"(\+?1[ .-]*)?\(?(\d{3,4})\)?([ .-]*[A-Z]+(?:[ -][A-Z]+)*|[.-][A-Za-z]+(?:-[A-Za-z]+)*)(?!\w)"
)
_EXTENSION = re.compile(
    r"(?:[ ,;(]*(?:ext(?:ension|n)?|x|durchwahl|dw|poste)[ .:]*|[ (]*#|,+)(\d{1,6})(?![\w-])",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:\(?(?:tel|telephone|telefon|phone|ph|mobile?|mob|cell|handy|office|home|work|direct|main|call"
    r"|text|whatsapp|[tmpcow])(?![a-z])\W*)*",
    re.IGNORECASE,
)
# What makes a time or an ordinal of the end of a number.
_SPOILED = re.compile(r"[^\W\d_]|[*#]| ?(?:am|pm|uhr|h)\b", re.IGNORECASE)
_NEXT = re.compile(r"[,;|\n]|: |\b(?:or|oder|and|und|ou|et)\b", re.IGNORECASE)
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


def phone_link(typed: str) -> str:
    """The address that dials the first telephone number in what someone typed, or "".

    A link that dials another number than the one that was meant is worse than none.
    """
    text = "".join(_dialable(letter) for letter in unicodedata.normalize("NFKC", typed)).strip()
    start = 0
    while found := _NUMBER.search(text, start):
        before, number = text[start : found.start()], found[0]
        if start and not _NEXT.search(before):
            break
        if vanity := _VANITY.match(text, found.start()):
            letters = re.sub("[^A-Z]", "", vanity[3].upper())
            if 7 <= len(letters) <= 10:
                country = "1" if vanity[1] else ""
                return f"tel:{country}{vanity[2]}{letters.translate(_KEYPAD)[:7]}"
        if _count(number) >= 5:
            return _link(number, before, text[found.end() :])
        start = found.end()
    return ""


def _dialable(letter: str) -> str:
    match unicodedata.category(letter):
        case "Nd":
            return str(unicodedata.decimal(letter))
        case "Pd":
            return "-"
        case "Cf":
            return ""
    return letter


def _link(number: str, before: str, after: str) -> str:
    first, *others = number.split("/")
    # An area code may end in a slash; what is after a whole number is another one.
    while others and _count(first) < 7:
        first += others.pop(0)
    extension = None if others else _EXTENSION.match(after)
    abroad = first.lstrip("(").startswith(("+", "00", "011"))
    if first.lstrip("(").startswith(("+", "00")):
        first = first.replace("(0)", "")
    digits = re.sub(r"\D", "", first)
    leads = re.match(r"[(+]|\d{3}", number) or _LABEL.fullmatch(re.split("[:,]", before)[-1])
    if (
        not leads
        or before.endswith(("*", "#", "+", "[", "/"))
        or len(digits) > (15 if abroad else 13)
        or (not extension and not others and _SPOILED.match(after))
    ):
        return ""
    plus = "+" if "+" in first else ""
    return f"tel:{plus}{digits}" + (f";ext={extension[1]}" if extension else "")


def _count(text: str) -> int:
    return sum(letter.isdigit() for letter in text)


_AREA_ZONES: Mapping[str, str] = {
    code: zone
    for zone, codes in read_yaml(Path(__file__).with_name("area_codes.yaml")).items()
    for code in codes.split()
}


def time_at(phone: str, now: datetime) -> tuple[str, datetime] | None:
    """The area code of an American number, as `phone_link` dials it, and the time there.

    None where that is as here, or not known; people take their number along when they move.
    """
    number = re.fullmatch(r"tel:(?:\+?1)?([2-9]\d\d)\d{7}(?:;ext=\d+)?", phone)
    if number is None or number[1] not in _AREA_ZONES:
        return None
    there = now.astimezone(ZoneInfo(_AREA_ZONES[number[1]]))
    return None if there.utcoffset() == now.utcoffset() else (number[1], there)
