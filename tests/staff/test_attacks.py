"""Every route under /staff, by everyone and under attack.

Who may do what is in `access_matrix.py`; here are also half a sign-in, forged requests, and fields
nobody would fill so. `accounts/test_access.py` has what a session is, and `second_factors` what
works once.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consult.staff.accounts import access
from tests.staff.access_matrix import MATRIX, names_in_path, staff_routes
from tests.support.access_fixture import ADMIN, NOBODY, STAFF, World
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.second_factors import CAREFUL, make_careful_user, pending_login
from tests.support.staff_client import (
    ELSEWHERE,
    EMAIL,
    PASSWORD,
    age_authentication,
    joined,
    make_user,
    post,
    sign_in,
    signed_in,
)

SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
ROUTES = sorted(MATRIX)
POSTS = [endpoint for endpoint, method in ROUTES if method == "POST"]
CLOSED = [key for key in ROUTES if key[0] not in access.OPEN_ENDPOINTS]


def path_of(world: World, endpoint: str, method: str) -> str:
    """The address of a route, about something of the admin's own."""
    rule, objects = staff_routes(world.app)[endpoint, method], world.objects(ADMIN)
    values = {name: objects[name]["own"] for name in names_in_path(rule)}
    return world.app.url_map.bind("localhost").build(endpoint, values)


def cookie_of(client: PageClient) -> str:
    cookie = client._client.get_cookie("staff")
    assert cookie is not None
    return cookie.value


def browser_with(app: Flask, cookie: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("staff", cookie)
    return client


def signed_elsewhere(app: Flask, cookie: str) -> str:
    """What a cookie holds, signed by an install with another secret key."""
    serializer = access.StaffOnlySessions().get_signing_serializer
    ours, other = serializer(app), Flask("elsewhere")
    other.secret_key = "of another install" * 3
    theirs = serializer(other)
    assert ours
    assert theirs
    return str(theirs.dumps(ours.loads(cookie)))


def half_signed_in(app: Flask) -> Mapping[str, str]:
    """Cookies of a pending login, of another install, and of before a new password."""
    make_user(app)
    make_careful_user(app)
    cookies = {"pending": cookie_of(pending_login(app, CAREFUL))}
    changing = signed_in(app)
    cookies["of another install"] = signed_elsewhere(app, cookie_of(changing))
    cookies["of before a new password"] = cookie_of(changing)
    new = "moth river nine tin"
    post(changing, "/staff/account", "/password", current_password=PASSWORD, new_password=new)
    assert changing.get("/staff/").h1 == "Today"
    return cookies


def test_half_a_sign_in_opens_no_route(world: World) -> None:
    cookies = half_signed_in(world.app)
    before = world.version()
    for endpoint, method in CLOSED:
        path = path_of(world, endpoint, method)
        for who, cookie in cookies.items():
            answer = browser_with(world.app, cookie).open(path, method=method, headers=SAME_SITE)
            assert answer.status_code == 303, f"{who}: {method} {path}"
            assert answer.location.startswith("/staff/sign-in"), f"{who}: {method} {path}"
    assert world.version() == before
    world.restore()


def test_a_form_of_someone_else_or_another_site_does_nothing_on_any_route(world: World) -> None:
    forged = (world._form_token(NOBODY), world._form_token(STAFF), "invented", "")
    mine = {"csrf_token": world._tokens[ADMIN]}
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    before = world.version()
    for number, endpoint in enumerate(POSTS):
        path, fields = path_of(world, endpoint, "POST"), MATRIX[endpoint, "POST"].fields
        sent = {**fields, "csrf_token": forged[number % len(forged)]}
        answer = world._client(ADMIN).post(path, data=sent, headers=SAME_SITE)
        assert answer.status_code == 400, path
        # Asked by a page of ours, it may be submitted again, with a press and a new token.
        assert "Your session expired" in answer.text or "signed in again" in answer.text, path
        answer = world._client(ADMIN).post(path, data={**fields, **mine}, headers=elsewhere)
        assert answer.status_code == 403, path
    assert world.version() == before


OTHER_METHODS = ("PUT", "DELETE", "FOO")
"""In turn: a route that takes one of them is no route of the matrix."""


def test_no_other_method_does_what_a_form_does(world: World) -> None:
    overriding = {**SAME_SITE, "X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    adapter = world.app.url_map.bind("localhost")
    before = world.version()
    for number, endpoint in enumerate(POSTS):
        path = path_of(world, endpoint, "POST")
        sent = {**MATRIX[endpoint, "POST"].fields, "csrf_token": world._tokens[ADMIN]}
        # Another view may answer a GET at this address.
        reading = {"GET", "HEAD"} - set(adapter.allowed_methods(path))
        for method in (OTHER_METHODS[number % len(OTHER_METHODS)], *reading):
            answer = world._client(ADMIN).open(path, method=method, data=sent, headers=overriding)
            assert answer.status_code == 405, f"{method} {path}"
    assert world.version() == before


NUMBERS = ("9" * 30, "9" * 5000, "-1", "0", "٣", "1_0", "1e9", "NaN", "", "\x00", "2147483648")


def test_a_number_that_no_page_of_ours_would_send_breaks_nothing(world: World) -> None:
    lead = path_of(world, "staff.lead", "GET")
    for number in NUMBERS:
        for path, sent in (
            (f"{lead}/claim", {"version": number}),
            (f"{lead}/hand-over", {"version": "1", "to": number}),
            ("/staff/leads/bulk", {"do": "hand_over", "to": number, "lead": "1"}),
            ("/staff/leads/bulk", {"do": "take", "lead": number}),
            ("/staff/export.csv", {"lead": number}),
            ("/staff/settings/retention", {"retention_days_drafts": number}),
            ("/staff/settings/hours", {"reply_within_hours": number}),
        ):
            answer = send(world, path, sent)
            assert answer.status_code < 500, f"{sent} to {path}"
        for path in (
            f"/staff/leads/{number[:6000]}",
            f"/staff/leads/bulk?lead={number}",
            f"/staff/receipts?lead={number}",
            f"/staff/settings/audit-log?lead={number}&by={number}&before={number}",
            f"/staff/leads?assignee={number}&after={number}_1&before=1_{number}",
        ):
            assert world._client(ADMIN).get(path).status_code < 500, path
        # What was stored just now must not break the pages that count with it.
        assert world._client(NOBODY).get("/").status_code == 200
        assert world._client(NOBODY).get(f"/check/{'x' * 43}").status_code == 404, number
    world.restore()


ASKED_NOTHING = {
    *("accept", "add_note", "save_notifications", "edit_note", "delete_reminder_address"),
    *("find_person", "decline", "reauthenticate", "hand_over", "assess", "log_contact", "move"),
    *("rebook", "schedule_follow_up", "reopen_note", "resolve_note", "resend_webhook", "sign_out"),
    *("claim", "test_webhook", "try_again", "cancel_handover", "send_reminder", "change_leads"),
    *("assign", "clear_spam", "correct_amount", "undo", "undo_bulk", "save_away"),
    *("new_view", "change_view", "delete_view"),
    *("match_booking", "dismiss_booking", "test_calendar", "confirm_consult", "read_busy_feed"),
    *("change_password", "unlink_provider"),  # which take the password themselves
}
"""Forms that need no recent authentication: the daily work, and no more."""

PAGES_THAT_ASK = {
    *("anonymise_lead", "data_json", "delete_lead", "lead_data", "people", "colleague"),
    *("link_provider", "new_passkey", "set_up_app", "settings_group", "new_webhook"),
    *("change_webhook", "new_token", "new_export", "export_csv", "export_xlsx"),
}
"""Pages that reveal a lot, or have a form that cannot be undone."""


def test_what_cannot_be_undone_wants_a_recent_authentication(world: World) -> None:
    age_authentication(world.app)
    asked = set()
    for endpoint, method in CLOSED:
        if method == "GET":
            answer = world.ask(ADMIN, method, path_of(world, endpoint, method), {})
            if (answer.location or "").startswith("/staff/confirm?"):
                asked.add(endpoint.removeprefix("staff."))
    assert asked == PAGES_THAT_ASK
    aged = world.version()
    for endpoint in {endpoint for endpoint, method in CLOSED if method == "POST"}:
        if endpoint.removeprefix("staff.") not in ASKED_NOTHING:
            path, fields = path_of(world, endpoint, "POST"), MATRIX[endpoint, "POST"].fields
            answer = world.ask(ADMIN, "POST", path, fields)
            assert answer.status_code == 403, endpoint
            assert "Confirm it’s you" in answer.text, endpoint
    assert world.version() == aged
    world.restore()


def send(world: World, path: str, fields: Mapping[str, str]) -> TestResponse:
    """A form of the admin's, as a page of ours would send it."""
    sent = {"csrf_token": world._tokens[ADMIN], **fields}
    return world._client(ADMIN).post(path, data=sent, headers=SAME_SITE, buffered=True)


BAD_ADDRESSES = {
    "brand-consult_url": (
        *("https://[::1", "javascript:alert(1)", "https://@/", 'https://a/"><script>'),
        "//evil.example",
    ),
    "brand-email": (
        *("=?utf-8?q?=0d=0aBcc:x@y?=@z.example", "a@b.example, c@d.example", "<a@b>", "@"),
    ),
}


@pytest.mark.parametrize("field", BAD_ADDRESSES)
def test_an_address_that_would_break_pages_or_mail_is_refused(world: World, field: str) -> None:
    for value in BAD_ADDRESSES[field]:
        answer = send(world, "/staff/settings/brand", {field: value})
        assert answer.status_code == 422, value


def test_nothing_begun_before_the_sign_in_is_there_after_it(app: Flask) -> None:
    """Someone may have planted their own cookie in this browser and wait for its owner."""
    make_user(app)
    client = PageClient(app)
    client.get("/staff/sign-in")
    with client._client.session_transaction("/staff/") as planted:
        planted["provider"] = {"purpose": "link"}
        planted["new_app"] = b"theirs"
    sign_in(client, EMAIL)
    with client._client.session_transaction("/staff/") as after:
        assert not {"provider", "new_app"} & after.keys()


def test_no_one_is_led_to_another_site(app: Flask) -> None:
    make_user(app)
    for wanted in ELSEWHERE:
        client = PageClient(app)
        form = client.get("/staff/sign-in").form("/staff/sign-in")
        sent = {**form.data, "email": EMAIL, "password": PASSWORD, "next": wanted}
        assert client.post("/staff/sign-in", sent).location == "/staff/", wanted
        fresh = client._client.get("/staff/confirm", query_string={"next": wanted})
        assert fresh.location == "/staff/", wanted


def test_a_nul_is_searched_for_nowhere(postgres_url: str, tmp_path: Path) -> None:
    """PostgreSQL takes none, not even in a question."""
    app = make_app(tmp_path, database_url=postgres_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = joined(app, admin=True)
    client.get("/staff/leads?source=x%00&text=x%00&archetype=%00")
    client.get("/staff/exports/new?source=%00")
    client.get("/staff/insights?source=%00&kind=%00&depth=%00")
    client.get("/staff/settings/audit-log?action=%00")
    post(client, "/staff/person", "/person", status=422, address="x\0")
    services_of(app).database.close()
