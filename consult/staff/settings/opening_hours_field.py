"""Opening times as a form: for each day of the week a tick and pairs of times, and back to a text.

The environment has them as one text, `mon-fri 09:00-17:00`; nobody in the staff area needs to know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from consult.workflow.office_hours import (
    DAYS,
    Span,
    Week,
    clock_time,
    read_hours,
    read_time,
    write_hours,
)

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PAIRS = 2
_DAY = timedelta(days=1)


class WeekProblem(ValueError):
    """What was filled in is no week of opening times; the text says why, in words for people."""


@dataclass(frozen=True, slots=True)
class Pair:
    """From and until, as their fields show them; `until` 00:00 is midnight at the day's end."""

    opens: str = ""
    closes: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the form. The names of its fields begin with `field`."""

    field: str
    name: str
    is_open: bool
    pairs: Sequence[Pair]

    @property
    def has_break(self) -> bool:
        """Whether there is a time after a break."""
        return any(pair != Pair() for pair in self.pairs[1:])


def shown(text: str, field: str) -> list[Day]:
    """The days of a form that shows these opening times."""
    week = read_hours(text)
    count = max(_PAIRS, *map(len, week.values()))
    days = []
    for number, (short, name) in enumerate(zip(DAYS, NAMES, strict=True)):
        spans = week.get(number, ())
        pairs = [Pair(clock_time(opens), clock_time(closes % _DAY)) for opens, closes in spans]
        pairs += [Pair()] * (count - len(pairs))
        days.append(Day(f"{field}-{short}", name, bool(spans), pairs))
    return days


def filled_in(days: Sequence[Day], posted: Mapping[str, str]) -> list[Day]:
    """The same days with what was filled in."""
    return [
        Day(
            day.field,
            day.name,
            f"{day.field}-open" in posted,
            [
                Pair(
                    posted.get(f"{day.field}-from-{number}", "").strip()[:8],
                    posted.get(f"{day.field}-until-{number}", "").strip()[:8],
                )
                for number in range(1, len(day.pairs) + 1)
            ],
        )
        for day in days
    ]


def as_text(before: Sequence[Day], now: Sequence[Day]) -> str:
    """The opening times that were filled in, as the environment would have them.

    Args:
        before: the form as it was shown.
        now: as it came back.

    Raises:
        WeekProblem: something does not fit.
    """
    week: dict[int, list[Span]] = {}
    for number, (old, day) in enumerate(zip(before, now, strict=True)):
        if day.is_open:
            week[number] = _spans(day)
        elif day.pairs != old.pairs and any(pair != Pair() for pair in day.pairs):
            raise WeekProblem(f"{day.name} has new times and is not ticked as open.")
    if not week:
        raise WeekProblem("Open on at least one day; the clock of a new lead would never run.")
    return write_hours(week)


def in_words(week: Week) -> str:
    """Opening times for people: "Monday to Friday 09:00 to 17:00, Saturday 10:00 to 12:00"."""
    text = write_hours(week)
    for short, name in zip(DAYS, NAMES, strict=True):
        text = text.replace(short, name)
    return text.replace("-", " to ")


def _spans(day: Day) -> list[Span]:
    spans = sorted(_span(day.name, pair) for pair in day.pairs if pair != Pair())
    if not spans:
        raise WeekProblem(f"Say from when until when you are open on {day.name}.")
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise WeekProblem(f"The two times of {day.name} overlap.")
    return spans


def _span(name: str, pair: Pair) -> Span:
    opens, closes = read_time(pair.opens), read_time(pair.closes)
    if opens is None or closes is None:
        raise WeekProblem(f"Give {name} both times, as in 09:00 and 17:00.")
    closes = closes or _DAY
    if opens >= closes:
        raise WeekProblem(f"{name} closes before it opens.")
    return opens, closes
