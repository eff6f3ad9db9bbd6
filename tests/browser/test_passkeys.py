"""Passkeys in a real browser: made, used to sign in and as a second factor, and removed."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.support import staff_client
from tests.support.apps import make_app
from tests.support.browser import (
    DESK_WIDTH,
    PHONE_WIDTH,
    Scheme,
    Visit,
    axe_violations,
    serving,
    small_targets,
    visiting,
)
from tests.support.keyboard_and_touch import sign_in
from tests.support.second_factors import FACTORS

ADA, BO, CY, DI = (f"{name}@example.com" for name in ("ada", "bo", "cy", "di"))
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with a name, as passkeys need one, and people who may sign in: one for each test."""

    def make(address: str) -> Flask:
        app = make_app(tmp_path_factory.mktemp("app"), base_url=with_a_name(address))
        for email in (ADA, BO, CY, DI):
            staff_client.make_user(app, email)
        return app

    with serving(make) as address:
        yield with_a_name(address)


def with_a_name(address: str) -> str:
    return address.replace("127.0.0.1", "localhost")


def plug_in(visit: Visit, **changes: bool) -> None:
    """Give the browser a device that keeps passkeys and says yes to everything."""
    devtools = visit.tab.context.new_cdp_session(visit.tab)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, **changes}})


def press(visit: Visit, button: str) -> None:
    visit.leave(visit.tab.get_by_role("button", name=button).first.click)


def look_at(visit: Visit, width: int, scheme: Scheme) -> None:
    """The page is fit for everybody, also with what only a browser with passkeys shows."""
    visit.look(width, scheme)
    assert axe_violations(visit) == []
    for each in (PHONE_WIDTH, DESK_WIDTH):
        visit.look(each, scheme)
        assert visit.overflow() == 0
    assert small_targets(visit, least=24) == []


def test_a_passkey_from_first_to_last(browser: Browser, origin: str) -> None:
    with visiting(browser, origin) as visit:
        plug_in(visit)
        sign_in(visit, ADA)

        visit.open(f"{FACTORS}/passkeys/new")
        look_at(visit, PHONE_WIDTH, "light")
        visit.tab.fill("[name=name]", "My laptop")
        press(visit, "Add passkey")
        assert visit.tab.locator(".recovery-codes li").count() == 10
        visit.open(FACTORS)
        look_at(visit, DESK_WIDTH, "dark")
        press(visit, "Sign out")

        look_at(visit, PHONE_WIDTH, "light")
        press(visit, "Sign in with a passkey")
        assert visit.path == "/staff/"
        press(visit, "Sign out")

        sign_in(visit, ADA)
        assert visit.path == "/staff/sign-in/code"
        look_at(visit, DESK_WIDTH, "dark")
        press(visit, "Use a passkey")
        assert visit.path == "/staff/"

        visit.open(FACTORS)
        assert "My laptop" in visit.text
        press(visit, "Remove the passkey My laptop")
        visit.open("/staff/account")
        press(visit, "Sign out")
        sign_in(visit, ADA)
        assert visit.path == "/staff/"


def test_a_device_tells_that_it_has_one_already(browser: Browser, origin: str) -> None:
    with visiting(browser, origin) as visit:
        plug_in(visit)
        sign_in(visit, BO)
        visit.open(f"{FACTORS}/passkeys/new")
        press(visit, "Add passkey")
        visit.open(f"{FACTORS}/passkeys/new")
        visit.tab.get_by_role("button", name="Add passkey").click()
        visit.tab.get_by_text("This device already has a passkey for you.").wait_for()
        assert axe_violations(visit) == []


def test_who_has_none_or_stops_it_is_told_and_can_go_on(browser: Browser, origin: str) -> None:
    with visiting(browser, origin) as visit:
        plug_in(visit, isUserVerified=False)
        visit.open("/staff/sign-in")
        visit.tab.get_by_role("button", name="Sign in with a passkey").click()
        visit.tab.get_by_text("That didn’t work or was canceled.").wait_for()
        sign_in(visit, CY)
        assert visit.path == "/staff/"


def test_without_javascript_the_page_says_so(browser: Browser, origin: str) -> None:
    with visiting(browser, origin, javascript=False) as visit:
        visit.open("/staff/sign-in")
        assert not visit.tab.get_by_role("button", name="passkey").is_visible()
        assert visit.tab.get_by_text("Your browser doesn’t support passkeys").is_visible()
        sign_in(visit, DI)
        assert visit.path == "/staff/"
