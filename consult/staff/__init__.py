"""The review pages of the agency's staff, and the door in front of them."""

from flask import Flask
from flask_wtf.csrf import CSRFError

from consult.settings import Settings
from consult.staff import (
    access,
    account_pages,
    audit_pages,
    blueprint,
    bulk_pages,
    confirm_pages,
    export_pages,
    factor_pages,
    insight_pages,
    lead_pages,
    list_pages,
    note_pages,
    notice_overview,
    notice_pages,
    people_pages,
    person_pages,
    provider_pages,
    relay_pages,
    settings_groups,
    settings_pages,
    sign_in_pages,
    unfinished_pages,
    webhook_pages,
)
from consult.staff.rights import NotForThisRole

# Importing a module of pages puts its views on the blueprint. One a line, so that two who add
# one at the same time do not meet.
PAGES = (
    list_pages,
    bulk_pages,
    lead_pages,
    relay_pages,
    sign_in_pages,
    note_pages,
    account_pages,
    factor_pages,
    provider_pages,
    confirm_pages,
    notice_pages,
    notice_overview,
    person_pages,
    export_pages,
    webhook_pages,
    people_pages,
    audit_pages,
    settings_pages,
    insight_pages,
    unfinished_pages,
)


def register(app: Flask, settings: Settings) -> None:
    """Add everything under `/staff` to the app, and the link in mails that needs no sign-in."""
    access.install(app, settings)
    app.register_blueprint(notice_pages.open_pages)
    app.register_blueprint(blueprint.blueprint)
    app.jinja_env.globals["settings_groups"] = settings_groups.GROUPS
    app.register_error_handler(CSRFError, blueprint.form_expired)
    app.register_error_handler(NotForThisRole, blueprint.not_for_this_role)
