"""Who may call the API: tokens and scopes, limits, and problems on the wire for whatever fails."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from consult.api import api_access, lead_api
from consult.api.openapi import RATE_HEADERS
from consult.crypto import new_token
from consult.storage.api.api_tokens import SCOPES
from consult.storage.tables.account_tables import ApiTokenRow, StaffUserRow
from consult.storage.tables.submission_tables import RateLimitRow
from tests.support.api import LEADS, ApiClient, make_token
from tests.support.apps import services_of
from tests.support.databases import locked, rows
from tests.support.second_factors import let_pass
from tests.support.staff_client import ADMIN, make_lead, make_user, signed_in
from tests.support.submissions import CONTACT

UNKNOWN = f"rc_{new_token()}"
ONE = f"{LEADS}/1"
PATHS = (LEADS, ONE, "/api/v1/editions/2026-12")


@pytest.fixture
def token(app: Flask) -> str:
    make_user(app, ADMIN, admin=True)
    make_lead(app, contact=CONTACT)
    return make_token(app)


@pytest.fixture
def program(app: Flask, token: str) -> ApiClient:
    return ApiClient(app, token)


def challenge(app: Flask, authorization: str, path: str = LEADS) -> str:
    """What a request with this header is told about how to sign in; it is refused."""
    answer = ApiClient(app, None).send("GET", path, headers={"Authorization": authorization})
    assert answer.status_code == 401
    return answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_told_without_a_token(app: Flask, token: str, path: str) -> None:
    refused = ApiClient(app, None).send("GET", f"{path}?access_token={token}&token={token}")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="relay-check"'
    assert "in the address doesn’t count" in refused.text
    assert token not in refused.text
    for header in ("Bearer", "Bearer ", f"Basic {token}", token, f"Token {token}"):
        assert "error" not in challenge(app, header, path)
    for wrong in (UNKNOWN, token[:-1], f"{token}x", token.upper(), "x" * 5000, "ü", "rc_"):
        assert 'error="invalid_token"' in challenge(app, f"Bearer {wrong}", path)
    assert ApiClient(app, token).send("GET", path).status_code == 200
    # Nor does it count beside one in the header, where it would be in logs all the same.
    both = ApiClient(app, token).send("GET", f"{path}?access_token={token}")
    assert both.status_code == 400
    assert token not in both.text
    lower = {"Authorization": f"bearer {token}"}
    assert ApiClient(app, None).send("GET", path, headers=lower).status_code == 200


def test_the_cookie_of_the_staff_area_opens_nothing(app: Flask, token: str) -> None:
    browser = signed_in(app, ADMIN)
    assert browser._client.get(LEADS).status_code == 401
    assert browser.get("/staff/leads").h1
    # And a token opens no page of the staff area.
    answer = app.test_client().get("/staff/leads", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 303


def test_a_token_ends_when_it_expires_and_with_its_account(app: Flask, program: ApiClient) -> None:
    database = services_of(app).database
    let_pass(app)
    program.get(LEADS)
    with database.writing() as session:
        session.execute(update(StaffUserRow).values(active=False))
    program.get(LEADS, status=401)
    with database.writing() as session:
        session.execute(update(StaffUserRow).values(active=True))
    let_pass(app, days=29)
    program.get(LEADS)
    let_pass(app, days=1)
    program.get(LEADS, status=401)
    (row,) = rows(database, ApiTokenRow)
    assert row.expires_at - row.created_at == timedelta(days=30)


def test_a_scope_allows_what_it_says_and_no_more(app: Flask, token: str) -> None:
    by_scope = {scope: ApiClient(app, make_token(app, [scope])) for scope in SCOPES}
    for scope, program in by_scope.items():
        (lead,) = program.get(LEADS)["leads"]
        details = program.get(ONE)
        assert lead["has_contact"] is details["has_contact"] is True
        if scope == "contact":
            assert lead["contact"]["email"] == details["contact"]["email"] == CONTACT.email
        else:
            assert lead["contact"] is details["contact"] is None
            assert CONTACT.email not in json.dumps([lead, details])
            assert CONTACT.business not in json.dumps([lead, details])
        answer = program.move(1, status=200 if scope == "write" else 403, stage="taken")
        if scope != "write":
            needed = 'error="insufficient_scope", scope="write"'
            assert needed in answer.headers["WWW-Authenticate"]


def test_a_token_is_limited_by_the_minute_and_told_what_is_left(
    app: Flask, program: ApiClient
) -> None:
    let_pass(app)
    seen = []
    for _ in range(61):
        answer = program.send("GET", ONE)
        seen.append([int(answer.headers[name]) for name in RATE_HEADERS])
        let_pass(app, seconds=0.5)
    assert answer.status_code == 429
    assert [*seen[:2], *seen[59:]] == [[60, 59, 60], [60, 58, 60], [60, 0, 31], [60, 0, 30]]
    assert answer.headers["Retry-After"] == "30"
    assert ApiClient(app, make_token(app)).send("GET", ONE).status_code == 200
    let_pass(app, seconds=29.5)
    assert program.send("GET", ONE).headers["RateLimit-Remaining"] == "59"


def test_wrong_tokens_are_limited_by_network_and_right_ones_are_not(
    app: Flask, program: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_access, "WRONG_TOKENS", "3 per hour")
    guesses = [ApiClient(app, UNKNOWN).send("GET", LEADS) for _ in range(5)]
    assert [guess.status_code for guess in guesses] == [401] * 3 + [429] * 2
    assert int(guesses[-1].headers["Retry-After"]) > 3500
    assert program.send("GET", LEADS).status_code == 200
    # A request without a token stores nothing.
    before = len(rows(services_of(app).database, RateLimitRow))
    assert ApiClient(app, None).send("GET", LEADS).status_code == 401
    assert len(rows(services_of(app).database, RateLimitRow)) == before


def test_whatever_fails_is_told_as_a_problem(app: Flask, program: ApiClient) -> None:
    """`ApiClient` looks at the media type, the fields and the headers of each."""
    json_type = {"Content-Type": "application/json", "If-Match": "*"}
    for method, path, status, sent in (
        ("GET", "/api", 404, {}),
        ("GET", "/api/", 404, {}),
        ("GET", "/api/v2/leads", 404, {}),
        ("GET", f"{LEADS}/", 404, {}),
        ("GET", f"{LEADS}/x", 404, {}),
        ("GET", f"{LEADS}/-1", 404, {}),
        ("GET", f"{LEADS}/{10**30}", 404, {}),
        ("GET", f"{LEADS}/77", 404, {}),
        ("GET", "/api/v1/editions/1999-01", 404, {}),
        ("GET", "/api/v1/editions/..%2f..%2fapp", 404, {}),
        ("POST", LEADS, 405, {}),
        ("OPTIONS", LEADS, 405, {}),
        ("OPTIONS", "/api/v1/openapi.json", 405, {}),
        ("DELETE", ONE, 405, {}),
        ("TRACE", ONE, 405, {}),
        ("GET", f"{LEADS}?limit=0", 400, {}),
        ("PATCH", ONE, 428, {"json": {"stage": "taken"}}),
        ("PATCH", ONE, 415, {"data": b"stage=taken", "headers": {"If-Match": "*"}}),
        ("PATCH", ONE, 413, {"data": b" " * 70_000, "headers": json_type}),
        ("PATCH", ONE, 400, {"data": b"{", "headers": json_type}),
        ("PATCH", ONE, 403, {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        ("PATCH", ONE, 403, {"headers": {"Origin": "https://evil.example"}}),
    ):
        answer = program.send(method, path, **sent)
        assert answer.status_code == status, (method, path)
        if status == 405:
            assert set(answer.headers["Allow"].split(", ")) <= {"GET", "HEAD", "PATCH"}


def test_a_fault_of_ours_and_an_outage_are_problems_too(
    app: Flask, program: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken(*_: object) -> None:
        raise RuntimeError(CONTACT.email)

    with monkeypatch.context() as patched:
        patched.setattr(lead_api, "next_ids", broken)
        answer = program.send("GET", LEADS)
    assert answer.status_code == 500
    assert CONTACT.email not in answer.text
    services_of(app).database.busy_seconds = 0.2
    with locked(services_of(app).database):  # what is read can't be recorded, so it isn't shown
        answer = program.send("GET", ONE)
    assert answer.status_code == 503
    assert CONTACT.email not in answer.text
    assert answer.headers["Retry-After"] == "10"
    program.get(ONE)


def test_no_header_changes_the_method(app: Flask, program: ApiClient) -> None:
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        sent = {name: "PATCH", "If-Match": "*", "Content-Type": "application/json"}
        assert program.send("POST", ONE, headers=sent, json={"stage": "taken"}).status_code == 405
        assert program.send("GET", f"{ONE}?_method=PATCH", headers=sent).status_code == 400
    assert program.get(ONE)["stage"] == "new"


def test_a_page_of_another_site_cannot_ask_whether_it_may(app: Flask, token: str) -> None:
    preflight = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = ApiClient(app, None).send("OPTIONS", ONE, headers=preflight)
    assert answer.status_code == 405
    asked = ApiClient(app, token).send("GET", ONE, headers={"Origin": "https://evil.example"})
    assert asked.headers["Cross-Origin-Resource-Policy"] == "same-origin"
