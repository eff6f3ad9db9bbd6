"""Relay Check: how well a business tells marketing from sales, and hands on between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from consult.settings.schema import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web application; see `consult.application.create_app`."""
    # Every module of the package passes through here: the process that makes PDFs and
    # `consult score` must not wait for the whole web to load.
    from consult import application  # noqa: PLC0415

    return application.create_app(settings)
