"""One browser for each worker of the test run, and a site for it to look at."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import pyotp
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import STAFF, Site, Who, open_site
from tests.support import staff_client
from tests.support.agency_site import Embedded, embedded_check
from tests.support.browser import (
    DESK_WIDTH,
    PHONE_WIDTH,
    Served,
    Visit,
    launch,
    serving_app,
    visiting,
)
from tests.support.keyboard_and_touch import sign_in
from tests.support.second_factors import SECRET


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
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with nobody but someone of the staff yet. Go your own ways there."""
    with serving_app(tmp_path_factory.mktemp("served")) as served:
        staff_client.make_user(served.app)
        yield served


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A check in the pages of another site. Start checks of your own."""
    # So few bits are found at once.
    with embedded_check(tmp_path_factory.mktemp("embedded"), spam_proof_bits=6) as made:
        yield made


@pytest.fixture(scope="session")
def windows(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Opens each window when it is first wanted: of an owner or of the staff, with scripts or not.

    Tests share them, as each opens a page of its own. None leaves a trace that another would see.
    """
    with ExitStack() as stack:

        @cache
        def opened(who: Who = "owner", *, javascript: bool = True) -> Visit:
            made = visiting(browser, site.origin, javascript=javascript)
            visit = stack.enter_context(made)
            if who != "owner":
                sign_in(visit, STAFF[who])
            if who == "careful":
                visit.tab.fill("[name=code]", pyotp.TOTP(SECRET).now())
                visit.leave(visit.tab.locator("form:has([name=code]) button").click)
            return visit

        yield opened


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Visit]:
    """The phone of someone who was never here before, without JavaScript."""
    with visiting(browser, served.origin, javascript=False, touch=True) as phone:
        yield phone


@contextmanager
def shared(visit: Visit, width: int) -> Iterator[Visit]:
    visit.look(width)
    yield visit
    assert visit.take_faults() == []


@pytest.fixture
def visit(windows: Callable[..., Visit]) -> Iterator[Visit]:
    """Someone of the staff at a desk."""
    with shared(windows("staff"), DESK_WIDTH) as visit:
        yield visit


@pytest.fixture
def admin(windows: Callable[..., Visit]) -> Iterator[Visit]:
    """An admin there."""
    with shared(windows("admin"), DESK_WIDTH) as visit:
        yield visit


@pytest.fixture
def plain(windows: Callable[..., Visit]) -> Iterator[Visit]:
    """Someone of the staff without JavaScript."""
    with shared(windows("staff", javascript=False), DESK_WIDTH) as visit:
        yield visit


@pytest.fixture
def owner(windows: Callable[..., Visit]) -> Iterator[Visit]:
    """An owner with a phone."""
    with shared(windows(), PHONE_WIDTH) as visit:
        yield visit


@pytest.fixture
def plain_owner(windows: Callable[..., Visit]) -> Iterator[Visit]:
    """The same without JavaScript."""
    with shared(windows(javascript=False), PHONE_WIDTH) as visit:
        yield visit
