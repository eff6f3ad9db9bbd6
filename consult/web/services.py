"""The objects that all routes use, created once per process by `create_app`."""

from dataclasses import dataclass

from flask import Flask, current_app

from consult.settings.brand import Brand
from consult.settings.schema import Settings
from consult.storage.db.database import Database
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.web.limits import RateLimits
from consult.workflow.calendars import BookingOffer, offer_of

_KEY = "consult"


@dataclass(frozen=True)
class Services:
    database: Database
    limits: RateLimits
    settings_provider: SettingsProvider

    @property
    def settings(self) -> Settings:
        return self.settings_provider.settings

    @property
    def brand(self) -> Brand:
        return self.settings_provider.brand

    @property
    def booking_offer(self) -> BookingOffer:
        return offer_of(self.settings.booking, self.brand.consult_url)


def install(app: Flask, created: Services) -> None:
    app.extensions[_KEY] = created


def services() -> Services:
    current: Services = current_app.extensions[_KEY]
    return current


def secret_key() -> str:
    return str(current_app.secret_key)
