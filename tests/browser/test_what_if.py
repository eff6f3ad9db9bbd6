"""What another answer would change: at once with JavaScript, by the button without it."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.support.browser import PHONE_WIDTH, Visit, visiting
from tests.support.keyboard_and_touch import tab_to

SCRIPT = Path(__file__).parents[2] / "static/js/what-if.js"
MOST_BYTES = 3000


def scores(visit: Visit) -> str:
    """What the owner reads about both scores."""
    return " ".join(visit.tab.locator("#moves").inner_text().split())


def test_the_scores_follow_at_once_and_the_picked_answer_stays_in_view(
    browser: Browser, site: Site
) -> None:
    with visiting(browser, site.origin, width=PHONE_WIDTH) as visit:
        visit.open(f"{site.result}/what-if")
        before = scores(visit)
        visit.tab.evaluate("window.stays = true")
        picked = visit.tab.locator("#follow_up")
        picked.scroll_into_view_if_needed()
        place = picked.bounding_box()
        picked.select_option("3")
        visit.tab.locator("#changes", has_text="One answer changed").wait_for()
        assert scores(visit) != before
        assert visit.tab.evaluate("window.stays"), "the page was left"
        assert visit.path.endswith("?follow_up=3"), "the address can be kept and passed on"
        after = picked.bounding_box()
        assert place
        assert after
        assert abs(place["y"] - after["y"]) <= 1
        assert visit.tab.locator("#moves").get_attribute("aria-live") == "polite"


def test_keys_without_javascript_show_the_same(browser: Browser, site: Site) -> None:
    with visiting(browser, site.origin) as visit:
        visit.open(f"{site.result}/what-if?follow_up=3")
        expected = scores(visit)
    with visiting(browser, site.origin, javascript=False) as visit:
        visit.open(f"{site.result}/what-if")
        tab_to(visit.tab, "#follow_up")
        visit.tab.keyboard.press("ArrowDown")
        tab_to(visit.tab, "form.what-if button")
        visit.leave(lambda: visit.tab.keyboard.press("Enter"))
        assert scores(visit) == expected


def test_the_script_is_small() -> None:
    assert len(SCRIPT.read_bytes()) < MOST_BYTES
