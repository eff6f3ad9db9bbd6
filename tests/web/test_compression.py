"""Long texts are compressed for browsers that accept it, and come out the same."""

import gzip

import pytest
from flask import Flask, Response

from consult.web.headers import COMPRESSED_FROM, compressed

STYLESHEET = "/static/css/site.css"


def test_a_long_text_is_compressed(app: Flask) -> None:
    client = app.test_client()
    gzip_accepted = {"Accept-Encoding": "gzip, br"}
    with client.get(STYLESHEET) as plain, client.get(STYLESHEET, headers=gzip_accepted) as response:
        original = plain.get_data()
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.content_length == len(response.data) < len(original) / 3
    assert gzip.decompress(response.data) == original
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == response.headers["Vary"] == "Accept-Encoding"


def test_a_cached_copy_is_still_valid(app: Flask) -> None:
    client = app.test_client()
    headers = {"Accept-Encoding": "gzip"}
    with client.get(STYLESHEET, headers=headers) as first:
        etag = first.headers["ETag"]
    assert etag.startswith("W/")
    with client.get(STYLESHEET, headers={**headers, "If-None-Match": etag}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("response", "accepted"),
    [
        (Response("x" * (COMPRESSED_FROM - 1), mimetype="text/html"), "gzip"),
        (Response(b"x" * COMPRESSED_FROM, mimetype="application/pdf"), "gzip"),
        (Response("x" * COMPRESSED_FROM, 404, mimetype="text/html"), "gzip"),
        (Response("x" * COMPRESSED_FROM, mimetype="text/html"), "gzip;q=0"),
        (Response("x" * COMPRESSED_FROM, mimetype="text/html"), "br"),
    ],
)
def test_anything_else_is_not_compressed(app: Flask, response: Response, accepted: str) -> None:
    before = response.get_data()
    with app.test_request_context(headers={"Accept-Encoding": accepted}):
        after = compressed(response)
    assert after.get_data() == before
    assert "Content-Encoding" not in after.headers


@pytest.mark.parametrize(("site", "is_compressed"), [("cross-site", False), ("same-origin", True)])
def test_a_staff_page_opened_from_another_site_is_not_compressed(
    app: Flask, site: str, is_compressed: bool
) -> None:
    """Its length would reveal its secrets to a site that chooses the text in the URL (BREACH)."""
    headers = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": site}
    with app.test_request_context("/staff/", headers=headers):
        after = compressed(Response("x" * COMPRESSED_FROM, mimetype="text/html"))
    assert ("Content-Encoding" in after.headers) == is_compressed
