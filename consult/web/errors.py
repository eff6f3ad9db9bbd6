"""Error pages: what went wrong in plain words, and what to do now.

Each status that we can word has a template of its own in `templates/errors/`; another one takes
the template of its family.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from consult.web.logs import request_id

log = logging.getLogger(__name__)

WORDED = frozenset({400, 403, 404, 405, 413, 429, 500})


def error_page(error: HTTPException) -> BaseResponse | HTTPException:
    """Return the page for an error, with the headers that belong to its status.

    A redirect is an exception in Werkzeug too and passes through as it is.
    """
    if error.code is None or error.code < 400:
        return error
    code = error.code if error.code in WORDED else (500 if error.code >= 500 else 400)
    body = render_template(f"errors/{code}.html", request_id=request_id())
    return Response(
        body,
        error.code,
        [(name, value) for name, value in error.get_headers() if name != "Content-Type"],
        mimetype="text/html",
    )


def install(app: Flask) -> None:
    """Answer every error of the app with a page of its own look."""
    app.register_error_handler(HTTPException, error_page)
