"""The check in a page of another site, in Firefox."""

from collections.abc import Iterator

import pytest

from tests.browser.frame import BOX, FRAME, STYLED
from tests.support.agency_site import HEADER, Embedded
from tests.support.firefox import Firefox, starting_firefox
from tests.support.keyboard_and_touch import FILL, SEND
from tests.support.owner_journey import as_sent
from tests.support.personas import BATON_ON_THE_FLOOR

ANSWER = f"({FILL})(arguments[0]), [...document.querySelectorAll('{SEND}')].at(-1).click()"
NEW_PAGE = "document.readyState === 'complete' && location.href !== arguments[0] && location.href"


@pytest.fixture(scope="module")
def window() -> Iterator[Firefox]:
    with starting_firefox() as connect:
        started = connect()
        started.look(800, 900)
        yield started


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
