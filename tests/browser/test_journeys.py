"""The whole way, from the start page to the PDF, as people really go it."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser

from tests.support import staff_client
from tests.support.apps import deliver, make_app, real_renderer
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit, serving, visiting
from tests.support.keyboard_and_touch import fill_by_tapping, fill_with_keys, tab_to, tap
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT, CORNER_SHOP, AnswerValue
from tests.support.results import hand_in

MOST_PAGES = 30
SEND = "main form button[type=submit]"
WRONG = "main :is(.error, .error-summary)"


class LateApp:
    """Makes its app once the address is known, and keeps it for the test to look into."""

    app: Flask

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, address: str) -> Flask:
        self.app = make_app(self.folder, base_url=address)
        return self.app


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


def test_a_phone_without_javascript_gets_to_the_pdf(browser: Browser, tmp_path: Path) -> None:
    site = LateApp(tmp_path)
    with (
        serving(site) as origin,
        visiting(browser, origin, javascript=False, width=PHONE_WIDTH, touch=True) as visit,
    ):
        visit.open("/?utm_source=newsletter")
        tap_on(visit, SEND)
        for _ in range(MOST_PAGES):
            if visit.path.endswith("/review"):
                break
            fill_by_tapping(visit.tab, CORNER_SHOP.answers)
            tap_on(visit, SEND)
        tap_on(visit, SEND)
        assert "Good Legs, Loose Grip" in text(visit)

        tap_on(visit, "a[href$='/report.pdf']")
        assert visit.path.endswith("/contact"), "the PDF asks who it is for"
        fill_by_tapping(visit.tab, CONTACT)
        tap_on(visit, SEND)
        assert "Thank you, Dana Okafor" in text(visit)

        assert deliver(site.app, real_renderer().render) > 0
        link = visit.tab.locator("a[href$='/report.pdf']").first
        report = visit.tab.request.get(origin + (link.get_attribute("href") or ""))
        assert report.headers["content-type"] == "application/pdf"
        assert report.body().startswith(b"%PDF-")


def test_back_to_a_form_that_was_mended_shows_it_with_what_was_wrong(
    browser: Browser, tmp_path: Path
) -> None:
    """And never asks to send the form again."""
    site = LateApp(tmp_path)
    with (
        serving(site) as origin,
        visiting(browser, origin, javascript=False, width=PHONE_WIDTH, touch=True) as visit,
    ):

        def mend(answers: Mapping[str, AnswerValue], send: str = SEND) -> None:
            tap_on(visit, send)
            shown = visit.tab.locator(WRONG).count()
            assert shown
            fill_by_tapping(visit.tab, answers)
            tap_on(visit, send)
            assert visit.tab.locator(WRONG).count() == 0
            visit.tab.go_back()
            assert visit.tab.locator(WRONG).count() == shown

        visit.open("/")
        tap_on(visit, SEND)
        tap_on(visit, SEND)
        mend({"marketing_by": "me", "selling_by": "me"})
        visit.open(f"{hand_in(site.app)}/contact")
        mend(CONTACT)
        staff_client.make_user(site.app)
        visit.open("/staff/sign-in")
        signing_in = {"email": staff_client.EMAIL, "password": staff_client.PASSWORD}
        mend(signing_in, "form:has([name=password]) button")
        visit.open("/staff/leads/1?open=notes")
        mend({"text": "Called."}, "#notes form[action$='/notes'] button")


def first_slot(visit: Visit) -> str:
    """The first time that is free for a consult."""
    return visit.tab.locator("[name=slot]").first.get_attribute("value") or ""


def test_a_phone_without_javascript_books_a_consult_with_two_taps_and_one_form(
    browser: Browser, tmp_path: Path
) -> None:
    site = LateApp(tmp_path)
    with (
        serving(site) as origin,
        visiting(browser, origin, javascript=False, width=PHONE_WIDTH, touch=True) as visit,
    ):
        visit.open(hand_in(site.app))
        tap_on(visit, "a[href$='/book']")
        fill_by_tapping(visit.tab, {**CONTACT, "slot": first_slot(visit)})
        tap_on(visit, SEND)
        assert "Your consult is booked" in text(visit)


def test_times_are_shown_in_the_zone_of_the_browser(browser: Browser, tmp_path: Path) -> None:
    site = LateApp(tmp_path)
    with serving(site) as origin:
        context = browser.new_context(timezone_id="Asia/Kathmandu")
        tab = context.new_page()
        tab.goto(f"{origin}{hand_in(site.app)}/book")
        tab.get_by_text("Times are in Kathmandu time.").wait_for()
        # Whoever chose a zone keeps it.
        tab.get_by_text("Show another time zone").click()
        tab.select_option("[name=zone]", "America/Denver")
        tab.get_by_text("Show times").click()
        tab.get_by_text("Times are in Denver time.").wait_for()
        context.close()


def test_keys_alone_get_to_the_result_and_the_staff_to_the_lead(
    browser: Browser, tmp_path: Path
) -> None:
    site = LateApp(tmp_path)
    with serving(site) as origin, visiting(browser, origin, width=DESK_WIDTH) as visit:
        visit.open("/")
        press_enter_on(visit, SEND)
        for _ in range(MOST_PAGES):
            if visit.path.endswith("/review"):
                break
            fill_with_keys(visit, BATON_ON_THE_FLOOR.answers)
            press_enter_on(visit, SEND)
        press_enter_on(visit, SEND)
        assert "Baton on the Floor" in text(visit)
        press_enter_on(visit, "a[href$='/book']")
        fill_with_keys(visit, {**CONTACT, "slot": first_slot(visit)})
        press_enter_on(visit, "main form[action$='/book'] [type=submit]")
        assert "Your consult is booked" in text(visit)

        staff_client.make_user(site.app)
        visit.open("/staff/leads")
        fill_with_keys(visit, {"email": staff_client.EMAIL, "password": staff_client.PASSWORD})
        press_enter_on(visit, "main form button")
        press_enter_on(visit, "main a[href*='/leads/']")
        assert "Okafor Roofing" in text(visit)
