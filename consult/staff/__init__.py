"""The pages of the agency's staff."""

from flask import Flask
from flask_wtf.csrf import CSRFError

from consult.settings.schema import Settings
from consult.staff import blueprint, times
from consult.staff.accounts import (
    access,
    login,
    my_account_pages,
    oidc_pages,
    people_pages,
    reauthentication,
)
from consult.staff.api import token_pages
from consult.staff.audit import audit_pages
from consult.staff.blueprint import NotRecorded, RoleRequired, SignedOut
from consult.staff.booking import busy_pages, calendar_pages
from consult.staff.drafts import draft_pages
from consult.staff.exports import export_pages
from consult.staff.insights import insight_pages
from consult.staff.leads import action_pages, lead_pages
from consult.staff.notifications import notification_pages
from consult.staff.privacy import privacy_pages
from consult.staff.search import bulk_pages, list_pages, today_pages, view_pages
from consult.staff.second_factors import factor_pages
from consult.staff.settings import settings_fields, settings_pages, website_pages
from consult.staff.webhooks import webhook_pages
from consult.workflow.telephone import phone_link

# Importing a module of pages puts its views on the blueprint.
PAGES = (
    today_pages,
    list_pages,
    bulk_pages,
    view_pages,
    lead_pages,
    action_pages,
    login,
    my_account_pages,
    factor_pages,
    oidc_pages,
    reauthentication,
    notification_pages,
    privacy_pages,
    export_pages,
    webhook_pages,
    token_pages,
    busy_pages,
    calendar_pages,
    people_pages,
    audit_pages,
    settings_pages,
    website_pages,
    insight_pages,
    draft_pages,
)


def register(app: Flask, settings: Settings) -> None:
    """Add everything under `/staff` to the app, and the link in mails that needs no sign-in."""
    access.install(app, settings)
    app.register_blueprint(notification_pages.open_pages)
    app.register_blueprint(blueprint.blueprint)
    for template_filter in (*times.TEMPLATE_FILTERS, phone_link):
        app.add_template_filter(template_filter)
    app.jinja_env.globals["settings_groups"] = settings_fields.GROUPS
    app.jinja_env.globals["my_notifications"] = notification_pages.my_notifications
    app.register_error_handler(CSRFError, login.form_expired)
    app.register_error_handler(RoleRequired, blueprint.role_required)
    app.register_error_handler(SignedOut, login.hold_form)
    app.register_error_handler(NotRecorded, blueprint.not_recorded)
