"""Long texts are packed for who can unpack them, and come out the same."""

import gzip

import pytest
from flask import Flask, Response

from consult.web.headers import COMPRESSED_FROM, compressed

STYLESHEET = "/static/css/site.css"


def test_a_long_text_is_packed(app: Flask) -> None:
    client = app.test_client()
    packs = {"Accept-Encoding": "gzip, br"}
    with client.get(STYLESHEET) as plain, client.get(STYLESHEET, headers=packs) as packed:
        unpacked = plain.get_data()
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data) < len(unpacked) / 3
    assert gzip.decompress(packed.data) == unpacked
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_a_kept_copy_is_still_good(app: Flask) -> None:
    client = app.test_client()
    asks = {"Accept-Encoding": "gzip"}
    with client.get(STYLESHEET, headers=asks) as first:
        etag = first.headers["ETag"]
    assert etag.startswith("W/")
    with client.get(STYLESHEET, headers={**asks, "If-None-Match": etag}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("response", "takes"),
    [
        (Response("x" * (COMPRESSED_FROM - 1), mimetype="text/html"), "gzip"),
        (Response(b"x" * COMPRESSED_FROM, mimetype="application/pdf"), "gzip"),
        (Response("x" * COMPRESSED_FROM, 404, mimetype="text/html"), "gzip"),
        (Response("x" * COMPRESSED_FROM, mimetype="text/html"), "gzip;q=0"),
        (Response("x" * COMPRESSED_FROM, mimetype="text/html"), "br"),
    ],
)
def test_anything_else_goes_as_it_is(app: Flask, response: Response, takes: str) -> None:
    before = response.get_data()
    with app.test_request_context(headers={"Accept-Encoding": takes}):
        after = compressed(response)
    assert after.get_data() == before
    assert "Content-Encoding" not in after.headers


@pytest.mark.parametrize(("site", "packed"), [("cross-site", False), ("same-origin", True)])
def test_a_staff_page_that_a_link_elsewhere_leads_to_is_not_packed(
    app: Flask, site: str, packed: bool
) -> None:
    """Its length would tell of the secrets in it to whoever chose the words of the address."""
    asks = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": site}
    with app.test_request_context("/staff/", headers=asks):
        after = compressed(Response("x" * COMPRESSED_FROM, mimetype="text/html"))
    assert ("Content-Encoding" in after.headers) == packed
