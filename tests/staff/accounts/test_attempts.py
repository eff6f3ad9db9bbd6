"""Limits that stop guessing and keep no owner out: strangers wait, known browsers do not."""

from pathlib import Path

import pytest
from flask import Flask

from tests.support.apps import make_app
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.second_factors import ASKED, give, let_pass, pending_login, set_up_phone
from tests.support.staff_client import EMAIL, PASSWORD, make_user, post, sign_in, signed_in

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


def leave(client: PageClient) -> None:
    post(client, "/staff/", "/staff/sign-out")


def cookie(client: PageClient) -> str:
    """What marks a browser as trusted."""
    kept = client._client.get_cookie("device")
    assert kept is not None
    return str(kept.value)


def use_up(app: Flask) -> tuple[int, int]:
    """Guess from everywhere until strangers wait for long: how many attempts, how many seconds."""
    attempts, network, waited = 0, 0, 0
    while True:
        network += 1
        page = _answer(app, network)
        if page.status == 422:
            attempts += 1
            continue
        waits = int(page.headers["Retry-After"])
        if waits > 60:
            return attempts, waits
        let_pass(app, seconds=waits)
        waited += waits
        assert waited < 5 * 60, "the first waits are short"


def _answer(app: Flask, network: int) -> Page:
    try:
        return guess(app, network)
    except AssertionError:
        return guess(app, network, status=429)


def test_unknown_browsers_wait_ever_longer_and_never_for_more_than_a_quarter_of_an_hour(
    app: Flask,
) -> None:
    attempts, waits = use_up(app)
    assert attempts == 20
    assert 10 * 60 < waits <= 15 * 60
    guess(app, 99, status=429, password=PASSWORD)
    let_pass(app, seconds=waits)
    guess(app, 99, status=303, password=PASSWORD)


def test_who_guesses_from_everywhere_keeps_no_owner_out(app: Flask) -> None:
    owner = signed_in(app)
    leave(owner)
    use_up(app)
    guess(app, 99, status=429, password=PASSWORD)
    sign_in(owner, password=WRONG, status=422)
    sign_in(owner)
    guess(app, 99, status=429, password=PASSWORD)  # which gives strangers nothing back


def test_who_guesses_from_the_same_network_keeps_no_owner_out(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit_sign_in_address="2 per hour")
    make_user(app)
    owner = signed_in(app)
    leave(owner)
    for name in ("somebody", "anybody"):
        sign_in(PageClient(app), f"{name}@example.com", status=422)
    sign_in(PageClient(app), status=429)
    sign_in(owner)


def test_a_known_browser_has_no_more_attempts_than_an_unknown_one(app: Flask) -> None:
    owner = signed_in(app)
    leave(owner)
    for _ in range(5):
        sign_in(owner, password=WRONG, status=422)
    sign_in(owner, status=429)
    guess(app, 1, status=303, password=PASSWORD)  # and takes none from another browser


def test_it_is_known_for_one_account_and_only_by_us(app: Flask) -> None:
    make_user(app, OTHER)
    mine = cookie(signed_in(app, OTHER))
    for network in range(5):
        guess(app, network, known=mine)
    for known in (mine, mine[:-1], mine.replace(".", "-"), "x", "\u00e9"):
        guess(app, 50, status=429, known=known)


def test_it_stays_the_same_browser_and_becomes_another_for_another_account(app: Flask) -> None:
    make_user(app, OTHER)
    client = signed_in(app)
    first = cookie(client)
    for _ in range(2):
        leave(client)
        for _ in range(2):
            sign_in(client, password=WRONG, status=422)
        sign_in(client)
    leave(client)
    sign_in(client, OTHER)
    assert cookie(client) != first


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


def test_no_one_becomes_known_before_the_second_factor(app: Flask) -> None:
    set_up_phone(signed_in(app))
    assert pending_login(app)._client.get_cookie("device") is None


def test_who_has_the_password_keeps_no_owner_out_by_wrong_codes(tmp_path: Path) -> None:
    app = make_app(tmp_path, limit_second_factor="3 per day")
    make_user(app)
    phone, codes = set_up_phone(signed_in(app))
    owner = pending_login(app)
    give(owner, code=phone.next_code)
    leave(owner)
    thief = pending_login(app)
    for _ in range(3):
        give(thief, code="000000", status=422)
    give(thief, code="000000", status=429)
    sign_in(owner)
    assert owner.get(ASKED).h1
    give(owner, code=phone.next_code)
    give(pending_login(app), recovery_code=codes[0])  # the last way in is open for strangers too
