"""Long texts are packed for who can unpack them, and come out the same."""

import gzip

import pytest
from flask import Flask, Response

from consult.web.compression import WORTH_IT, compressed

STYLESHEET = "/static/css/site.css"


def test_a_long_text_is_packed(app: Flask) -> None:
    client = app.test_client()
    plain = client.get(STYLESHEET)
    packed = client.get(STYLESHEET, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data) < len(plain.data) / 3
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_a_kept_copy_is_still_good(app: Flask) -> None:
    client = app.test_client()
    asks = {"Accept-Encoding": "gzip"}
    etag = client.get(STYLESHEET, headers=asks).headers["ETag"]
    assert etag.startswith("W/")
    again = client.get(STYLESHEET, headers={**asks, "If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("response", "takes"),
    [
        (Response("x" * (WORTH_IT - 1), mimetype="text/html"), "gzip"),
        (Response(b"x" * WORTH_IT, mimetype="application/pdf"), "gzip"),
        (Response("x" * WORTH_IT, 404, mimetype="text/html"), "gzip"),
        (Response("x" * WORTH_IT, mimetype="text/html"), "gzip;q=0"),
        (Response("x" * WORTH_IT, mimetype="text/html"), "br"),
    ],
)
def test_anything_else_goes_as_it_is(app: Flask, response: Response, takes: str) -> None:
    before = response.get_data()
    with app.test_request_context(headers={"Accept-Encoding": takes}):
        after = compressed(response)
    assert after.get_data() == before
    assert "Content-Encoding" not in after.headers
