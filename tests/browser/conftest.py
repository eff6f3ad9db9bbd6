"""One browser for each worker of the test run, and a site for it to look at."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import Site, open_site
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit, launch, visiting
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


@pytest.fixture(scope="session")
def window(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Opens each window when it is first wanted: of an owner or of the staff, with scripts or not.

    Tests share them, as each opens a page of its own. None leaves a trace that another would see.
    """
    with ExitStack() as stack:

        @cache
        def opened(*, staff: bool, javascript: bool) -> Visit:
            made = visiting(browser, site.origin, javascript=javascript)
            visit = stack.enter_context(made)
            if staff:
                sign_in(visit)
            return visit

        yield opened


@contextmanager
def shared(visit: Visit, width: int) -> Iterator[Visit]:
    visit.look(width)
    yield visit
    assert visit.take_faults() == []


@pytest.fixture
def visit(window: Callable[..., Visit]) -> Iterator[Visit]:
    """Somebody of the staff at a desk."""
    with shared(window(staff=True, javascript=True), DESK_WIDTH) as visit:
        yield visit


@pytest.fixture
def plain(window: Callable[..., Visit]) -> Iterator[Visit]:
    """The same without JavaScript."""
    with shared(window(staff=True, javascript=False), DESK_WIDTH) as visit:
        yield visit


@pytest.fixture
def owner(window: Callable[..., Visit]) -> Iterator[Visit]:
    """An owner with a phone."""
    with shared(window(staff=False, javascript=True), PHONE_WIDTH) as visit:
        yield visit


@pytest.fixture
def plain_owner(window: Callable[..., Visit]) -> Iterator[Visit]:
    """The same without JavaScript."""
    with shared(window(staff=False, javascript=False), PHONE_WIDTH) as visit:
        yield visit
