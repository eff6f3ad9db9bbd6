"""The whole way by keys alone, and what JavaScript adds to it."""

from playwright.sync_api import Browser

from tests.support import staff_client
from tests.support.apps import services_of
from tests.support.browser import DESK_WIDTH, Served, Visit, visiting
from tests.support.keyboard_and_touch import SEND, fill_with_keys, tab_to
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT
from tests.support.results import submit_check
from tests.support.submissions import lead_of

MOST_PAGES = 30


def press_enter_on(visit: Visit, selector: str) -> None:
    """Go to something by Tab and press Enter on it."""
    tab_to(visit.tab, selector)
    visit.leave(lambda: visit.tab.keyboard.press("Enter"))


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
        assert "Baton on the Floor" in visit.text
        lead = lead_of(services_of(served.app).database, visit.path.removeprefix("/result/"))
        press_enter_on(visit, "a[href$='/book']")
        slot = visit.tab.locator("[name=slot]").first.get_attribute("value")
        fill_with_keys(visit, {**CONTACT, "slot": slot or ""})
        press_enter_on(visit, "main form[action$='/book'] [type=submit]")
        assert "Your consult is booked" in visit.text

        visit.open("/staff/leads")
        fill_with_keys(visit, {"email": staff_client.EMAIL, "password": staff_client.PASSWORD})
        press_enter_on(visit, "main form button")
        press_enter_on(visit, f"main a[href*='/leads/{lead.id}']")
        assert "Okafor Roofing" in visit.text
