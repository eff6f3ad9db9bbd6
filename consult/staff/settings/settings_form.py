"""The form of a settings page: a field for each setting that is not fixed by the server.

Business hours and holidays have fields of their own; their `data` is the text of the setting.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from werkzeug.datastructures import MultiDict
from wtforms import Field, StringField
from wtforms.form import BaseForm
from wtforms.utils import unset_value
from wtforms.validators import AnyOf, ValidationError

from consult.settings import PREFIX, Settings, override_errors
from consult.settings.brand import Brand, BrandError
from consult.staff.settings.settings_groups import Group, Setting
from consult.storage.accounts import accounts
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.settings import setting_overrides
from consult.storage.settings.setting_overrides import BRAND, SettingsProvider
from consult.web.text import one_line
from consult.workflow.office_hours import (
    DAYS,
    Span,
    clock_time,
    read_hours,
    read_time,
    write_hours,
)

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
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
        """Read the submitted days where the form contains the field."""
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
            raise ValidationError(
                "Open on at least one day; the clock of a new lead would never run."
            )
        self.data = write_hours(week)


class DaysField(Field):
    """Holidays: a date field for each, and some empty ones, from `2026-12-25, 2027-01-01`."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the submitted dates where the form contains the field."""
        super().process(None, data)
        self.days = [*sorted(self.data.replace(",", " ").split()), *[""] * _EMPTY_DAYS]
        if formdata is not None and self.name in formdata:
            names = [f"{self.name}-{number}" for number in range(1, len(self.days) + 1)]
            self.days = [formdata.get(name, "").strip()[:20] for name in names]
            # Text that is not a date stays as it is: the setting's type refuses it.
            self.data = ", ".join(sorted({day for day in self.days if day}))


class SettingsForm(BaseForm):
    """The settings of a group: current values, or what was submitted.

    Attributes:
        group: the settings of the page, fixed ones included.
        values: the value of each setting in effect, as text, by name.
        defaults: the values without any override.
        messages: what is wrong with a setting, by id of its field; filled by `validate`.
    """

    def __init__(
        self,
        group: Group,
        provider: SettingsProvider,
        session: Session,
        submitted: MultiDict[str, str] | None = None,
    ) -> None:
        self.group = group
        self._provider = provider
        self._stored = setting_overrides.all_overrides(session)
        self.values = _values(group, provider.settings, provider.brand)
        self.defaults = _values(group, provider.base, provider.base_brand)
        self.messages: dict[str, str] = {}
        fields = {
            setting.field: self._new_field(setting, session)
            for setting in group.settings
            if not provider.is_fixed(setting.name)
        }
        super().__init__(fields)
        self.process(submitted, data={s.field: self.values[s.name] for s in group.settings})

    def value_of(self, name: str) -> str:
        """The value of a setting as the form shows it."""
        field = self._fields.get(_field_name(name))
        return self.values[name] if field is None else str(field.data)

    def text_of(self, setting: Setting) -> str:
        """The value in effect as people read it."""
        value = self.values[setting.name]
        if setting.kind == "week":
            return hours_text(value)
        if setting.kind == "days" and value:
            return days_text(value)
        return (setting.options or {}).get(value, value) or "Nothing"

    def fixed_by(self, setting: Setting) -> str:
        """The key of the brand file or the environment variable that sets a fixed value."""
        if setting.name.startswith(BRAND):
            return f"the brand file ({setting.name.removeprefix(BRAND)})"
        return PREFIX + setting.name.upper()

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether all values are valid, on their own and together with the other overrides."""
        super().validate(extra_validators)
        changes = self._changes()
        after = {n: v for n, v in {**self._stored, **changes}.items() if v is not None}
        own = {n: v for n, v in after.items() if n in changes and not n.startswith(BRAND)}
        messages = {f.name: str(f.errors[0]) for f in self if f.errors}
        for name, message in override_errors(self._provider.base, own).items():
            messages.setdefault(_field_name(name), message)
        try:
            self._provider.brand_with(after)
        except BrandError as error:
            for key, message in error.errors.items():
                sentence = f"{message[:1].upper()}{message[1:]}."
                messages.setdefault(_field_name(BRAND + key), sentence)
        self.messages = messages
        return not messages

    def save(self, session: Session, by: int) -> None:
        """Store what differs from what is stored, each with an entry in the audit log."""
        for name, value in self._changes().items():
            if value == self._stored.get(name):
                continue
            if value is None:
                setting_overrides.delete_override(session, name)
            else:
                setting_overrides.set_override(session, name, value, by)
            audit_log.record(session, "setting.changed", by=by, setting=name, back=value is None)

    def _changes(self) -> dict[str, str | None]:
        """The value of each valid field, by name of its setting; None for the default."""
        return {
            setting.name: None if field.data in ("", self.defaults[setting.name]) else field.data
            for setting in self.group.settings
            if (field := self._fields.get(setting.field)) and not field.errors
        }

    def _new_field(self, setting: Setting, session: Session) -> Any:
        """The unbound field of a setting."""
        value, default = self.values[setting.name], self.defaults[setting.name]
        hint = setting.hint or _description(setting.name)
        match setting.kind:
            case "week":
                return WeekField(setting.label, description=hint)
            case "days":
                return DaysField(setting.label, description=hint)
            case "choice" | "zone" | "person":
                options = _options(setting, value, session)
                return OptionField(setting.label, options=options, description=hint)
            case "text" | "number" if default:
                hint = f"{hint} Default: {default}.".strip()
        return StringField(setting.label, filters=[_trimmed], description=hint)


def _trimmed(text: str | None) -> str:
    return one_line(text or "")


def _field_name(name: str) -> str:
    return name.replace(".", "-")


def _description(name: str) -> str:
    field = Settings.model_fields.get(name)
    return (field.description or "") if field else ""


def _values(group: Group, settings: Settings, brand: Brand) -> Mapping[str, str]:
    return {setting.name: _value(setting.name, settings, brand) for setting in group.settings}


def _value(name: str, settings: Settings, brand: Brand) -> str:
    if not name.startswith(BRAND):
        value = getattr(settings, name)
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return str(functools.reduce(getattr, name.removeprefix(BRAND).split("."), brand))


def _options(setting: Setting, value: str, session: Session) -> list[tuple[str, str]]:
    if setting.kind == "zone":
        return [(zone, zone) for zone in sorted({"UTC", value, *_zones()})]
    if setting.kind == "person":
        people = [user for user in accounts.all_users(session) if user.active]
        options = [("", "The first admin")]
        options += [(user.email, f"{user.name} ({user.email})") for user in people]
        return options if value in dict(options) else [*options, (value, value)]
    return list((setting.options or {}).items())


@functools.cache
def _zones() -> frozenset[str]:
    """The time zones that the system knows; finding them means reading hundreds of files."""
    return frozenset(available_timezones())


def hours_text(setting: str) -> str:
    """Business hours for people: "Monday to Friday 09:00 to 17:00, Saturday 10:00 to 12:00"."""
    text = write_hours(read_hours(setting))
    for short, name in zip(DAYS, NAMES, strict=True):
        text = text.replace(short, name)
    return text.replace("-", " to ")


def days_text(setting: str) -> str:
    """Holidays for people: "25 Dec 2026, 1 Jan 2027"."""
    days = map(date.fromisoformat, setting.replace(",", " ").split())
    return ", ".join(f"{day.day} {day:%b %Y}" for day in days)


def _days_of(text: str, field: str) -> list[Day]:
    week = read_hours(text)
    count = max(_PAIRS, *map(len, week.values()))
    days = []
    for number, (short, name) in enumerate(zip(DAYS, NAMES, strict=True)):
        spans = week.get(number, ())
        hours = [Hours(clock_time(opens), clock_time(closes % _DAY)) for opens, closes in spans]
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
