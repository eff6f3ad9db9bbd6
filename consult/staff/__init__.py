"""The review pages of the agency's staff, and the door in front of them."""

from flask import Flask
from flask_wtf.csrf import CSRFError

from consult.settings import Settings
from consult.staff import access, account_pages, blueprint, lead_pages, list_pages
from consult.staff.rights import NotForThisRole

# Importing a module of pages puts its views on the blueprint.
PAGES = (list_pages, lead_pages, account_pages)


def register(app: Flask, settings: Settings) -> None:
    """Add everything under `/staff` to the app."""
    access.install(app, settings)
    app.register_blueprint(blueprint.blueprint)
    app.register_error_handler(CSRFError, blueprint.form_expired)
    app.register_error_handler(NotForThisRole, blueprint.not_for_this_role)
