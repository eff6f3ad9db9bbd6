"""Access: nothing under /staff opens without a session that is still good."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, session

from consult.staff.accounts import access
from consult.storage.accounts.sessions import Lifetime
from consult.web.headers import is_staff_path
from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.second_factors import let_pass
from tests.support.staff_client import EMAIL, NAME, make_user, post, sign_in, signed_in, thief_of


@pytest.fixture
def app(app: Flask) -> Flask:
    """An app with an account for Grace."""
    make_user(app)
    return app


def test_every_route_of_the_staff_is_behind_the_login(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("staff.")]
    assert len(rules) > 50
    assert [rule.rule for rule in rules if not is_staff_path(rule.rule)] == []


@pytest.mark.parametrize("path", ["/staff/nothing-here", "/staff/leads/1/x", "/staff/leads/-1"])
def test_a_missing_page_is_closed_too(app: Flask, client: PageClient, path: str) -> None:
    assert client.get(path, status=303).location.startswith("/staff/sign-in")
    signed_in(app).get(path, status=404)


def test_a_session_ends_when_it_is_idle_or_after_its_hours(app: Flask, client: PageClient) -> None:
    sign_in(client)
    idle = signed_in(app)
    for _ in range(14):
        let_pass(app, minutes=50)
        client.get("/staff/")
    idle.get("/staff/", status=303)
    idle.post("/staff/sign-out")
    let_pass(app, minutes=21)
    client.get("/staff/", status=303)


def test_signing_out_ends_the_session_in_the_database(grace: PageClient) -> None:
    thief = thief_of(grace)
    page = post(grace, "/staff/", "/staff/sign-out")
    assert page.location == "/staff/sign-in"
    assert page.headers["Clear-Site-Data"] == '"cache"'
    thief.get("/staff/", status=303)


@pytest.mark.parametrize("token", ["A" * 43, {"nested": 1}])
def test_a_cookie_alone_opens_nothing(app: Flask, client: PageClient, token: object) -> None:
    signer = access.StaffOnlySessions().get_signing_serializer(app)
    assert signer is not None
    client._client.set_cookie("staff", str(signer.dumps({access.TOKEN_KEY: token})))
    client.get("/staff/", status=303)


def test_the_cookie_says_nothing_and_its_token_opens_nothing_elsewhere(app: Flask) -> None:
    with signed_in(app)._client.session_transaction("/staff/") as cookie:
        token, content = cookie[access.TOKEN_KEY], dict(cookie)
    assert set(content) <= {"csrf_token", access.TOKEN_KEY}
    assert EMAIL not in str(content)
    assert NAME not in str(content)
    other = PageClient(app)
    other.get(f"/staff/leads?auth_token={token}&{access.TOKEN_KEY}={token}", status=303)
    for header in ("Authentication-Token", "Authorization"):
        other.get("/staff/", status=303, headers={header: token})


@pytest.mark.parametrize("https", [True, False])
def test_the_cookie_is_for_this_site_only(tmp_path: Path, https: bool) -> None:
    base_url = "https://check.example" if https else "http://localhost"
    app = make_app(tmp_path, base_url=base_url)
    page = PageClient(app, base_url=base_url).get("/staff/sign-in")
    (cookie,) = page.set_cookies
    name, *attributes = re.split(r"[=;] ?", cookie)
    assert name == ("__Host-staff" if https else "staff")
    assert {"HttpOnly", "SameSite", "Lax", "Path", "/"} < set(attributes)
    assert ("Secure" in attributes) == https
    assert "Domain" not in attributes
    assert "Expires" not in attributes


def test_there_is_neither_session_nor_user_outside_the_staff_area(app: Flask) -> None:
    public: dict[str, object] = {}
    with app.test_request_context("/"):
        app.update_template_context(public)
        with pytest.raises(RuntimeError):
            session["anything"] = 1
    assert "current_user" not in public
    assert "Cookie" not in app.test_client().get("/").headers.get("Vary", "")


def test_how_long_a_session_lasts_is_a_setting(tmp_path: Path) -> None:
    app = make_app(tmp_path, staff_idle_minutes=5, staff_session_hours=1)
    with app.app_context():
        assert access.lifetime() == Lifetime(timedelta(minutes=5), timedelta(hours=1))
