"""The long-lived objects that routes work with, made once per process by `create_app`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from consult.settings import Settings
from consult.settings.brand import Brand
from consult.storage.db.database import Database
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.web.limits import RateLimits

_KEY = "consult"


@dataclass(frozen=True)
class Services:
    """What a route may need: the settings, the database, the rate limits, and the brand."""

    database: Database
    limits: RateLimits
    settings_provider: SettingsProvider

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.settings_provider.settings

    @property
    def brand(self) -> Brand:
        """The brand in force."""
        return self.settings_provider.brand


def install(app: Flask, made: Services) -> None:
    """Keep the services with the app."""
    app.extensions[_KEY] = made


def services() -> Services:
    """Return the services of the app that serves this request."""
    kept: Services = current_app.extensions[_KEY]
    return kept
