"""Creates the web application."""

from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment
from werkzeug.middleware.proxy_fix import ProxyFix

from consult import owner, staff
from consult.settings import PROJECT_FOLDER, Settings, load_settings
from consult.storage.db.database import Database
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.web import assets, csrf_origin, errors, headers, monitoring
from consult.web.limits import RateLimits
from consult.web.services import Services, install

BODY_LIMIT = 64 * 1024
FORM_PARTS_LIMIT = 100


class FlatEnvironment(Environment):
    """Gives each template its globals as one plain dict.

    Jinja chains two mappings, so that globals may change later, and compares them at each macro
    import. Ours never change; question pages are a third faster.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; without `settings` they are read from the environment.

    Raises SettingsError or BrandError when a setting or the brand file cannot be used.
    """
    settings = settings or load_settings()
    app = monitoring.LoggedFlask("consult", root_path=str(PROJECT_FOLDER))
    app.config.update(
        SECRET_KEY=settings.signing_key(),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=FORM_PARTS_LIMIT,
    )
    app.jinja_environment = FlatEnvironment
    shared = make_services(settings)
    install(app, shared)
    headers.install(app, settings.embed_origins)
    monitoring.install(app, shared.database, metrics=settings.metrics)
    csrf_origin.install(app, settings.base_url)
    errors.install(app)
    assets.install(app)
    for blueprint in owner.blueprints:
        app.register_blueprint(blueprint)
    staff.register(app, settings)
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops
        )
    return app


def make_services(settings: Settings) -> Services:
    database = Database(
        settings.database_url,
        synchronous=settings.sqlite_synchronous,
        draft_days=settings.retention_days_drafts,
    )
    return Services(
        database=database,
        limits=RateLimits(database, settings.signing_key(), lambda: database.clock()),
        settings_provider=SettingsProvider(settings, database),
    )
