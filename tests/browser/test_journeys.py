"""The whole way, from the start page to the PDF, as people really go it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.support import staff_client
from tests.support.apps import deliver, make_app, services_of
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit, serving, visiting
from tests.support.keyboard_and_touch import fill_by_tapping, fill_with_keys, tab_to, tap
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT, CORNER_SHOP, AnswerValue
from tests.support.results import submit_check
from tests.support.submissions import lead_of

MOST_PAGES = 30
SEND = "main form button[type=submit]"
WRONG = "main :is(.error, .error-summary)"


@dataclass(frozen=True)
class Served:
    """An app, the address at which it is served, and a phone without JavaScript that is there."""

    app: Flask
    origin: str
    phone: Visit


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    apps: list[Flask] = []

    def make(address: str) -> Flask:
        apps.append(make_app(tmp_path_factory.mktemp("app"), base_url=address))
        staff_client.make_user(apps[0])
        return apps[0]

    with (
        serving(make) as origin,
        visiting(browser, origin, javascript=False, width=PHONE_WIDTH, touch=True) as phone,
    ):
        yield Served(apps[0], origin, phone)


@pytest.fixture
def phone(served: Served) -> Iterator[Visit]:
    """The phone of someone who was never here before."""
    served.phone.tab.context.clear_cookies()
    yield served.phone
    assert served.phone.take_faults() == []


def lead_id_of(served: Served, result: str) -> int:
    """The number under which staff see what was submitted."""
    return lead_of(services_of(served.app).database, result.removeprefix("/result/")).id


def tap_on(visit: Visit, selector: str) -> None:
    """Tap what leads to another page, which has to fit the window."""
    visit.leave(lambda: tap(visit.tab, selector))
    assert visit.overflow() == 0, f"{visit.path} is wider than the phone"


def press_enter_on(visit: Visit, selector: str) -> None:
    """Go to something by Tab and press Enter on it."""
    tab_to(visit.tab, selector)
    visit.leave(lambda: visit.tab.keyboard.press("Enter"))


def text(visit: Visit) -> str:
    """What can be read in the main part of the page in view."""
    return visit.tab.locator("main").inner_text()


def test_a_phone_without_javascript_gets_to_the_pdf(served: Served, phone: Visit) -> None:
    phone.open("/?utm_source=newsletter")
    tap_on(phone, SEND)
    for _ in range(MOST_PAGES):
        if phone.path.endswith("/review"):
            break
        fill_by_tapping(phone.tab, CORNER_SHOP.answers)
        tap_on(phone, SEND)
    tap_on(phone, SEND)
    assert "Good Legs, Loose Grip" in text(phone)

    tap_on(phone, "a[href$='/report.pdf']")
    assert phone.path.endswith("/contact"), "the PDF asks who it is for"
    fill_by_tapping(phone.tab, CONTACT)
    tap_on(phone, SEND)
    assert "Thank you, Dana Okafor" in text(phone)

    assert deliver(served.app) > 0  # which tests/web/test_two_machines.py does with a real PDF
    link = phone.tab.locator("a[href$='/report.pdf']").first
    report = phone.tab.request.get(served.origin + (link.get_attribute("href") or ""))
    assert report.headers["content-type"] == "application/pdf"
    assert report.body().startswith(b"%PDF-")


def test_back_to_a_form_that_was_mended_shows_it_with_what_was_wrong(
    served: Served, phone: Visit
) -> None:
    """And never asks to send the form again."""

    def fix(answers: Mapping[str, AnswerValue], send: str = SEND) -> None:
        tap_on(phone, send)
        shown = phone.tab.locator(WRONG).count()
        assert shown
        fill_by_tapping(phone.tab, answers)
        tap_on(phone, send)
        assert phone.tab.locator(WRONG).count() == 0
        phone.tab.go_back()
        assert phone.tab.locator(WRONG).count() == shown

    phone.open("/")
    tap_on(phone, SEND)
    tap_on(phone, SEND)
    fix({"marketing_by": "me", "selling_by": "me"})
    result = submit_check(served.app)
    phone.open(f"{result}/contact")
    fix(CONTACT)
    phone.open("/staff/sign-in")
    signing_in = {"email": staff_client.EMAIL, "password": staff_client.PASSWORD}
    fix(signing_in, "form:has([name=password]) button")
    phone.open(f"/staff/leads/{lead_id_of(served, result)}?open=notes")
    fix({"text": "Called."}, "#notes form[action$='/notes'] button")


def first_slot(visit: Visit) -> str:
    """The first time that is free for a consult."""
    return visit.tab.locator("[name=slot]").first.get_attribute("value") or ""


def test_a_phone_without_javascript_books_a_consult_with_two_taps_and_one_form(
    served: Served, phone: Visit
) -> None:
    phone.open(submit_check(served.app))
    tap_on(phone, "a[href$='/book']")
    fill_by_tapping(phone.tab, {**CONTACT, "slot": first_slot(phone)})
    tap_on(phone, SEND)
    assert "Your consult is booked" in text(phone)


def test_times_are_shown_in_the_zone_of_the_browser(browser: Browser, served: Served) -> None:
    context = browser.new_context(timezone_id="Asia/Kathmandu")
    tab = context.new_page()
    tab.goto(f"{served.origin}{submit_check(served.app)}/book")
    tab.get_by_text("Times are in Kathmandu time.").wait_for()
    # Whoever chose a zone keeps it.
    tab.get_by_text("Show another time zone").click()
    tab.select_option("[name=zone]", "America/Denver")
    tab.get_by_text("Show times").click()
    tab.get_by_text("Times are in Denver time.").wait_for()
    context.close()


def test_keys_alone_get_to_the_result_and_the_staff_to_the_lead(
    browser: Browser, served: Served
) -> None:
    with visiting(browser, served.origin, width=DESK_WIDTH) as visit:
        visit.open("/")
        press_enter_on(visit, SEND)
        for _ in range(MOST_PAGES):
            if visit.path.endswith("/review"):
                break
            fill_with_keys(visit, BATON_ON_THE_FLOOR.answers)
            press_enter_on(visit, SEND)
        press_enter_on(visit, SEND)
        assert "Baton on the Floor" in text(visit)
        lead_id = lead_id_of(served, visit.path)
        press_enter_on(visit, "a[href$='/book']")
        fill_with_keys(visit, {**CONTACT, "slot": first_slot(visit)})
        press_enter_on(visit, "main form[action$='/book'] [type=submit]")
        assert "Your consult is booked" in text(visit)

        visit.open("/staff/leads")
        fill_with_keys(visit, {"email": staff_client.EMAIL, "password": staff_client.PASSWORD})
        press_enter_on(visit, "main form button")
        press_enter_on(visit, f"main a[href*='/leads/{lead_id}']")
        assert "Okafor Roofing" in text(visit)
