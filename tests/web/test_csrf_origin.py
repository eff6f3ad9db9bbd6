"""Forms are taken from the site itself, and from nowhere else."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.apps import make_app

HOST = "check.example.com"


@pytest.fixture
def browser(tmp_path: Path) -> FlaskClient:
    app = make_app(tmp_path / "var", base_url=f"https://{HOST}")

    @app.post("/form")
    def form() -> str:
        return "taken"

    return app.test_client()


def post(browser: FlaskClient, host: str = HOST, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.post("/form", base_url=f"https://{host}", headers=named).status_code


@pytest.mark.parametrize("fetch_site", ["same-origin", "none"])
def test_a_form_of_our_own_page_is_taken(browser: FlaskClient, fetch_site: str) -> None:
    assert post(browser, Sec_Fetch_Site=fetch_site) == 200


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", "nonsense", ""])
def test_a_form_of_another_site_is_refused(browser: FlaskClient, fetch_site: str) -> None:
    assert post(browser, Sec_Fetch_Site=fetch_site, Origin=f"https://{HOST}") == 403


def test_an_older_browser_is_judged_by_its_origin(browser: FlaskClient) -> None:
    assert post(browser, Origin=f"https://{HOST}") == 200
    assert post(browser, Origin="https://other.example") == 403
    assert post(browser, Origin="null") == 403


def test_behind_a_proxy_that_changes_the_host_our_own_pages_still_work(
    browser: FlaskClient,
) -> None:
    assert post(browser, "127.0.0.1:8000", Origin=f"https://{HOST}") == 200


def test_a_program_that_is_no_browser_may_post(browser: FlaskClient) -> None:
    assert post(browser) == 200


def test_a_link_from_another_site_may_be_followed(browser: FlaskClient) -> None:
    came = browser.get(
        "/health/live", base_url=f"https://{HOST}", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert came.status_code == 200


def test_an_unknown_host_name_is_refused_on_a_real_address(browser: FlaskClient) -> None:
    assert post(browser, "evil.example") == 400
    assert browser.get("/health/live", base_url="https://10.0.0.7").status_code == 200


def test_any_host_name_will_do_while_trying_it_out(app: Flask) -> None:
    came = app.test_client().get("/health/live", base_url="http://192.168.1.20:8000")
    assert came.status_code == 200
