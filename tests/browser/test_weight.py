"""What a page costs a phone on a slow line: measured on the wire, headers and fonts included."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from benchmarks.journey import MOST, OWNERS, WINDOW, effort
from tests.browser.site import Site
from tests.support.browser import Visit, visiting, weighing
from tests.support.client import PageClient
from tests.support.owner_journey import Journey

FIRST_KB = 60
NEXT_KB = 15


def kilobytes(visits: Sequence[Visit], paths: Sequence[str]) -> list[float]:
    """What a visit to a path brings over the wire, each in its own window."""
    with ExitStack() as scales:
        weights = [scales.enter_context(weighing(visit)) for visit in visits]
        for visit, path in zip(visits, paths, strict=True):
            visit.open(path)
    return [sum(weight) / 1000 for weight in weights]


def test_a_first_page_is_light_and_the_next_one_lighter(browser: Browser, site: Site) -> None:
    contact = f"{site.anonymous_result}/contact"
    first, following = zip(
        ("/", f"{site.empty_check}/who"),
        (f"{site.full_check}/first-touch", f"{site.full_check}/keep-going"),
        (site.anonymous_result, contact),
        (contact, site.anonymous_result),
        strict=True,
    )
    with ExitStack() as windows:
        visits = [windows.enter_context(visiting(browser, site.origin)) for _ in first]
        for path, weight in zip(first, kilobytes(visits, first), strict=True):
            assert 5 < weight < FIRST_KB, f"{path} takes {weight:.1f} kB"
        for path, weight in zip(following, kilobytes(visits, following), strict=True):
            assert 1 < weight < NEXT_KB, f"{path} takes {weight:.1f} kB as the next page"


@pytest.mark.parametrize("name", ["sole plumber", "shop"])
def test_a_phone_shows_the_quick_check_in_few_screens(site: Site, owner: Visit, name: str) -> None:
    owner.look(WINDOW["width"], height=WINDOW["height"])
    journey = Journey(PageClient(site.app), OWNERS[name].answers)
    made = effort(journey, owner.tab, site.origin)
    assert made.screens <= MOST["quick"].screens
    assert made.review <= MOST["quick"].review
