"""The settings of the application, from the environment, a `.env` file and the staff area."""

from consult.settings.schema import PREFIX, Settings
from consult.settings.setting_sources import (
    HIDDEN,
    SettingDescription,
    describe,
    given_settings,
    load_settings,
    overridable,
    override_errors,
    unknown_variables,
    with_overrides,
)
from consult.settings.setting_types import (
    PROJECT_FOLDER,
    THIS_MACHINE,
    SettingsError,
    is_safe_address,
)

__all__ = [
    "HIDDEN",
    "PREFIX",
    "PROJECT_FOLDER",
    "THIS_MACHINE",
    "SettingDescription",
    "Settings",
    "SettingsError",
    "describe",
    "given_settings",
    "is_safe_address",
    "load_settings",
    "overridable",
    "override_errors",
    "unknown_variables",
    "with_overrides",
]
