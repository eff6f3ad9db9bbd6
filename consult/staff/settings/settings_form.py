"""The form of a settings page: a field for each setting that is not fixed by the server."""

import functools
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.form import BaseForm

from consult.settings import PREFIX, Settings, override_errors
from consult.settings.brand import Brand, BrandError
from consult.staff.settings.setting_fields import (
    DaysField,
    OptionField,
    WeekField,
    days_text,
    hours_text,
)
from consult.staff.settings.settings_groups import Group, Setting
from consult.storage.accounts import accounts
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.settings import setting_overrides
from consult.storage.settings.setting_overrides import BRAND, SettingsProvider
from consult.web.text import one_line


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
