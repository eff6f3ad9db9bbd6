"""Creates the web application, with its error pages.

Some statuses have a template of their own in `templates/errors/`; others use that of 400 or 500.
"""

import logging
import string
from collections.abc import MutableMapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response, redirect, render_template, request
from flask.templating import Environment
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, ServiceUnavailable, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from consult.api import lead_api
from consult.api.api_access import api, problem
from consult.api.calendar_hooks import hooks
from consult.owner.booking_pages import booked_pages, booking_pages
from consult.owner.contact_pages import confirm_pages, contact_pages
from consult.owner.explanation_pages import explanation_pages
from consult.owner.pause_pages import pause_pages, resume_pages
from consult.owner.questionnaire_pages import questionnaire_pages
from consult.owner.result_pages import result_pages, shared_pages
from consult.owner.review_pages import review_pages
from consult.questionnaire import editions
from consult.report.display import mid_sentence, number_of, weekday
from consult.scoring.axis import CUTS
from consult.settings import PROJECT_FOLDER
from consult.settings.schema import Settings
from consult.settings.setting_sources import load_settings
from consult.staff import blueprint as staff
from consult.staff import times
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
from consult.staff.booking import busy_pages, calendar_pages
from consult.staff.drafts import draft_pages
from consult.staff.exports import export_pages
from consult.staff.insights import insight_pages
from consult.staff.leads import action_pages, lead_pages
from consult.staff.notifications import notification_pages
from consult.staff.privacy import privacy_pages
from consult.staff.search import bulk_pages, list_pages, today_pages, view_pages
from consult.staff.second_factors import factor_pages
from consult.staff.settings import settings_form, settings_pages
from consult.staff.webhooks import webhook_pages
from consult.storage.db.database import Database
from consult.storage.db.engines import outage
from consult.storage.settings.setting_overrides import SettingsProvider
from consult.web import assets, embed, headers, monitoring
from consult.web.limits import RateLimits, warn_of_unknown_proxy
from consult.web.monitoring import request_id
from consult.web.services import Services, install
from consult.web.text import has_secret
from consult.workflow.telephone import phone_link

BODY_LIMIT = 64 * 1024
STATEMENT_SECONDS = 8
"""The longest that a page waits for one statement of PostgreSQL."""

FORM_PARTS_LIMIT = 100

OWNER_PAGES = (
    *(questionnaire_pages, review_pages, result_pages, shared_pages, contact_pages),
    *(booking_pages, booked_pages, confirm_pages, explanation_pages, pause_pages, resume_pages),
)
# Importing one of these modules puts its views on the blueprint of staff, or of the API.
VIEWS = (
    *(today_pages, list_pages, bulk_pages, view_pages, lead_pages, action_pages),
    *(login, my_account_pages, factor_pages, oidc_pages, reauthentication, people_pages),
    *(notification_pages, privacy_pages, export_pages, webhook_pages, token_pages, audit_pages),
    *(busy_pages, calendar_pages, settings_pages, insight_pages, draft_pages),
    lead_api,
)


class FlatEnvironment(Environment):
    """Gives each template its globals as one plain dict.

    Jinja chains two mappings, so that globals may change later, and compares them at each macro
    import. Ours never change; question pages are a third faster.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; without `settings` they are read from the environment.

    Raises SettingsError or BrandError when a setting or the brand file cannot be used, and
    EditionError when an edition cannot be.
    """
    settings = settings or load_settings()
    for name in editions.names():
        editions.load(name)
    app = monitoring.LoggedFlask("consult", root_path=str(PROJECT_FOLDER))
    app.config.update(
        SECRET_KEY=settings.signing_key(),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=FORM_PARTS_LIMIT,
    )
    _prepare_templates(app)
    shared = make_services(settings)
    install(app, shared)
    headers.install(app, settings)
    monitoring.install(app, shared.database, metrics=settings.metrics)
    headers.refuse_other_sites(app, settings.base_url)
    _shorten_links(app)
    _register_errors(app)
    app.after_request(_same_origin_redirect)
    assets.install(app)
    embed.install(app)
    access.install(app, settings)
    for blueprint in (*OWNER_PAGES, api, hooks, notification_pages.open_pages, staff.blueprint):
        app.register_blueprint(blueprint)
    if not settings.proxy_hops:
        warn_of_unknown_proxy(app)
    # Each proxy adds to the addresses; the scheme is set by the last one alone.
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        embed.FramePrefix(app.wsgi_app),
        x_for=settings.proxy_hops,
        x_proto=min(settings.proxy_hops, 1),
    )
    return app


def _prepare_templates(app: Flask) -> None:
    app.jinja_environment = FlatEnvironment
    for template_filter in (mid_sentence, number_of, weekday, phone_link, *times.TEMPLATE_FILTERS):
        app.add_template_filter(template_filter)
    app.jinja_env.globals["band_cuts"] = CUTS
    app.jinja_env.globals["settings_groups"] = settings_form.GROUPS


def _register_errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, error_page)
    app.register_error_handler(SQLAlchemyError, database_error)
    app.register_error_handler(CSRFError, login.form_expired)
    app.register_error_handler(staff.RoleRequired, staff.role_required)
    app.register_error_handler(staff.SignedOut, login.hold_form)
    app.register_error_handler(staff.NotRecorded, staff.not_recorded)


def make_services(settings: Settings) -> Services:
    database = Database(
        settings.database_url,
        synchronous=settings.sqlite_synchronous,
        draft_days=settings.retention_days_drafts,
        statement_seconds=STATEMENT_SECONDS,
    )
    return Services(
        database=database,
        limits=RateLimits(database, settings.signing_key()),
        settings_provider=SettingsProvider(settings, database),
    )


log = logging.getLogger(__name__)

TOKEN_LETTERS = frozenset(string.ascii_letters + string.digits + "-_")
WITH_TEMPLATE = frozenset({400, 403, 404, 405, 413, 429, 500, 503})
LAST_RESORT = (
    '<!doctype html><html lang="en"><title>Something went wrong</title>'
    "<h1>Something went wrong on our end</h1><p>Please try again in a minute.</p></html>"
)


def error_page(error: HTTPException) -> AnyResponse | HTTPException:
    # A redirect is an exception in Werkzeug, too.
    if error.code is None or error.code < 400:
        return error
    if headers.is_for_programs(request):
        return problem(error)
    code = error.code if error.code in WITH_TEMPLATE else (500 if error.code >= 500 else 400)
    more = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    if code == 503:
        more.setdefault("Retry-After", str(monitoring.RETRY_SECONDS))
    return Response(_body(code, error), error.code, more, mimetype="text/html")


def database_error(error: SQLAlchemyError) -> AnyResponse | HTTPException:
    """Say that nothing can be saved right now; raises what is no outage, but a mistake of ours."""
    reason = outage(error)
    if not reason:
        raise error
    log.error("the database cannot be used: %s", reason)
    return error_page(ServiceUnavailable())


def unsent_form() -> list[tuple[str, str]] | None:
    """What was posted, for an error page to send it again; None with a secret or a file.

    Empty for a form that is only a button, such as the one that submits a check.
    """
    if request.method != "POST" or request.files or has_secret(request.form):
        return None
    return list(request.form.items(multi=True))


def wait_text(seconds: int) -> str:
    """A time to wait, as in "5 minutes"."""
    if seconds < 60:
        return "a minute"
    minutes = -(-seconds // 60)
    if minutes < 60:
        return f"{minutes} minutes"
    hours = -(-minutes // 60)
    return "an hour" if hours == 1 else number_of(hours, "hour")


def _same_origin_redirect(response: Response) -> Response:
    """Remove the host from a redirect of the router: it is copied from the request."""
    if isinstance(request.routing_exception, RequestRedirect) and response.status_code == 308:
        parts = urlsplit(request.routing_exception.new_url)
        path = "/" + parts.path.lstrip("/")
        response.location = f"{path}?{parts.query}" if parts.query else path
    return response


def _shorten_links(app: Flask) -> None:
    """Open a private link also with what was copied along with it, such as a period or bracket.

    What ends the address and is no letter of a token is cut off, before the staff area would ask
    for a login.
    """

    @cache
    def starts() -> tuple[str, ...]:
        rules = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
        return tuple({rule.rule.partition("<token>")[0] for rule in rules})

    @app.before_request
    def shorten() -> AnyResponse | None:
        path = request.path
        if path[-1] in TOKEN_LETTERS or request.method not in headers.SAFE_METHODS:
            return None
        end = next((n for n in range(len(path), 0, -1) if path[n - 1] in TOKEN_LETTERS), 0)
        kept = path[:end]
        if not kept.startswith(starts()):
            return None
        query = request.query_string.decode("ascii", "replace")
        return redirect(request.script_root + quote(kept) + (f"?{query}" if query else ""), 303)


def _body(code: int, error: HTTPException) -> str:
    seconds = error.retry_after if isinstance(error, TooManyRequests) else None
    wait = wait_text(seconds if isinstance(seconds, int) else 60)
    try:
        return render_template(
            f"errors/{code}.html",
            request_id=request_id(),
            wait=wait,
            here=request.script_root + request.full_path.rstrip("?"),
            is_form=request.method == "POST",
            is_staff=headers.is_staff_path(request.path),
            unsent=unsent_form() if code in {429, 503} else None,
        )
    except Exception:
        # What broke the page may break its error page, too, such as an unreachable database.
        log.exception("the page for error %d could not be rendered", code)
        return LAST_RESORT
