"""Access: nothing under /staff opens without a session that is still good."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, session
from werkzeug.routing import Rule

from consult.staff.accounts import access, account_admin
from consult.storage.accounts import sessions
from consult.storage.accounts.sessions import Lifetime
from tests.support.apps import make_app, make_settings, services_of
from tests.support.client import PageClient
from tests.support.staff_client import (
    EMAIL,
    NAME,
    make_lead,
    make_user,
    post,
    sign_in,
    signed_in,
    thief_of,
)


@pytest.fixture
def app(app: Flask) -> Flask:
    """An app with an account for Grace."""
    make_user(app)
    return app


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    """Every route that lives, or should live, under /staff."""
    app = make_app(tmp_path_factory.mktemp("routes"))
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/staff") or rule.endpoint.split(".")[0] in ("staff", "security")
    ]


def requests_to(routes: list[Rule]) -> list[tuple[str, str, str]]:
    """A request for each route and method: its endpoint, its method, and a path that matches."""
    return [
        (rule.endpoint, method, re.sub(r"<(int.*?:)?\w+>", "1", rule.rule))
        for rule in routes
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
    ]


def end_by_signing_out(app: Flask) -> None:
    with services_of(app).database.writing() as writing:
        sessions.end_all_sessions(writing, 1)


def end_by_idling(app: Flask) -> None:
    let_pass(app, minutes=60, seconds=1)


def end_by_disabling(app: Flask) -> None:
    account_admin.disable(services_of(app).database, EMAIL)


def let_pass(app: Flask, **duration: float) -> None:
    services_of(app).database.clock = lambda: datetime.now(UTC) + timedelta(**duration)


def stay_out(app: Flask) -> None:
    """No one ever signed in."""


ENDS: list[Callable[[Flask], None]] = [end_by_signing_out, end_by_idling, end_by_disabling]


@pytest.mark.parametrize("end", [stay_out, *ENDS])
def test_every_route_is_closed_without_a_good_session(
    app: Flask, client: PageClient, routes: list[Rule], end: Callable[[Flask], None]
) -> None:
    make_lead(app)
    if end is not stay_out:
        sign_in(client)
        client.get("/staff/")
        end(app)
    closed = [asked for asked in requests_to(routes) if asked[0] not in access.OPEN_ENDPOINTS]
    assert len(closed) >= 8
    for _, method, path in closed:
        page = client.send(method, path, status=303)
        assert page.location.startswith("/staff/sign-in"), path


def test_every_route_of_the_staff_lies_behind_the_login(routes: list[Rule]) -> None:
    assert [rule.rule for rule in routes if not access.is_staff_path(rule.rule)] == []


def test_what_is_open_is_written_down_here_too(routes: list[Rule]) -> None:
    assert {
        *(
            "staff.sign_in",
            "staff.passkey_sign_in",
            "staff.verify_second_factor",
            "staff.invitation",
        ),
        *("staff.provider_sign_in", "staff.provider_callback", "staff.provider_invitation"),
    } == access.OPEN_ENDPOINTS
    assert [rule for rule in routes if rule.endpoint.startswith("security.")] == []


@pytest.mark.parametrize("path", ["/staff/nothing-here", "/staff/leads/1/x", "/staff/leads/-1"])
def test_a_page_that_does_not_exist_is_as_closed_as_one_that_does(
    app: Flask, client: PageClient, path: str
) -> None:
    assert client.get(path, status=303).location.startswith("/staff/sign-in")
    signed_in(app).get(path, status=404)


def test_a_session_lasts_its_hours_and_no_longer(app: Flask, client: PageClient) -> None:
    sign_in(client)
    for minutes in range(0, 12 * 60, 50):
        let_pass(app, minutes=minutes)
        client.get("/staff/")
    let_pass(app, hours=12, seconds=1)
    client.get("/staff/", status=303)


def test_signing_out_ends_the_session_in_the_database(grace: PageClient) -> None:
    thief = thief_of(grace)
    page = post(grace, "/staff/", "/staff/sign-out")
    assert page.location == "/staff/sign-in"
    assert page.headers["Clear-Site-Data"] == '"cache"'
    thief.get("/staff/", status=303)


def test_signing_out_takes_a_form(grace: PageClient) -> None:
    grace.get("/staff/sign-out", status=405)
    grace.post("/staff/sign-out", status=400)
    grace.get("/staff/")


def test_a_form_without_its_token_changes_nothing(grace: PageClient, routes: list[Rule]) -> None:
    posts = [path for _, method, path in requests_to(routes) if method == "POST"]
    for path in posts:
        page = grace.post(path, {"csrf_token": "made up"}, status=400)
        assert page.h1 == "Your session expired"
    grace.get("/staff/account")


def test_a_form_from_another_site_is_refused(grace: PageClient, routes: list[Rule]) -> None:
    token = grace.get("/staff/").form("/staff/sign-out").data["csrf_token"]
    for _, method, path in requests_to(routes):
        if method == "POST":
            foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
            grace.post(path, {"csrf_token": token}, status=403, headers=foreign)
    grace.get("/staff/account")


@pytest.mark.parametrize("forge", ["another key", "no such session", "not a token"])
def test_a_forged_cookie_opens_nothing(app: Flask, client: PageClient, forge: str) -> None:
    signer = access.StaffOnlySessions().get_signing_serializer(app)
    assert signer is not None
    if forge == "another key":
        signer.secret_keys = [b"x" * 32]
    token: object = {"nested": 1} if forge == "not a token" else "A" * 43
    value = signer.dumps({access.TOKEN_KEY: token})
    client._client.set_cookie("staff", str(value))
    client.get("/staff/", status=303)


def test_a_token_in_a_header_or_query_opens_nothing(app: Flask, client: PageClient) -> None:
    with signed_in(app)._client.session_transaction("/staff/") as cookie:
        token = cookie[access.TOKEN_KEY]
    client.get(f"/staff/?auth_token={token}&{access.TOKEN_KEY}={token}", status=303)
    for header in ("Authentication-Token", "Authorization"):
        client.get("/staff/", status=303, headers={header: token})


def test_the_cookie_says_nothing_about_its_owner(app: Flask, client: PageClient) -> None:
    sign_in(client)
    cookie = client._client.get_cookie("staff")
    assert cookie is not None
    signer = access.StaffOnlySessions().get_signing_serializer(app)
    assert signer is not None
    kept = signer.loads(cookie.value)
    assert set(kept) <= {"csrf_token", access.TOKEN_KEY}
    assert EMAIL not in str(kept)
    assert NAME not in str(kept)


@pytest.mark.parametrize("https", [True, False])
def test_the_cookie_is_kept_close(tmp_path: Path, https: bool) -> None:
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


def test_there_is_no_session_outside_the_staff_area(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(RuntimeError):
        session["anything"] = 1
    response = app.test_client().get("/")
    assert "Cookie" not in response.headers.get("Vary", "")


def test_the_login_holds_on_settings_of_its_own(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, staff_idle_minutes=5, staff_session_hours=1)
    app = make_app(tmp_path, staff_idle_minutes=5, staff_session_hours=1)
    with app.app_context():
        assert access.lifetime() == Lifetime(timedelta(minutes=5), timedelta(hours=1))
    assert settings.staff_idle_minutes == 5
