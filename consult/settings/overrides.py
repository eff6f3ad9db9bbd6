"""Settings from the staff area, applied where the environment leaves a setting unset."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from consult.settings.schema import Settings


class GivenSettings(Settings):
    """Settings from arguments alone: neither the environment nor a file is read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: Any,
        **more: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def overridable() -> frozenset[str]:
    """The names of the settings that can be set in the staff area while they are unset."""
    return frozenset(
        name
        for name, field in Settings.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("staff")
    )


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
    """The location and the message of each error."""
    return [
        (error["loc"], _plain(error["msg"]))
        for error in invalid.errors()
        # A default that depends on a bad setting is not a second mistake of the operator.
        if error["type"] != "default_factory_not_called"
    ]


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return message.partition(", unable to")[0]
