"""Error pages: what went wrong, and what to do now.

Some statuses have a template of their own in `templates/errors/`; others use that of 400 or 500.
"""

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from consult.web.monitoring import request_id

log = logging.getLogger(__name__)

WITH_TEMPLATE = frozenset({400, 403, 404, 405, 413, 429, 500})
LAST_RESORT = (
    '<!doctype html><html lang="en"><title>Something went wrong</title>'
    "<h1>Something went wrong on our end</h1><p>Please try again in a minute.</p></html>"
)


def error_page(error: HTTPException) -> AnyResponse | HTTPException:
    # A redirect is an exception in Werkzeug, too.
    if error.code is None or error.code < 400:
        return error
    code = error.code if error.code in WITH_TEMPLATE else (500 if error.code >= 500 else 400)
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    return Response(_body(code, error), error.code, headers, mimetype="text/html")


def wait_text(seconds: int) -> str:
    """A time to wait, as in "5 minutes"."""
    if seconds < 60:
        return "a minute"
    minutes = -(-seconds // 60)
    if minutes < 60:
        return f"{minutes} minutes"
    hours = -(-minutes // 60)
    return "an hour" if hours == 1 else f"{hours} hours"


def install(app: Flask) -> None:
    """Show our own page for every error, and redirect within the site only."""
    app.register_error_handler(HTTPException, error_page)
    app.after_request(_same_origin_redirect)


def _same_origin_redirect(response: Response) -> Response:
    """Remove the host from a redirect of the router: it is copied from the request."""
    if isinstance(request.routing_exception, RequestRedirect) and response.status_code == 308:
        parts = urlsplit(request.routing_exception.new_url)
        path = "/" + parts.path.lstrip("/")
        response.location = f"{path}?{parts.query}" if parts.query else path
    return response


def _body(code: int, error: HTTPException) -> str:
    seconds = error.retry_after if isinstance(error, TooManyRequests) else None
    wait = wait_text(seconds if isinstance(seconds, int) else 60)
    try:
        return render_template(f"errors/{code}.html", request_id=request_id(), wait=wait)
    except Exception:
        # What broke the page may break its error page, too, such as an unreachable database.
        log.exception("the page for error %d could not be rendered", code)
        return LAST_RESORT
