"""Forms are accepted from the site itself only."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.apps import make_app
from tests.support.page import Page

HOST = "check.example.com"
OWN = f"https://{HOST}"
OTHER_SITES = ("cross-site", "same-site", "nonsense", "")


@pytest.fixture
def browser(tmp_path: Path) -> FlaskClient:
    app = make_app(tmp_path / "var", base_url=OWN)

    @app.post("/form")
    @app.post("/staff/sign-in/form")
    def form() -> str:
        return "accepted"

    return app.test_client()


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        (HOST, {"Sec-Fetch-Site": "same-origin"}, 200),
        (HOST, {"Sec-Fetch-Site": "none"}, 200),
        *((HOST, {"Sec-Fetch-Site": site, "Origin": OWN}, 403) for site in OTHER_SITES),
        # Older browsers send only the origin.
        (HOST, {"Origin": OWN}, 200),
        (HOST, {"Origin": "https://other.example"}, 403),
        *(
            (HOST, {"Origin": origin}, 403)
            for origin in ("", "NULL", "null.example", "https://null")
        ),
        # A proxy may change the host.
        ("127.0.0.1:8000", {"Origin": OWN}, 200),
        # A program that is no browser sends neither.
        (HOST, {}, 200),
        ("evil.example", {}, 400),
    ],
)
def test_a_form_is_accepted_from_our_own_pages_and_from_programs(
    browser: FlaskClient, host: str, headers: dict[str, str], status: int
) -> None:
    response = browser.post("/form", base_url=f"https://{host}", headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("sent", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_of_ours_in_a_sandboxed_frame_may_send_its_form_and_one_for_staff_may_not(
    browser: FlaskClient, sent: dict[str, str]
) -> None:
    for path, status in (("/form", 200), ("/staff/sign-in/form", 403), ("/staff/sign-in", 403)):
        answer = browser.post(path, base_url=OWN, headers={"Origin": "null", **sent})
        assert answer.status_code == status


def test_a_link_from_another_site_may_be_followed_and_a_load_balancer_needs_no_name(
    browser: FlaskClient,
) -> None:
    cross_site = {"Sec-Fetch-Site": "cross-site"}
    for base_url, headers in ((OWN, cross_site), ("https://10.0.0.7", {})):
        response = browser.get("/health/live", base_url=base_url, headers=headers)
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 422),
        ({"Origin": OWN}, 422),
        ({"Referer": f"{OWN}/staff/sign-in"}, 422),
        ({"Referer": "https://other.example/"}, 400),
        ({}, 400),
    ],
)
def test_staff_sign_in_over_https_with_any_sign_of_our_own_page(
    browser: FlaskClient, sent: dict[str, str], status: int
) -> None:
    page = Page(browser.get("/staff/sign-in", base_url=OWN))
    data = page.form("/staff/sign-in").fill(email="a@example.com", password="x").data
    answer = browser.post("/staff/sign-in", base_url=OWN, data=data, headers=sent)
    assert answer.status_code == status


def test_any_host_name_is_accepted_while_the_base_url_is_this_machine(app: Flask) -> None:
    response = app.test_client().get("/health/live", base_url="http://192.168.1.20:8000")
    assert response.status_code == 200
