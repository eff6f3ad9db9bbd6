"""The frame that shows the check in a page of another site, and what may be seen there."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, Frame, Route

from consult.storage.tables.submission_tables import DraftRow
from tests.support.agency_site import HEADER, Embedded
from tests.support.apps import services_of
from tests.support.axe import find_violations
from tests.support.browser import Visit, visiting
from tests.support.databases import rows
from tests.support.keyboard_and_touch import SEND, fill_by_tapping
from tests.support.patience import wait_until
from tests.support.personas import CONTACT, AnswerValue

Fill = Callable[[Frame, Mapping[str, AnswerValue]], None]

LOWEST_TOP = 120
LARGEST_SHIFT = 0.05
FRAME = "document.querySelector('relay-check').shadowRoot.querySelector('iframe')"
BOX = f"(({{top, height}}) => [top, height, innerHeight])({FRAME}.getBoundingClientRect())"
OWN_HEIGHT = "document.documentElement.getBoundingClientRect().height"
SMALL_TEXT = """[...document.querySelectorAll('input:not([type=radio]), select, textarea')]
  .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16).length"""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
STYLED = "getComputedStyle(document.documentElement).getPropertyValue('--touch') !== ''"
SHIFT = "window.shifts.reduce((sum, one) => sum + one, 0)"


def the_frame(visit: Visit, check: str) -> Frame:
    """The frame with the check, once it has said that it works."""
    visit.tab.wait_for_function("window.heard.some(([name]) => name === 'ready')")
    return next(frame for frame in visit.tab.frames if frame.url.startswith(f"{check}/embed/"))


def come_late(route: Route) -> None:
    """When the page around is painted already."""
    time.sleep(0.3)
    route.continue_()


def send(frame: Frame, selector: str = SEND) -> None:
    """Press what leads to another page in the frame."""
    with frame.expect_navigation():
        frame.locator(selector).last.click()


def settle(visit: Visit, frame: Frame) -> float:
    """Wait until the frame is as high as its page, or fills the screen; return where its top is."""

    def fits() -> bool:
        _, height, screen = visit.tab.evaluate(BOX)
        return bool(height == max(math.ceil(frame.evaluate(OWN_HEIGHT)), screen))

    wait_until(fits, f"the frame with {frame.url} as high as its page")
    return float(visit.tab.evaluate(BOX)[0])


@contextmanager
def started_check(
    browser: Browser, embedded: Embedded, size: tuple[int, int]
) -> Iterator[tuple[Visit, Frame]]:
    """A window on the page with the check in a frame; nothing of the page may have moved since."""
    (width, height), also = size, [embedded.check]
    with visiting(
        browser, embedded.agency, width=width, height=height, touch=True, also=also
    ) as visit:
        before = "window.before = Object.keys(window)"
        visit.tab.route("**/embed.js", come_late, times=1)
        visit.tab.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {before} }})")
        visit.open("/?utm_source=fair&mail=ann@b.example&attributes=id=check data-layer=layer")
        frame = the_frame(visit, embedded.check)
        assert visit.tab.get_by_text("Start the check").first.is_hidden()
        yield visit, frame
        assert visit.tab.evaluate(SHIFT) < LARGEST_SHIFT


def starts_at_the_top(visit: Visit, frame: Frame) -> None:
    """And is shown whole."""
    top = settle(visit, frame)
    assert HEADER - 1 <= top <= LOWEST_TOP, f"{frame.url} begins at {top}"
    assert frame.evaluate(SMALL_TEXT) == 0, f"iOS would zoom into {frame.url}"
    assert visit.overflow() == frame.evaluate(OVERFLOW) == 0


def leave_a_contact(visit: Visit, frame: Frame, fill: Fill) -> list[str]:
    """From the result to the last page; what axe finds on the way, if it's filled in by tapping."""
    assert HEADER - 1 <= settle(visit, frame) <= LOWEST_TOP
    send(frame, "a[href$='/report.pdf']")
    assert frame.url.endswith("/contact"), "the PDF asks who it is for, in the frame"
    faults = find_violations(frame, set()) if fill is fill_by_tapping else []
    settle(visit, frame)
    fill(frame, CONTACT)
    frame.locator("[name=wants_consult]").check()
    send(frame)
    settle(visit, frame)
    assert "Thank you, Dana Okafor" in frame.inner_text("main")
    return faults


def assert_site_was_told(visit: Visit, embedded: Embedded) -> None:
    """What the page around the frame, and the check, got to know, and nothing else."""
    quick = {"depth": "quick"}
    reached = ["started", "finished", "contact", "consult"]
    heard = visit.tab.evaluate("window.heard")
    assert heard == [["ready", "check", {}], *([name, "check", quick] for name in reached)]
    layer = visit.tab.evaluate("window.layer")
    names = [f"relay_check_{name}" for name in reached]
    names.insert(3, "generate_lead")
    assert layer == [{"event": name, "relay_check": quick} for name in names]
    added = set(visit.tab.evaluate("Object.keys(window)"))
    assert added - set(visit.tab.evaluate("window.before")) <= {"layer", "before"}
    assert visit.tab.context.cookies() == []
    newest = rows(services_of(embedded.app).database, DraftRow)[-1]
    assert newest.source == {"utm_source": "fair", "referrer": "localhost/"}
