"""My account: where I am signed in, ending that, and a new password."""

import pytest
from flask import Flask

from consult.storage.accounts.sessions import browser_name
from tests.support.client import PageClient
from tests.support.staff_client import (
    EMAIL,
    PASSWORD,
    audited,
    is_stored,
    make_user,
    post,
    sign_in,
    signed_in,
    thief_of,
)

NEW = "quiet orchard seventh kettle"


@pytest.fixture
def app(app: Flask) -> Flask:
    """An app with an account for Grace."""
    make_user(app)
    return app


def other_sessions(client: PageClient) -> list[str]:
    """The addresses that end the other sessions shown on the account page."""
    forms = client.get("/staff/account").forms
    return [form.action for form in forms if form.action.endswith("/end")]


def test_each_browser_is_listed_and_this_one_is_marked(app: Flask) -> None:
    signed_in(app)
    phone = PageClient(app)
    form = phone.get("/staff/sign-in").form("/staff/sign-in")
    phone.post(
        form.action,
        form.fill(email=EMAIL, password=PASSWORD).data,
        headers={"User-Agent": "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Firefox/140.0"},
    )
    page = phone.get("/staff/account")
    assert "Firefox on Android This one" in page.text
    assert page.text.count("This network") == 2
    assert len(other_sessions(phone)) == 1


def test_sessions_are_ended_one_by_one_or_all_at_once(app: Flask) -> None:
    make_user(app, "bo@example.com")
    first, second, third = signed_in(app), signed_in(app), signed_in(app)
    target = other_sessions(third)[0]
    mallory = signed_in(app, "bo@example.com")
    token = mallory.get("/staff/").form("/staff/sign-out").data["csrf_token"]
    mallory.post(target, {"csrf_token": token}, status=404)
    page = post(third, "/staff/account", target)
    assert "Browser signed out" in third.follow(page).text
    assert audited(app)[-1] == "account.session_ended"
    second.get("/staff/", status=303)
    first.get("/staff/")
    page = post(third, "/staff/account", "/end-all")
    assert page.location == "/staff/sign-in"
    assert audited(app)[-1] == "account.sessions_ended"
    first.get("/staff/", status=303)
    third.get("/staff/", status=303)
    mallory.get("/staff/")


def test_a_new_password_ends_every_other_session(app: Flask) -> None:
    other, mine = signed_in(app), signed_in(app)
    thief = thief_of(mine)
    page = post(mine, "/staff/account", "/password", current_password=PASSWORD, new_password=NEW)
    assert "Password changed" in mine.follow(page).text
    assert "account.password_changed" in audited(app)
    other.get("/staff/", status=303)
    assert other_sessions(mine) == []
    sign_in(PageClient(app), status=422)
    sign_in(PageClient(app), password=NEW)
    thief.get("/staff/", status=303)


BAD_PASSWORDS = [
    ("not the right words", NEW, "current_password", "isn’t your current password"),
    ("", NEW, "current_password", "Enter your current password"),
    ("x" * 201, NEW, "current_password", "longer than 200"),
    (PASSWORD, "short", "new_password", "at least 15"),
]


def test_bad_passwords(grace: PageClient) -> None:
    for current, new, field, says in BAD_PASSWORDS:
        given = {"current_password": current, "new_password": new}
        page = post(grace, "/staff/account", "/password", status=422, **given)
        assert says in page.errors[field]
        grace.get("/staff/")
        sign_in(PageClient(grace.app))


def test_the_network_is_stored_as_a_hash_only(app: Flask) -> None:
    signed_in(app)
    assert is_stored(app, "staff_sessions")
    assert not is_stored(app, "127.0.0.1")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Firefox/140.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.5.0", "Another browser"),
        ("", "Another browser"),
        ("<script>" * 1000, "Another browser"),
    ],
)
def test_a_user_agent_is_described_in_a_few_words(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
