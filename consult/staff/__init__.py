"""The review pages of the agency's staff, and the door in front of them."""

from flask import Flask

from consult.settings import Settings
from consult.staff import access
from consult.staff.pages import pages


def register(app: Flask, settings: Settings) -> None:
    """Add everything under `/staff` to the app."""
    access.install(app, settings)
    app.register_blueprint(pages)
