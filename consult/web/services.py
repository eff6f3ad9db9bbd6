"""The long-lived objects that routes work with, made once per process by `create_app`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from consult.report.brand import Brand
from consult.settings import Settings
from consult.storage.database import Database
from consult.web.limits import RateLimits

_KEY = "consult"


@dataclass(frozen=True)
class Services:
    """What a route may need: the settings, the database, the rate limits and the brand."""

    settings: Settings
    database: Database
    limits: RateLimits
    brand: Brand


def install(app: Flask, made: Services) -> None:
    """Keep the services with the app."""
    app.extensions[_KEY] = made


def services() -> Services:
    """Return the services of the app that serves this request."""
    kept: Services = current_app.extensions[_KEY]
    return kept
