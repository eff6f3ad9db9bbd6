"""The table of headers holds for every status, early or late, and for every kind of response."""

import hashlib
import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from consult.web import assets
from consult.web.services import services
from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.headers import header_problems


@pytest.fixture
def breaking_app(tmp_path: Path) -> Iterator[Flask]:
    """An app with routes that fail in the ways that its own do not."""
    app = make_app(tmp_path / "var", limit_starts="2 per hour")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("a secret")

    @app.get("/status/<int:code>")
    def status(code: int) -> str:
        abort(code)

    yield app
    with app.app_context():
        services().database.close()


@pytest.mark.parametrize(
    ("hops", "scheme", "secure"),
    [(1, "https", True), (2, "https", True), (2, "https, https", True), (1, "http", False)],
)
def test_https_is_known_behind_one_proxy_and_behind_two(
    tmp_path: Path, hops: int, scheme: str, secure: bool
) -> None:
    """The usual proxies add to X-Forwarded-For, and set X-Forwarded-Proto."""
    client = make_app(tmp_path / "var", proxy_hops=hops).test_client()
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.2", "X-Forwarded-Proto": scheme}
    answer = client.get("/health/live", headers=forwarded)
    assert ("Strict-Transport-Security" in answer.headers) == secure


@pytest.fixture
def pages(breaking_app: Flask) -> PageClient:
    return PageClient(breaking_app)


def test_each_error_has_its_page(pages: PageClient) -> None:
    foreign = pages.post("/start", status=403, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.h1 == "Blocked for security"
    assert pages.get("/no/such/page", status=404).h1 == "Page not found"
    assert "POST" in pages.get("/start", status=405).headers["Allow"]
    assert "too long" in pages.post("/start", {"ref": "x" * 70_000}, status=413).h1
    field = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    many_fields = field * 200 + b"--b--\r\n"
    pages.post("/start", many_fields, status=413, content_type="multipart/form-data; boundary=b")
    limited = pages.post("/start", status=429)  # the two before were counted
    assert int(limited.headers["Retry-After"]) > 3500
    assert "Wait an hour" in limited.text
    again = pages.post("/start", {"depth": "full"}, status=429).form("/start")
    assert again.data == {"depth": ["full"]}  # to be sent again after the wait
    broken = pages.get("/broken", status=500)
    assert "secret" not in broken.html
    assert broken.headers["X-Request-Id"] in broken.text


def test_a_redirect_of_the_router_stays_on_the_site(breaking_app: Flask) -> None:
    """The host of a request is what its sender says it is."""
    for path in ("/check/x//who", "/check//evil.example//who", "/static//x?a=b"):
        answer = breaking_app.test_client().get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 308
        assert re.match(r"/[a-z]", answer.location)


def test_any_other_status_has_a_page_too(pages: PageClient) -> None:
    for code in (400, 401, 410, 415, 418, 422, 500, 501, 503):
        pages.get(f"/status/{code}", status=code)


ODD_HOSTS = ("bad_host", "a b", "[::1", "x" * 300, "localhost:99999999", "exa mple.com:80")


def test_any_method_and_a_host_that_makes_no_sense_get_the_headers(browser: FlaskClient) -> None:
    for host in ODD_HOSTS:
        answer = browser.get("/", headers={"Host": host})
        assert answer.status_code in (200, 400)
        assert header_problems("/", answer.status_code, dict(answer.headers), https=False) == []
    for path, method in product(
        ("/", "/staff/", "/check/x/who", "/result/x"),
        ("HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"),
    ):
        answer = browser.open(path, method=method)
        assert answer.status_code < 500
        assert header_problems(path, answer.status_code, dict(answer.headers), https=False) == []
    # No request is sent back as it came.
    assert browser.open("/", method="TRACE").status_code == 405


def test_nothing_is_served_but_what_is_meant_to_be(browser: FlaskClient) -> None:
    for path in (
        *("/static/", "/static/css/", "/static/../app.py", "/static/..%2fapp.py", "/.git/config"),
        *("/static/%2e%2e/app.py", "/static//etc/passwd", "/.env", "/var/consult.db", "/metrics"),
    ):
        assert browser.get(path, follow_redirects=True).status_code == 404


def test_hsts_is_sent_on_https_only_and_for_subdomains_only_where_that_is_set(
    app: Flask, tmp_path: Path
) -> None:
    PageClient(app, base_url="https://localhost").get("/")
    PageClient(app).get("/")
    everywhere = make_app(tmp_path / "all", hsts_subdomains=True).test_client()
    sent = everywhere.get("/", base_url="https://localhost").headers["Strict-Transport-Security"]
    assert sent == "max-age=63072000; includeSubDomains"


def test_a_file_may_be_cached_under_the_address_of_its_very_content(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg/>")
    brand = tmp_path / "brand.toml"
    brand.write_text('logo = "logo.svg"\n[colours]\nsales = "#0b3d2e"\n')
    app = make_app(tmp_path / "var", brand_file=brand)
    client = PageClient(app)
    page = client.get("/").document
    files = [tag.attrib[name] for tag, name in ((page.all("img")[0], "src"),)]
    loaded = [link for link in page.all("link") if link.attrib["rel"] != "canonical"]
    files += [link.attrib["href"] for link in loaded]
    assert len(files) == 5
    for sheet in [file for file in files if file.startswith("/static/css/")]:
        named = re.findall(r'url\("([^"]+)"\)', client.get(sheet).body.decode())
        files += [urljoin(sheet, file) for file in named]
    assert len(files) == 9, "a page's four files and one style sheet's four fonts"
    for file in files:
        kept = client.get(file).headers["Cache-Control"]
        assert kept == "public, max-age=31536000, immutable", file
        plain = file.partition("?")[0]
        # As a page of another process names it, which is newer or older than this one.
        for other in (plain, f"{plain}?v=0123456789ab", f"{file}0"):
            assert client.get(other).headers["Cache-Control"] == "no-cache", other


def test_a_file_that_changes_under_a_running_process_is_not_kept(
    app: Flask, tmp_path: Path
) -> None:
    app.static_folder = str(tmp_path)
    (tmp_path / "site.css").write_text("a {}")
    assets.install_static(app)
    client = app.test_client()
    version = hashlib.sha256(b"a {}").hexdigest()[:12]
    with client.get(f"/static/site.css?v={version}") as sent:
        assert "immutable" in sent.headers["Cache-Control"]
    (tmp_path / "site.css").write_text("b {}")
    os.utime(tmp_path / "site.css", (1, 1))
    with client.get(f"/static/site.css?v={version}") as sent:
        assert (sent.data, sent.headers["Cache-Control"]) == (b"b {}", "no-cache")


def test_only_the_start_page_may_be_indexed(client: PageClient) -> None:
    assert "X-Robots-Tag" not in client.get("/").headers
    assert client.get("/no-such-page", status=404).headers["X-Robots-Tag"] == "noindex"


def test_the_sites_that_embed_the_check_may_frame_it(tmp_path: Path) -> None:
    sites = "https://日本.jp https://*.b.example"
    framed = PageClient(make_app(tmp_path / "var", embed_origins=sites))
    for path, status in (("/", 200), ("/no/such/page", 404)):
        policy = framed.get(path, status=status).headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'self' https://xn--wgv71a.jp https://*.b.example")
    for path in ("/staff/sign-in", "/health/live"):
        assert "b.example" not in framed.get(path).headers["Content-Security-Policy"]


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()
