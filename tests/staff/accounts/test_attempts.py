"""Limits that stop guessing and lock no owner out: unknown browsers wait, trusted ones don’t."""

from pathlib import Path

import pytest
from flask import Flask

from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.second_factors import ASKED, give, let_pass, pending_login, set_up_phone
from tests.support.staff_client import EMAIL, PASSWORD, joined, make_user, post, sign_in, signed_in

OTHER = "bo@example.com"
WRONG = "not the right words"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """Behind one proxy, so that strangers may come from anywhere."""
    made = make_app(tmp_path / "var", proxy_hops=1)
    make_user(made)
    return made


def guess(
    app: Flask,
    network: int,
    *,
    status: int = 422,
    email: str = EMAIL,
    password: str = WRONG,
    known: str = "",
) -> Page:
    """Try a password from a network of its own, in a new browser."""
    client = PageClient(app)
    if known:
        client._client.set_cookie("device", known)
    form = client.get("/staff/sign-in").form("/staff/sign-in")
    form.fill(email=email, password=password)
    headers = {"X-Forwarded-For": f"198.51.100.{network}"}
    return client.post(form.action, form.data, status=status, headers=headers)


def sign_out(client: PageClient) -> None:
    post(client, "/staff/", "/staff/sign-out")


def device_cookie(client: PageClient) -> str:
    """What marks a browser as trusted."""
    cookie = client._client.get_cookie("device")
    assert cookie is not None
    return str(cookie.value)


def use_up(app: Flask) -> tuple[int, int]:
    """Guess from everywhere until new browsers wait long: attempts made, and seconds to wait."""
    attempts = waited = 0
    for network in range(1, 99):
        client = PageClient(app)
        form = client.get("/staff/sign-in").form("/staff/sign-in").fill(email=EMAIL, password=WRONG)
        headers = {"X-Forwarded-For": f"198.51.100.{network}"}
        answer = client._client.post(form.action, data=form.data, headers=headers)
        if answer.status_code == 422:
            attempts += 1
            continue
        waits = int(answer.headers["Retry-After"])
        if waits > 60:
            return attempts, waits
        let_pass(app, seconds=waits)
        waited += waits
        assert waited < 5 * 60, "the first waits are short"
    raise AssertionError("unknown browsers never wait")


def test_unknown_browsers_wait_ever_longer_for_15_minutes_at_most(app: Flask) -> None:
    attempts, waits = use_up(app)
    assert attempts == 20
    assert 10 * 60 < waits <= 15 * 60
    guess(app, 99, status=429, password=PASSWORD)
    let_pass(app, seconds=waits)
    guess(app, 99, status=303, password=PASSWORD)


def test_guessing_from_everywhere_locks_no_owner_out(app: Flask) -> None:
    owner = signed_in(app)
    sign_out(owner)
    use_up(app)
    guess(app, 99, status=429, password=PASSWORD)
    sign_in(owner, password=WRONG, status=422)
    sign_in(owner)
    guess(app, 99, status=429, password=PASSWORD)  # which gives unknown browsers nothing back


def test_guessing_from_the_same_network_locks_no_owner_out(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit_sign_in_address="2 per hour")
    owner = joined(app)
    sign_out(owner)
    for name in ("one", "another"):
        sign_in(PageClient(app), f"{name}@example.com", status=422)
    sign_in(PageClient(app), status=429)
    sign_in(owner)


def test_a_trusted_browser_has_no_more_attempts_than_an_unknown_one(app: Flask) -> None:
    owner = signed_in(app)
    sign_out(owner)
    for _ in range(5):
        sign_in(owner, password=WRONG, status=422)
    sign_in(owner, status=429)
    guess(app, 1, status=303, password=PASSWORD)  # and takes none from another browser


def test_a_browser_is_trusted_for_one_account_and_only_by_us(app: Flask) -> None:
    mine = device_cookie(joined(app, OTHER))
    for network in range(5):
        guess(app, network, known=mine)
    for known in (mine, mine[:-1], mine.replace(".", "-"), "x", "\u00e9"):
        guess(app, 50, status=429, known=known)


def test_it_stays_the_same_browser_and_becomes_another_for_another_account(app: Flask) -> None:
    make_user(app, OTHER)
    client = signed_in(app)
    first = device_cookie(client)
    for _ in range(2):
        sign_out(client)
        for _ in range(2):
            sign_in(client, password=WRONG, status=422)
        sign_in(client)
    sign_out(client)
    sign_in(client, OTHER)
    assert device_cookie(client) != first


def test_the_cookie_is_for_this_site_and_no_script(tmp_path: Path) -> None:
    app = make_app(tmp_path, base_url="https://check.example")
    make_user(app)
    client = PageClient(app, base_url="https://check.example")
    form = client.get("/staff/sign-in").form("/staff/sign-in")
    form.fill(email=EMAIL, password=PASSWORD)
    page = client.post(form.action, form.data, headers={"Referer": "https://check.example/"})
    (known,) = [line for line in page.set_cookies if line.startswith("__Host-device=")]
    parts = {part.strip().partition("=")[0].lower() for part in known.split(";")}
    assert {"secure", "httponly", "path", "samesite", "max-age"} <= parts
    assert "SameSite=Strict" in known
    assert EMAIL not in known
    client.get("/staff/sign-in", status=303)


def test_wrong_codes_after_the_right_password_lock_no_owner_out(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit_second_factor="3 per day")
    phone, codes = set_up_phone(joined(app))
    owner = pending_login(app)
    give(owner, code=phone.next_code)
    sign_out(owner)
    thief = pending_login(app)
    assert thief._client.get_cookie("device") is None, "no browser is trusted before the code"
    for _ in range(3):
        give(thief, code="000000", status=422)
    give(thief, code="000000", status=429)
    sign_in(owner)
    assert owner.get(ASKED).h1
    give(owner, code=phone.next_code)
    give(pending_login(app), recovery_code=codes[0])  # which work in new browsers too
