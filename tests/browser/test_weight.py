"""What a page costs a phone on a slow line: measured on the wire, headers and fonts included."""

import pytest
from playwright.sync_api import Browser

from benchmarks.journey import MOST, OWNERS, WINDOW, effort
from tests.browser.site import Site
from tests.support.browser import PHONE_WIDTH, Visit, visiting, weighing
from tests.support.client import PageClient
from tests.support.owner_journey import Journey

FIRST_KB = 60
NEXT_KB = 15


def kilobytes_of(visit: Visit, path: str) -> float:
    """What one visit to a path brings over the wire."""
    with weighing(visit) as weights:
        visit.open(path)
    return sum(weights) / 1000


@pytest.mark.parametrize("page", ["start", "question", "result", "contact"])
def test_a_first_page_is_light_and_the_next_one_lighter(
    browser: Browser, site: Site, page: str
) -> None:
    path, following = {
        "start": ("/", f"{site.empty_check}/who"),
        "question": (f"{site.full_check}/first-touch", f"{site.full_check}/keep-going"),
        "result": (site.anonymous_result, f"{site.anonymous_result}/contact"),
        "contact": (f"{site.anonymous_result}/contact", site.anonymous_result),
    }[page]
    with visiting(browser, site.origin, width=PHONE_WIDTH) as visit:
        first = kilobytes_of(visit, path)
        then = kilobytes_of(visit, following)
    assert 5 < first < FIRST_KB, f"{path} takes {first:.1f} kB"
    assert 1 < then < NEXT_KB, f"{following} takes {then:.1f} kB after {path}"


@pytest.mark.parametrize("owner", ["sole plumber", "shop"])
def test_a_phone_shows_the_quick_check_in_few_screens(
    browser: Browser, site: Site, owner: str
) -> None:
    with visiting(browser, site.origin) as visit:
        visit.tab.set_viewport_size(WINDOW)
        journey = Journey(PageClient(site.app), OWNERS[owner].answers)
        made = effort(journey, visit.tab, site.origin)
    assert made.screens <= MOST["quick"].screens
    assert made.review <= MOST["quick"].review
