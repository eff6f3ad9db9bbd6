"""Where settings come from: the environment, a `.env` file, and the staff area.

An environment variable is the setting's name in capitals with `CONSULT_` in front, so `base_url` is
set by `CONSULT_BASE_URL`. The environment takes precedence over `.env`, `.env` over the staff area.
A setting that may hold a password can be in a file of its own, as container engines hand them out:
`CONSULT_SECRET_KEY_FILE` names the file with the secret key.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError

from consult.settings import PROJECT_FOLDER
from consult.settings.schema import Settings
from consult.settings.server_settings import ENV_FILE, PREFIX, ServerSettings
from consult.settings.setting_types import SettingsError

HIDDEN = "(set, not shown)"
NOT_SET = "(not set)"
FILE_SUFFIX = "_FILE"


class GivenSettings(Settings):
    """Settings from arguments alone: neither the environment nor a file is read."""

    def __init__(self, **given: Any) -> None:
        BaseModel.__init__(self, **given)  # without asking any source for each setting


def load_settings(env_file: Path | None = ENV_FILE, **given: Any) -> Settings:
    """Read the settings from the environment and `env_file`; values in `given` win over both.

    Raises SettingsError with one line for each setting that cannot be used.
    """
    in_files = _read_secret_files(env_file)
    try:
        return Settings(_env_file=env_file, **{**in_files, **given})
    except ValidationError as invalid:
        # Messages about several settings name their variables themselves and have no location.
        lines = [
            f"{PREFIX}{str(location[0]).upper()}: {message}" if location else message
            for location, message in validation_errors(invalid)
        ]
        raise SettingsError("\n".join(lines)) from None


Origin = Literal["environment", ".env", "staff area", "default"]


@dataclass(frozen=True)
class SettingDescription:
    """One setting as `consult settings` prints it; secrets are masked."""

    variable: str
    value: str
    origin: Origin
    meaning: str


def describe(
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
    env_file: Path | None = ENV_FILE,
    overrides: Mapping[str, Any] = MappingProxyType({}),
) -> list[SettingDescription]:
    """Every setting in the order of the class, with its displayed value, origin and meaning.

    `overrides` are the values set in the staff area; `settings` are those without them.
    """
    effective = with_overrides(settings, overrides)
    in_environment = {name.upper() for name, value in environment.items() if value}
    in_file = {name.upper() for name, value in _read_env_file(env_file).items() if value}
    described = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        origin: Origin = "default"
        if in_environment & {variable, variable + FILE_SUFFIX}:
            origin = "environment"
        elif in_file & {variable, variable + FILE_SUFFIX}:
            origin = ".env"
        elif name in effective.model_fields_set - settings.model_fields_set:
            origin = "staff area"
        shown = _shown(getattr(effective, name))
        meaning = " ".join((field.description or "").split())
        described.append(SettingDescription(variable, shown, origin, meaning))
    return described


def unknown_variables(
    environment: Mapping[str, str] = os.environ, env_file: Path | None = ENV_FILE
) -> list[str]:
    """Variables with our prefix that no setting reads: most often a typo."""
    names = {name.upper() for name in (*environment, *_read_env_file(env_file))}
    return sorted(name for name in names - known_variables() if name.startswith(PREFIX))


def known_variables() -> frozenset[str]:
    variables = {PREFIX + name.upper() for name in Settings.model_fields}
    return frozenset(variables | {PREFIX + name.upper() + FILE_SUFFIX for name in secret_names()})


def secret_names() -> list[str]:
    """The settings that are secret, or hold a password, and so can be in a file of their own."""
    hidden = [name for name, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)]
    return ["database_url", *hidden]


def _read_secret_files(env_file: Path | None) -> dict[str, str]:
    """The settings that are in files of their own, by name."""
    found: dict[str, str] = {}
    for source in (_read_env_file(env_file), os.environ):
        values = {name.upper(): value for name, value in source.items() if value}
        for name in secret_names():
            variable = PREFIX + name.upper()
            file = values.get(variable + FILE_SUFFIX)
            if file and variable in values:
                raise SettingsError(f"{variable}: is set twice, also by {variable}{FILE_SUFFIX}")
            if file:
                found[name] = _read_secret(variable + FILE_SUFFIX, PROJECT_FOLDER / file)
            elif variable in values:
                found.pop(name, None)
    return found


def _read_secret(variable: str, file: Path) -> str:
    try:
        content = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
        raise SettingsError(f"{variable}: {file} cannot be read: {reason}") from None
    if not content:
        raise SettingsError(f"{variable}: {file} is empty")
    return content


def _read_env_file(env_file: Path | None) -> dict[str, str | None]:
    # dotenv_values(None) would search for a .env file itself.
    return dotenv_values(env_file) if env_file else {}


def _shown(value: object) -> str:
    if value is None or value == ():
        return NOT_SET
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return re.sub(r"(://[^/@]*?:)[^/]*@", r"\1***@", str(value))


def overridable() -> frozenset[str]:
    """The names of the settings that can be set in the staff area while they are unset."""
    return frozenset(Settings.model_fields.keys() - ServerSettings.model_fields.keys())


def with_overrides(base: Settings, overrides: Mapping[str, Any]) -> Settings:
    """The settings with the values from the staff area where `base` leaves them unset.

    A value that is not (or no longer) valid is ignored, and so are all of them where they
    contradict each other: the application must start. `override_errors` reports such values before
    they are stored.
    """
    allowed = overridable() - base.model_fields_set
    valid = {name: value for name, value in overrides.items() if name in allowed}
    while valid:
        try:
            return GivenSettings(**_given(base), **valid)
        except ValidationError as invalid:
            bad = {str(error["loc"][0]) for error in invalid.errors() if error["loc"]}
            remaining = {name: v for name, v in valid.items() if name not in bad}
            valid = remaining if len(remaining) < len(valid) else {}
    return base


def override_errors(base: Settings, overrides: Mapping[str, Any]) -> Mapping[str, str]:
    """What is wrong with these values, by name; under "" where they contradict each other."""
    try:
        GivenSettings(**_given(base), **overrides)
    except ValidationError as invalid:
        return {
            str(location[0]) if location else "": message
            for location, message in validation_errors(invalid)
        }
    return {}


def _given(base: Settings) -> dict[str, Any]:
    return {name: getattr(base, name) for name in base.model_fields_set}


def validation_errors(invalid: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    return [
        (error["loc"], _plain(error["type"], error["msg"], error.get("ctx", {})))
        for error in invalid.errors()
        # A default that depends on a bad setting is not a second mistake of the operator.
        if error["type"] != "default_factory_not_called"
    ]


_PLAIN = {
    "bool_parsing": "must be true or false",
    "date_from_datetime_parsing": "must be dates such as 2026-12-25",
    "greater_than_equal": "must be at least {ge}",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number, and not as large",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
}
"""What pydantic says in words of its own, by the type of the error."""


def _plain(kind: str, message: str, limits: Mapping[str, Any]) -> str:
    if text := _PLAIN.get(kind):
        return text.format(**limits)
    return message.removeprefix("Value error, ").replace("Input should be", "must be")
