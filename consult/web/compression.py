"""Long texts travel compressed: a result page in a quarter of its bytes."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

from consult.web.csrf_origin import is_cross_origin
from consult.web.headers import Profile, profile_of

WORTH_IT = 8_000
"""Bytes from which on it pays: a page of questions is shorter, and quicker sent as it is."""

LEVEL = 5

_TEXTS = frozenset({"text/html", "text/css", "text/csv", "image/svg+xml", "application/json"})


def install(app: Flask) -> None:
    """Compress what the app answers, for browsers that say that they can read it."""
    app.after_request(compressed)


def compressed(response: Response) -> Response:
    """Return the response, packed when it is a long text and the browser takes gzip.

    Packing makes the length of a page depend on its secrets, which a page elsewhere could probe
    by having the browser open it with chosen words in it. Nobody can here: a public page is
    reached by its token alone, and a staff page that a link elsewhere leads to is sent unpacked.
    """
    if response.status_code != 200 or response.mimetype not in _TEXTS:
        return response
    if response.is_streamed and not response.direct_passthrough:
        return response  # a table of leads goes out as it is read: packing would gather it first
    if profile_of(request, response) is Profile.STAFF and is_cross_origin(request):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < WORTH_IT:
        return response
    # No time in it: the same page packs to the same bytes.
    response.set_data(gzip.compress(content, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)  # the bytes differ from those sent unpacked
    return response
