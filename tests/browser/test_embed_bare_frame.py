"""The check in a frame without our script, or in one whose pages have no origin."""

from playwright.sync_api import Browser

from tests.browser.frame import STYLED, send
from tests.support.agency_site import Embedded
from tests.support.browser import visiting
from tests.support.keyboard_and_touch import fill_by_tapping
from tests.support.patience import wait_until
from tests.support.personas import BATON_ON_THE_FLOOR


def test_a_bare_frame_works_without_javascript_and_in_a_box(
    browser: Browser, embedded: Embedded
) -> None:
    with visiting(
        browser, embedded.agency, javascript=False, touch=True, also=[embedded.check]
    ) as visit:
        visit.open("/box?inside=/bare")
        wait_until(lambda: len(visit.tab.frames) == 3, "a frame in a frame")
        frame = visit.tab.frames[2]
        for _ in range(3):
            fill_by_tapping(frame, BATON_ON_THE_FLOOR.answers)
            send(frame)
            assert frame.url.startswith(f"{embedded.check}/embed/check/")
            assert frame.locator("header, .masthead").count() == 0
        line = "By Marketing Maven · Open in a full page"
        assert frame.locator(".colophon").inner_text() == line
        with visit.tab.context.expect_page() as opened:
            frame.get_by_text("Open in a full page").click()
        opened.value.wait_for_load_state()
        assert opened.value.url == frame.url.replace("/embed/", "/")
        assert opened.value.locator(".masthead").count() == 1
    with visiting(browser, embedded.agency, also=[embedded.check]) as visit:
        visit.open("/box")
        wait_until(lambda: len(visit.tab.frames) == 3, "the element's frame in a box")
        assert visit.tab.frames[2].url.endswith("%2Fbox"), "the page is the one around the box"


def test_chromium_lets_a_page_without_an_origin_go_on(browser: Browser, embedded: Embedded) -> None:
    with visiting(browser, embedded.agency, touch=True, also=[embedded.check]) as visit:
        visit.open("/sandboxed")
        wait_until(lambda: len(visit.tab.frames) == 2, "the frame")
        frame = visit.tab.frames[1]
        for _ in range(3):
            fill_by_tapping(frame, BATON_ON_THE_FLOOR.answers)
            send(frame)
            assert frame.url.startswith(f"{embedded.check}/embed/check/")
            assert frame.evaluate("self.origin") == "null"
            assert frame.evaluate(STYLED)
        with visit.tab.context.expect_page() as opened:
            frame.get_by_text("Open in a full page").click()
        opened.value.wait_for_load_state()
        assert opened.value.locator(".masthead").count() == 1
        # Browsers ask for fonts as for data, which no other origin gets: letters are the system's.
        faults = [fault for fault in visit.take_faults() if "/static/fonts/" not in fault]
        assert set(faults) <= {f"{visit.path}: Failed to load resource: net::ERR_FAILED"}
