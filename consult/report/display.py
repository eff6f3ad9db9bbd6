"""How things are shown: scores as rounded numbers, times in words, typed text in print."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from fractions import Fraction
from functools import cache, lru_cache

from fontTools.ttLib import TTFont

from consult.questionnaire.journey import Asked
from consult.questionnaire.questions import POINT_SCALE, UNKNOWN, Kind
from consult.report import FONTS
from consult.scoring.axis import CUTS, AxisScore, Line
from consult.settings.setting_types import time_zone

_LINES = (*CUTS, 100)
_LINES_IN_TENTHS = [10 * line for line in _LINES]


def tenths(score: Fraction) -> int:
    """A score of 0 to 100 in tenths, halves up.

    Never lifted onto a line that it did not reach: 49.97 prints as 49.9, since a printed 50.0 under
    the name of the band below 50 would contradict itself. The same goes for 100.
    """
    numerator, denominator = score.as_integer_ratio()
    rounded = (20 * numerator + denominator) // (2 * denominator)
    lifted = rounded in _LINES_IN_TENTHS and rounded * denominator > 10 * numerator
    return rounded - 1 if lifted else rounded


def whole(score: Fraction) -> int:
    """A score of 0 to 100 as a whole number, with the same care as `tenths`.

    Rounded from the tenths, so that a reader of both finds that the one is the other, rounded.
    """
    exact = tenths(score)
    rounded = (exact + 5) // 10
    return rounded - 1 if 10 * rounded > exact and rounded in _LINES else rounded


def significant(amount: Fraction) -> int:
    """An amount rounded to two significant figures, at least to a whole number."""
    step = int(10 ** max(0, len(str(int(amount))) - 2))
    return int(amount / step + Fraction(1, 2)) * step


def long_date(day: date) -> str:
    """A day as an owner reads it, as in "March 2, 2026"."""
    return f"{day:%B} {day.day}, {day.year}"


def number_of(number: int, noun: str) -> str:
    """A number with its noun, as in "1 lead" or "2,000 leads"; the plural of the noun ends in s."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def short_time(at: datetime) -> str:
    """A time as staff read it, in its own time zone, as in "Mon, Mar 2, 10:30 AM"."""
    return f"{at:%a}, {month_day(at)}, {clock_time(at)}"


def month_day(day: date) -> str:
    """A day of this year as staff read it, as in "Mar 2"."""
    return f"{day:%b} {day.day}"


def meeting_time(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> str:
    """As in "Monday, March 2, 2026, 10:30 AM to 11:00 AM, New York time (EST)".

    The short name of the zone tells apart the hour that comes twice when clocks go back.
    """
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    first, last, names = clock_time(start), clock_time(end), (_zone_name(start), _zone_name(end))
    place = zone_label(str(zone))
    if names[0] != names[1]:
        first, last = f"{first} {names[0]}", f"{last} {names[1]}"
    elif names[0] != place:
        place = f"{place} ({names[0]})"
    if start.date() != end.date():
        last = f"{long_date(end.date())}, {last}"
    return f"{start:%A}, {long_date(start.date())}, {first} to {last}, {place}"


def _zone_name(at: datetime) -> str:
    """As in "EST"; or "UTC+04", where the zone has no short name."""
    name = at.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


def weekday(day: date) -> str:
    """A day near today as an owner reads it, as in "Wednesday, March 4"."""
    return f"{day:%A}, {day:%B} {day.day}"


def clock_time(at: datetime) -> str:
    """The time of day, as in "10:00 AM"."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def slot_label(at: datetime) -> str:
    """The time of day, with its zone where the clock shows it twice: "1:30 AM (EST)"."""
    again = at.replace(fold=1 - at.fold).utcoffset() != at.utcoffset()
    return f"{clock_time(at)} ({_zone_name(at)})" if again else clock_time(at)


def zone_label(zone: str) -> str:
    """The name of a time zone in words, as in "New York time"."""
    city = zone.rpartition("/")[2].replace("_", " ")
    return city if city == "UTC" else f"{city} time"


def consult_time(at: datetime, zone: str) -> str:
    """When a consult is, for its owner: "Wednesday, March 4, 2:30 PM, New York time"."""
    local = at.astimezone(time_zone(zone))
    return f"{weekday(local)}, {slot_label(local)}, {zone_label(zone)}"


@dataclass(frozen=True, slots=True)
class Points:
    """Tenths of a point that were earned and lost; together they are what could be earned."""

    earned: int
    lost: int

    @property
    def possible(self) -> int:
        return self.earned + self.lost


Exact = tuple[int, int]
"""Earned and lost, exactly: in whole parts, of which so many are a tenth of a point."""


def printed_points(axis: AxisScore) -> dict[str, Points]:
    """The printed points of each line of an axis, by the line's id.

    A full answer prints all of its points and a zero prints 0.0. The points are shared out to the
    dimensions first and then within each, so that a weight of 20 reads 20.0.
    """
    total, parts = tenths(axis.confirmed), POINT_SCALE * axis.lines[0].item.total
    exact = [tuple(map(_exact, dimension.lines)) for dimension in axis.dimensions]
    sums = tuple((sum(one for one, _ in rows), sum(other for _, other in rows)) for rows in exact)
    by_dimension = share_out(sums, Points(total, 1000 - total), parts)
    return {
        line.id: points
        for dimension, lines, whole in zip(axis.dimensions, exact, by_dimension, strict=True)
        for line, points in zip(dimension.lines, share_out(lines, whole, parts), strict=True)
    }


def _exact(line: Line) -> Exact:
    share = 1000 * line.item.share
    return share * line.twelfths, share * (POINT_SCALE - line.twelfths)


@lru_cache(maxsize=4096)
def share_out(rows: tuple[Exact, ...], total: Points, parts: int) -> tuple[Points, ...]:
    """Round every row so that both columns add up to `total`, with the least squared error.

    Earned, lost and their sum each become one of the two whole numbers round the exact ones, which
    are in `parts` of a tenth. This is controlled rounding of a table with two columns, which always
    has a solution when `total` is itself rounded in this way; raises ValueError when it is not.
    """
    # Kept, because the lines of a dimension come out in few ways.
    # The best rounding of the rows so far, for each pair of sums that they can have.
    best: dict[tuple[int, int], tuple[int, tuple[Points, ...]]] = {(0, 0): (0, ())}
    for earned, lost in rows:
        roundings = [
            (one, (one.earned * parts - earned) ** 2 + (one.lost * parts - lost) ** 2)
            for one in _roundings(earned, lost, parts)
        ]
        longer: dict[tuple[int, int], tuple[int, tuple[Points, ...]]] = {}
        for (earned_so_far, lost_so_far), (error, chosen) in best.items():
            for one, more in roundings:
                sums = earned_so_far + one.earned, lost_so_far + one.lost
                if sums not in longer or error + more < longer[sums][0]:
                    longer[sums] = error + more, (*chosen, one)
        best = longer
    if (total.earned, total.lost) not in best:
        raise ValueError(f"{total} is no rounding of the sum of {rows} in parts of {parts}")
    return best[total.earned, total.lost][1]


def _roundings(earned: int, lost: int, parts: int) -> list[Points]:
    possible = _round(earned + lost, parts)
    choices = [Points(one, other) for one in _round(earned, parts) for other in _round(lost, parts)]
    return [one for one in choices if one.possible in possible]


def _round(exact: int, parts: int) -> tuple[int, ...]:
    """The whole numbers next to an exact one, the lower first."""
    return tuple(dict.fromkeys((exact // parts, -(-exact // parts))))


I_DO_NOT_KNOW = "I don’t know."


def in_words(asked: Asked, sign: str) -> str:
    """The answer to a question that was answered; `sign` goes before an amount of money."""
    answer = asked.answer
    if asked.question.kind is Kind.TEXT:
        return plain_line(str(answer), asked.question.most)
    if answer == UNKNOWN:
        return f"{asked.wording.unknown}."
    if isinstance(answer, tuple):
        return "; ".join(asked.wording.choices[id] for id in answer) or "None of these"
    if str(answer) in asked.wording.choices:
        return asked.wording.choices[str(answer)]
    amount = f"{answer:,}" if isinstance(answer, int | float) else str(answer)
    return sign + amount if asked.question.kind is Kind.NUMBER else amount


def mid_sentence(text: str) -> str:
    """A text as it reads inside a sentence: “I”, “CRM” and the like keep their capitals."""
    first = re.split("[ ’]", text, maxsplit=1)[0]
    keeps = first == "I" or first[1:] != first[1:].lower()
    return text if keeps else text[:1].lower() + text[1:]


_LONGEST_PIECE = 30
_BREAK = "\u200b"  # a zero-width space: an invisible place to break a line
_JOINERS = "\u200c\u200d"
_PILED_MARKS = re.compile(r"(?<=[\u0300-\u036f]{2})[\u0300-\u036f]+")
_LONG_PIECES = re.compile(rf"(\S{{{_LONGEST_PIECE}}})(?=\S)")


def plain_line(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` characters, as a page can show it.

    Control and direction characters, lone surrogates and marks piled more than two high are left
    out; what joins letters stays. Escaping is the template's business.
    """
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    spaced = " ".join(composed[: 10 * limit].split())
    kept = "".join(one for one in spaced if one in _JOINERS or unicodedata.category(one)[0] != "C")
    short = " ".join(_PILED_MARKS.sub("", kept).split())
    return short if len(short) <= limit else short[: limit - 1].rstrip() + "…"


def safe_text(text: str, limit: int = 120, otherwise: str = "") -> str:
    """`text` as a `plain_line` that the bundled fonts can print.

    With a letter or digit that no font has, it is `otherwise`: part of a name is a wrong name.
    Joiners and signs that no font has are left out, and long words may break every 30 letters.
    """
    typed = plain_line(text, 10 * limit)
    if any(unicodedata.category(one)[0] in "LN" and ord(one) not in _letters() for one in typed):
        return otherwise
    kept = (one for one in typed if one not in _JOINERS and ord(one) in _letters())
    return _LONG_PIECES.sub(rf"\1{_BREAK}", plain_line("".join(kept), limit))


@cache
def _letters() -> frozenset[int]:
    """The code points that at least one of the report's fonts has."""
    letters: set[int] = set()
    for file in (FONTS.parent / "fonts").glob("*.ttf"):
        with TTFont(file, lazy=True) as font:
            letters.update(font.getBestCmap())
    return frozenset(letters)
