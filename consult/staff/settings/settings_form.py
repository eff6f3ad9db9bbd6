"""The settings of a page as a form: what is shown, what was typed, what is wrong, what is kept."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from consult.settings import PREFIX, Settings, override_errors
from consult.settings.brand import Brand, BrandError
from consult.staff.settings import holidays_field, opening_hours_field
from consult.staff.settings.opening_hours_field import Day, WeekProblem
from consult.staff.settings.settings_groups import Choosable, Group
from consult.storage.accounts import accounts
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.settings import setting_overrides
from consult.storage.settings.setting_overrides import BRAND, SettingsProvider
from consult.web.text import one_line
from consult.workflow.office_hours import read_hours

Typed = Mapping[str, str | None]
"""What was typed, by name of the setting; None where it is what counts without a choice."""


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as the page shows it. `fixed_by` says what decides, where staff cannot."""

    setting: Choosable
    value: str
    shown: str
    hint: str
    options: Sequence[tuple[str, str]]
    fixed_by: str
    without: str
    error: str = ""
    week: Sequence[Day] = ()
    days: Sequence[str] = ()


def fields_of(group: Group, known: SettingsProvider, session: Session) -> list[Field]:
    """The settings of a group as they count now."""
    return [_field(setting, known, session) for setting in group.settings]


def with_typed(
    fields: Sequence[Field], posted: Mapping[str, str], errors: Mapping[str, str]
) -> list[Field]:
    """The same fields with what was typed into them, and what is wrong with it."""
    return [
        field
        if field.fixed_by
        else replace(
            field,
            value=posted.get(field.setting.field, field.value),
            error=errors.get(field.setting.name, ""),
            week=opening_hours_field.filled_in(field.week, posted) if posted else field.week,
            days=_days_in(field, posted) if posted else field.days,
        )
        for field in fields
    ]


def typed_into(fields: Sequence[Field], posted: Mapping[str, str]) -> Typed:
    """What a form says about the settings that may be chosen and that it mentions."""
    typed: dict[str, str | None] = {}
    for field in fields:
        if not field.fixed_by and field.setting.field in posted:
            try:
                value = _value_typed_into(field, posted)
            except WeekProblem:
                continue  # see `unreadable`
            typed[field.setting.name] = None if value in ("", field.without) else value
    return typed


def unreadable(fields: Sequence[Field], posted: Mapping[str, str]) -> Mapping[str, str]:
    """What is wrong with opening times that cannot be made out at all, by name of the setting."""
    found = {}
    for field in fields:
        if field.week and field.setting.field in posted:
            try:
                _value_typed_into(field, posted)
            except WeekProblem as problem:
                found[field.setting.name] = str(problem)
    return found


def _value_typed_into(field: Field, posted: Mapping[str, str]) -> str:
    if field.week:
        return opening_hours_field.as_text(
            field.week, opening_hours_field.filled_in(field.week, posted)
        )
    if field.days:
        return holidays_field.as_text(_days_in(field, posted))
    return one_line(posted[field.setting.field])


def _days_in(field: Field, posted: Mapping[str, str]) -> Sequence[str]:
    return holidays_field.filled_in(field.days, posted, field.setting.field)


def problems(known: SettingsProvider, stored: Mapping[str, Any], typed: Typed) -> Mapping[str, str]:
    """What is wrong with what was typed, by name of the setting."""
    chosen = after(stored, typed)
    of_settings = {name: v for name, v in chosen.items() if name in typed and BRAND not in name}
    found = dict(override_errors(known.base, of_settings))
    try:
        known.brand_with(chosen)
    except BrandError as fault:
        found |= _brand_problems(str(fault))
    return {name: problem for name, problem in found.items() if problem}


def after(stored: Mapping[str, Any], typed: Typed) -> Mapping[str, Any]:
    """The choices as they will be."""
    chosen = {**stored, **typed}
    return {name: value for name, value in chosen.items() if value is not None}


def keep(session: Session, stored: Mapping[str, Any], typed: Typed, by: int) -> None:
    """Store what differs from what is stored, each with a line in the audit log."""
    for name, value in typed.items():
        if value == stored.get(name):
            continue
        if value is None:
            setting_overrides.delete_override(session, name)
        else:
            setting_overrides.set_override(session, name, value, by)
        audit_log.record(session, "setting.changed", by=by, setting=name, back=value is None)


def _field(setting: Choosable, known: SettingsProvider, session: Session) -> Field:
    now, without = (
        _value(known.settings, known.brand, setting),
        _value(known.base, known.base_brand, setting),
    )
    options = _options(setting, now, session)
    words = dict(options)
    default, fixed_by = words.get(without, without), _fixed_by(setting.name, known)
    hint = setting.hint or _description(setting)
    if setting.kind in ("text", "number") and default:
        hint = f"{hint} Leave it empty for {default}.".strip()
    return Field(
        setting=setting,
        value=now,
        shown=_shown(setting, now, words),
        hint=hint,
        options=options,
        fixed_by=fixed_by,
        without=without,
        week=opening_hours_field.shown(now, setting.field)
        if setting.kind == "week" and not fixed_by
        else (),
        days=holidays_field.shown(now) if setting.kind == "days" and not fixed_by else (),
    )


def _shown(setting: Choosable, value: str, words: Mapping[str, str]) -> str:
    if setting.kind == "week":
        return opening_hours_field.in_words(read_hours(value))
    if setting.kind == "days" and value:
        return holidays_field.in_words(value)
    return words.get(value, value) or "Nothing"


def _description(setting: Choosable) -> str:
    field = Settings.model_fields.get(setting.name)
    return (field.description or "") if field else ""


def _fixed_by(name: str, known: SettingsProvider) -> str:
    if not known.is_fixed(name):
        return ""
    if name.startswith(BRAND):
        return f"the brand file ({name.removeprefix(BRAND)})"
    return PREFIX + name.upper()


def _value(settings: Settings, brand: Brand, setting: Choosable) -> str:
    if setting.name.startswith(BRAND):
        found: object = brand
        for part in setting.name.removeprefix(BRAND).split("."):
            found = getattr(found, part)
        return str(found)
    return _text(getattr(settings, setting.name))


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _options(setting: Choosable, now: str, session: Session) -> Sequence[tuple[str, str]]:
    match setting.kind:
        case "zone":
            return [(zone, zone) for zone in sorted({"UTC", now, *_zones()})]
        case "person":
            people = [user for user in accounts.all_users(session) if user.active]
            found = [("", "The longest-standing admin")]
            found += [(user.email, f"{user.name} ({user.email})") for user in people]
            return found if now in dict(found) else [*found, (now, now)]
        case _:
            return tuple((setting.options or {}).items())


@functools.cache
def _zones() -> frozenset[str]:
    """The time zones that the system knows; asking it means reading hundreds of files."""
    return frozenset(available_timezones())


def _brand_problems(fault: str) -> Mapping[str, str]:
    """A fault of a brand by the setting that it is about."""
    found = {}
    for sentence in fault.split("; "):
        key, _, what = sentence.partition(": ")
        if key == "colours":
            # "marketing on paper has…": the one of the two that is not everywhere.
            one, _, other = what.split(" ")[:3]
            key = f"colours.{other if one == 'ink' and other != 'paper' else one}"
        found[BRAND + key] = what[:1].upper() + what[1:] + "."
    return found
