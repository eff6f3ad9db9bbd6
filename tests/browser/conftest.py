"""One browser for each worker of the test run, and a site for it to look at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import Site, open_site
from tests.support.browser import DESK_WIDTH, Visit, launch, visiting
from tests.support.keyboard_and_touch import sign_in


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, started once."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with something on every page. Look at it, but change nothing."""
    with open_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture(scope="module")
def windows(browser: Browser, site: Site) -> Iterator[list[Visit]]:
    """Two windows at a desk with somebody of the staff signed in, the second without JavaScript."""
    with (
        visiting(browser, site.origin, width=DESK_WIDTH, height=800) as first,
        visiting(browser, site.origin, javascript=False, width=DESK_WIDTH, height=800) as second,
    ):
        sign_in(first)
        sign_in(second)
        yield [first, second]


@pytest.fixture
def visit(windows: list[Visit]) -> Iterator[Visit]:
    """A window of the staff, which the tests of a file share: each opens a page of its own."""
    windows[0].look(DESK_WIDTH)
    yield windows[0]
    assert windows[0].take_faults() == []


@pytest.fixture
def plain(windows: list[Visit]) -> Iterator[Visit]:
    """The same without JavaScript."""
    windows[1].look(DESK_WIDTH)
    yield windows[1]
    assert windows[1].take_faults() == []
