"""The check in a page of another site: what it gets to know of that page, and in Firefox."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from consult.storage.tables.submission_tables import DraftRow
from tests.browser.frame import BOX, FRAME, SEND, STYLED
from tests.support.agency_site import HEADER, Embedded
from tests.support.apps import services_of
from tests.support.browser import visiting
from tests.support.databases import rows
from tests.support.firefox import Firefox, starting_firefox
from tests.support.keyboard_and_touch import FILL
from tests.support.owner_journey import as_sent
from tests.support.patience import wait_until
from tests.support.personas import BATON_ON_THE_FLOOR

ANSWER = f"({FILL})(arguments[0]), [...document.querySelectorAll('{SEND}')].at(-1).click()"
NEW_PAGE = "document.readyState === 'complete' && location.href !== arguments[0] && location.href"


@pytest.fixture(scope="module", autouse=True)
def starting() -> Iterator[Callable[[], Firefox]]:
    """Firefox starts while Chromium is looked at."""
    with starting_firefox() as connect:
        yield connect


@pytest.fixture(scope="module")
def window(starting: Callable[[], Firefox]) -> Firefox:
    started = starting()
    started.look(800, 900)
    return started


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/?utm_source=fair&attributes=no-source", {}),
        # As Wix shows pasted code: in a box of another site, which knows the site around it only.
        ("/box?inside={box}/?utm_source=box", {"utm_source": "box", "referrer": "localhost"}),
    ],
    ids=["without", "boxed"],
)
def test_of_the_page_around_it_is_kept_what_is_known_and_allowed(
    browser: Browser, embedded: Embedded, path: str, kept: dict[str, str]
) -> None:
    with visiting(browser, embedded.agency, also=[embedded.box, embedded.check]) as visit:
        visit.open(path.format(box=embedded.box))
        start = f"{embedded.check}/embed/?"
        frame = wait_until(
            lambda: next((one for one in visit.tab.frames if one.url.startswith(start)), None),
            "the frame with the check",
        )
        with frame.expect_navigation():
            frame.locator("main form button").click()
    assert rows(services_of(embedded.app).database, DraftRow)[-1].source == kept


def answer(window: Firefox) -> str:
    """Answer the page in the frame, and go on; the address of the next."""
    given = {name: as_sent(value) for name, value in BATON_ON_THE_FLOOR.answers.items()}
    sent = {name: [one] if isinstance(one, str) else one for name, one in given.items() if one}
    here = window.run("location.href")
    window.run(ANSWER, sent)
    return str(window.wait(NEW_PAGE, here))


def test_firefox_shows_the_whole_way(window: Firefox, embedded: Embedded) -> None:
    window.open(f"{embedded.agency}/?utm_source=fair&attributes=id=check")
    window.wait("window.heard.some(([name]) => name === 'ready')")
    first = window.run(BOX)[1]
    address, heights = "", set()
    while "/result/" not in address:
        window.enter(FRAME)
        address = answer(window)
        assert window.cookies() == []
        assert window.run("localStorage.length + sessionStorage.length") == 0
        high = window.run("Math.ceil(document.documentElement.getBoundingClientRect().height)")
        window.leave()
        window.wait(f"{FRAME}.getBoundingClientRect().height >= arguments[0]", high)
        top, height, _ = window.run(BOX)
        assert HEADER - 1 <= top <= 120, f"{address} begins at {top}"
        heights.add(height)
    assert max(heights) > 2 * first
    reached = [name for name, *_ in window.run("window.heard")]
    assert reached == ["ready", "started", "finished"]
    assert window.cookies() == []


def test_firefox_lets_a_page_without_an_origin_go_on(window: Firefox, embedded: Embedded) -> None:
    window.open(f"{embedded.agency}/sandboxed")
    window.enter("document.querySelector('iframe')")
    for _ in range(3):
        assert answer(window).startswith(f"{embedded.check}/embed/check/")
        assert window.run("self.origin") == "null"
        assert window.run(STYLED)
