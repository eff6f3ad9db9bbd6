"""Fields of settings: one of several options, business hours, holidays, lines, sites.

Their `data` is the text of the setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from wtforms import Field, StringField
from wtforms.utils import unset_value
from wtforms.validators import AnyOf, ValidationError

from consult.settings.embed_origins import read_sites
from consult.web.text import one_line
from consult.workflow.office_hours import DAYS, Span, read_hours, read_time, write_hours, write_time

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PAIRS = 2
_EMPTY_DAYS = 4
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening and closing time as their fields show them; closing at 00:00 is midnight."""

    opens: str = ""
    closes: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the week. The names of its fields begin with `field`."""

    field: str
    name: str
    is_open: bool
    hours: Sequence[Hours]

    @property
    def has_break(self) -> bool:
        return any(pair != Hours() for pair in self.hours[1:])


class OptionField(StringField):
    """One of several options, as (value, label)."""

    def __init__(self, label: str, options: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        allowed = AnyOf([value for value, _ in options], "Choose one of the options.")
        super().__init__(label, validators=[allowed], **kwargs)
        self.options = options


class WeekField(Field):
    """Business hours: for each day a checkbox and pairs of times, from `mon-fri 09:00-17:00`."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data)
        self.days = self._before = _days_of(self.data, self.name)
        if formdata is not None and self.name in formdata:
            self.days = [_submitted_day(day, formdata) for day in self._before]

    def pre_validate(self, form: Any) -> None:
        """Set `data` to the text of the submitted days; unchanged if they are not valid."""
        if self.days is self._before:
            return
        week: dict[int, list[Span]] = {}
        for number, (before, day) in enumerate(zip(self._before, self.days, strict=True)):
            if day.is_open:
                week[number] = _spans(day)
            elif day.hours != before.hours and any(pair != Hours() for pair in day.hours):
                raise ValidationError(f"{day.name} has new times but isn’t checked as open.")
        if not week:
            raise ValidationError("Open on at least one day, or the reply timer would never run.")
        self.data = write_hours(week)


class DaysField(Field):
    """Holidays: a date field for each, and some empty ones, from `2026-12-25, 2027-01-01`."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data)
        self.days = [*sorted(self.data.replace(",", " ").split()), *[""] * _EMPTY_DAYS]
        if formdata is not None and self.name in formdata:
            names = [f"{self.name}-{number}" for number in range(1, len(self.days) + 1)]
            self.days = [formdata.get(name, "").strip()[:20] for name in names]
            # Text that is not a date stays as it is: the setting's type refuses it.
            self.data = ", ".join(sorted({day for day in self.days if day}))


class LinesField(StringField):
    """One entry per line; `data` has them as the setting writes them, with commas."""

    @property
    def lines(self) -> str:
        return "\n".join((self.data or "").split(", "))

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if valuelist:
            self.data = ", ".join(filter(None, map(one_line, valuelist[0].splitlines())))


class SitesField(LinesField):
    """Sites that may show the check, one per line."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if valuelist:
            self.data = ", ".join(one_line(valuelist[0].replace(",", " ")).split())

    def pre_validate(self, form: Any) -> None:
        try:
            self.data = ", ".join(read_sites(self.data or ""))
        except ValueError as error:
            raise ValidationError(f"{error}.") from None


def _days_of(text: str, field: str) -> list[Day]:
    week = read_hours(text)
    count = max(_PAIRS, *map(len, week.values()))
    days = []
    for number, (short, name) in enumerate(zip(DAYS, DAY_NAMES, strict=True)):
        spans = week.get(number, ())
        hours = [Hours(write_time(opens), write_time(closes % _DAY)) for opens, closes in spans]
        hours += [Hours()] * (count - len(hours))
        days.append(Day(f"{field}-{short}", name, bool(spans), hours))
    return days


def _submitted_day(day: Day, submitted: Mapping[str, str]) -> Day:
    def time(part: str, number: int) -> str:
        return submitted.get(f"{day.field}-{part}-{number}", "").strip()[:8]

    hours = [Hours(time("from", n), time("until", n)) for n in range(1, len(day.hours) + 1)]
    return Day(day.field, day.name, f"{day.field}-open" in submitted, hours)


def _spans(day: Day) -> list[Span]:
    spans = sorted(_span(day.name, pair) for pair in day.hours if pair != Hours())
    if not spans:
        raise ValidationError(f"Enter opening and closing times for {day.name}.")
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise ValidationError(f"The two times of {day.name} overlap.")
    return spans


def _span(name: str, pair: Hours) -> Span:
    opens, closes = read_time(pair.opens), read_time(pair.closes)
    if opens is None or closes is None:
        raise ValidationError(f"Enter both times for {name}, as in 09:00 and 17:00.")
    closes = closes or _DAY
    if opens >= closes:
        raise ValidationError(f"{name} closes before it opens.")
    return opens, closes
