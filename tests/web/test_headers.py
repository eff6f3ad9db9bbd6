"""The header table holds on every status, made early or late, and on every kind of answer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from consult.web.services import services
from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.headers import header_problems


@pytest.fixture
def breaking_app(tmp_path: Path) -> Iterator[Flask]:
    """An app with routes that fail in the ways that its own do not."""
    app = make_app(tmp_path / "var", limit_starts="1 per hour")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("a secret that nobody may read")

    @app.get("/status/<int:code>")
    def status(code: int) -> str:
        abort(code)

    yield app
    with app.app_context():
        services().database.close()


@pytest.fixture
def pages(breaking_app: Flask) -> PageClient:
    return PageClient(breaking_app)


def test_an_early_refusal_of_a_foreign_form_has_the_headers(pages: PageClient) -> None:
    page = pages.post("/start", status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.h1 == "Blocked for security"


def test_an_address_that_leads_nowhere(pages: PageClient) -> None:
    assert pages.get("/no/such/page", status=404).h1 == "Page not found"


@pytest.mark.parametrize("path", ["/check/x//who", "/check//evil.example//who", "/static//x?a=b"])
def test_a_redirect_of_the_router_stays_here(breaking_app: Flask, path: str) -> None:
    """The host of a request is what its sender says it is."""
    answer = breaking_app.test_client().get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 308
    assert re.match(r"/[a-z]", answer.location)


def test_a_get_where_a_post_belongs(pages: PageClient) -> None:
    page = pages.get("/start", status=405)
    assert "POST" in page.headers["Allow"]


def test_a_body_over_the_limit(pages: PageClient) -> None:
    page = pages.post("/start", {"ref": "x" * 70_000}, status=413)
    assert "too long" in page.h1


def test_more_fields_than_any_form_has(pages: PageClient) -> None:
    pages.post(
        "/start",
        b"".join(
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(200)
        )
        + b"--b--\r\n",
        status=413,
        content_type="multipart/form-data; boundary=b",
    )


def test_too_many_tries(pages: PageClient) -> None:
    pages.post("/start")
    page = pages.post("/start", status=429)
    assert int(page.headers["Retry-After"]) > 3500
    assert "Wait an hour" in page.text


def test_an_unexpected_error_says_nothing_about_itself(pages: PageClient) -> None:
    page = pages.get("/broken", status=500)
    assert "secret" not in page.html
    assert page.headers["X-Request-Id"] in page.text


@pytest.mark.parametrize("code", [400, 401, 410, 415, 418, 422, 500, 501, 503])
def test_any_other_status_has_a_page_too(pages: PageClient, code: int) -> None:
    pages.get(f"/status/{code}", status=code)


@pytest.mark.parametrize(
    "host", ["bad_host", "a b", "[::1", "x" * 300, "localhost:99999999", "exa mple.com:80"]
)
def test_a_host_name_that_makes_no_sense(breaking_app: Flask, host: str) -> None:
    answer = breaking_app.test_client().get("/", headers={"Host": host})
    assert answer.status_code in (200, 400)
    assert header_problems("/", answer.status_code, dict(answer.headers), https=False) == []


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/staff/", "/check/x/who", "/result/x"])
def test_any_method_gets_the_headers(browser: FlaskClient, method: str, path: str) -> None:
    answer = browser.open(path, method=method)
    assert answer.status_code < 500
    assert header_problems(path, answer.status_code, dict(answer.headers), https=False) == []


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static/css/", "/static/../app.py", "/static/..%2fapp.py", "/.git/config"),
        *("/static/%2e%2e/app.py", "/static//etc/passwd", "/.env", "/var/consult.db", "/metrics"),
    ],
)
def test_nothing_is_served_but_what_is_meant_to_be(browser: FlaskClient, path: str) -> None:
    assert browser.get(path, follow_redirects=True).status_code == 404


def test_no_request_is_sent_back_as_it_came(browser: FlaskClient) -> None:
    assert browser.open("/", method="TRACE").status_code == 405


def test_https_is_promised_on_https_only(app: Flask) -> None:
    PageClient(app, base_url="https://localhost").get("/")
    PageClient(app).get("/")


def test_what_carries_its_hash_in_its_address_may_be_kept(client: PageClient) -> None:
    start = client.get("/")
    sheet = start.document.all("link")[0].attrib["href"]
    assert "v=" in sheet
    kept = client.get(sheet).headers["Cache-Control"]
    assert kept == "public, max-age=31536000, immutable"
    assert client.get(sheet.partition("?")[0]).headers["Cache-Control"] == "no-cache"


def test_only_the_start_page_may_be_listed(client: PageClient) -> None:
    assert "X-Robots-Tag" not in client.get("/").headers
    assert client.get("/no-such-page", status=404).headers["X-Robots-Tag"] == "noindex"


def test_the_sites_that_embed_the_check_may_frame_it(tmp_path: Path) -> None:
    sites = "https://a.example https://b.example"
    framed = PageClient(make_app(tmp_path / "var", embed_origins=sites))
    policy = framed.get("/").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://a.example https://b.example")


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()
