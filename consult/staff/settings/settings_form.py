"""The settings that staff can change (groups.yaml), and the form of a page of them."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import TypeAdapter
from werkzeug.datastructures import MultiDict
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from consult.questionnaire.yaml_texts import read_yaml
from consult.settings.brand import Brand, BrandError
from consult.settings.schema import Settings
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import override_errors
from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import first_errors
from consult.staff.settings.setting_fields import (
    DAY_NAMES,
    DaysField,
    LinesField,
    OptionField,
    SitesField,
    WeekField,
)
from consult.staff.times import written_date
from consult.storage.accounts import accounts
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.settings import setting_overrides
from consult.storage.settings.setting_overrides import BRAND
from consult.web.services import services
from consult.web.text import LineField
from consult.workflow.office_hours import DAYS, read_hours, write_hours

Kind = Literal[
    "text", "number", "color", "choice", "zone", "person", "week", "days", "sites", "lines"
]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting on a page. `options` are the values of a choice and their labels."""

    name: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def field(self) -> str:
        return self.name.replace(".", "-")

    def text_of(self, value: str) -> str:
        """A value as people read it, as in "Monday to Friday 09:00 to 17:00"."""
        if self.kind == "week":
            text = write_hours(read_hours(value))
            for short, name in zip(DAYS, DAY_NAMES, strict=True):
                text = text.replace(short, name)
            return text.replace("-", " to ")
        if self.kind == "days" and value:
            days = map(date.fromisoformat, value.replace(",", " ").split())
            return ", ".join(map(written_date, days))
        return self.options.get(value, value) or "Nothing"


@dataclass(frozen=True, slots=True)
class Group:
    """The settings of one page; `slug` is in its URL."""

    slug: str
    title: str
    intro: str
    settings: Sequence[Setting]


GROUPS: Mapping[str, Group] = {
    group.slug: group
    for group in TypeAdapter(tuple[Group, ...]).validate_python(
        read_yaml(Path(__file__).with_name("groups.yaml"))
    )
}


_FIELDS: Mapping[Kind, Any] = {
    "week": WeekField,
    "days": DaysField,
    "sites": SitesField,
}


class SettingsForm(BaseForm):
    """A field for each setting of a group that is not fixed, with its value or what was submitted.

    `values` are those in effect, as text, by name; `defaults` those without any override.
    `validate` fills `messages` with what is wrong, by id of the field.
    """

    def __init__(
        self, group: Group, session: Session, submitted: MultiDict[str, str] | None = None
    ) -> None:
        self.group = group
        self._provider = provider = services().settings_provider
        self._stored = setting_overrides.all_overrides(session)
        self.values = _values(group, provider.settings, provider.brand)
        self.defaults = _values(group, provider.base, provider.base_brand)
        self.messages: dict[str, str] = {}
        changeable = [s for s in group.settings if not provider.is_fixed(s.name)]
        super().__init__(
            {setting.field: self._new_field(setting, session) for setting in changeable}
        )
        self.process(submitted, data={s.field: self.values[s.name] for s in group.settings})

    def value_of(self, name: str) -> str:
        field = self._fields.get(name.replace(".", "-"))
        return self.values[name] if field is None else str(field.data)

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
        found = dict(override_errors(self._provider.base, own))
        try:
            self._provider.brand_with(after)
        except BrandError as error:
            found |= {BRAND + key: message for key, message in error.errors.items()}
        self.messages = {
            name.replace(".", "-"): f"{message[:1].upper()}{message[1:]}."
            for name, message in found.items()
        }
        self.messages |= first_errors(self)
        return not self.messages

    def save(self, session: Session) -> None:
        for name, value in self._changes().items():
            if value != self._stored.get(name):
                store(session, name, value)

    def _changes(self) -> dict[str, str | None]:
        """The value of each valid field, by name of its setting; None for the default."""
        return {
            setting.name: None if field.data in ("", self.defaults[setting.name]) else field.data
            for setting in self.group.settings
            if (field := self._fields.get(setting.field)) and not field.errors
        }

    def _new_field(self, setting: Setting, session: Session) -> Any:
        value, default = self.values[setting.name], self.defaults[setting.name]
        schema = Settings.model_fields.get(setting.name)
        hint = setting.hint or (schema and schema.description) or ""
        if setting.kind == "lines":
            return LinesField(setting.label, [_leads_to_accounts(session)], description=hint)
        if field := _FIELDS.get(setting.kind):
            return field(setting.label, description=hint)
        if setting.kind in ("choice", "zone", "person"):
            options = _options(setting, value, session)
            return OptionField(setting.label, options=options, description=hint)
        if setting.kind in ("text", "number") and default:
            hint = f"{hint} Default: {default}.".strip()
        return LineField(setting.label, description=hint)


def _leads_to_accounts(session: Session) -> Callable[[BaseForm, LinesField], None]:
    """A validator: a typing error in an address would have others get the leads of a source."""
    known = {user.email for user in accounts.all_users(session)}

    def check(_form: BaseForm, field: LinesField) -> None:
        for entry in (field.data or "").split(", "):
            address = entry.rpartition(":")[2].strip().lower()
            if "@" in address and address not in known:
                raise ValidationError(f"No account has the address {address}.")

    return check


def _values(group: Group, settings: Settings, brand: Brand) -> Mapping[str, str]:
    return {setting.name: _value(setting.name, settings, brand) for setting in group.settings}


def _value(name: str, settings: Settings, brand: Brand) -> str:
    if name.startswith(BRAND):
        return str(functools.reduce(getattr, name.removeprefix(BRAND).split("."), brand))
    value = getattr(settings, name)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _options(setting: Setting, value: str, session: Session) -> list[tuple[str, str]]:
    if setting.kind == "zone":
        return [(zone, zone) for zone in sorted({"UTC", value, *_zones()})]
    if setting.kind == "person":
        people = [user for user in accounts.all_users(session) if user.active]
        options = [("", "The first admin")]
        options += [(user.email, f"{user.name} ({user.email})") for user in people]
        return options if value in dict(options) else [*options, (value, value)]
    return list(setting.options.items())


@functools.cache
def _zones() -> frozenset[str]:
    """The time zones that the system knows; finding them means reading hundreds of files."""
    return frozenset(available_timezones())


def store(session: Session, name: str, value: object) -> None:
    """Store an override, with an entry in the audit log; None for the default."""
    if value is None:
        setting_overrides.delete_override(session, name)
    else:
        setting_overrides.set_override(session, name, value)
    audit_log.record(
        session, "setting.changed", by=signed_in_user().id, setting=name, back=value is None
    )
