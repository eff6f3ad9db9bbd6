"""The check in a page of another site, as its visitors have it."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Frame, Route

from consult.storage.tables.submission_tables import DraftRow
from tests.support.agency_site import HEADER, Embedded
from tests.support.apps import services_of
from tests.support.axe import find_violations
from tests.support.browser import Visit, visiting
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.keyboard_and_touch import fill_at_once, fill_by_tapping
from tests.support.owner_journey import Journey
from tests.support.patience import wait_until
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT, AnswerValue

Fill = Callable[[Frame, Mapping[str, AnswerValue]], None]

SEND = "main form button[type=submit]"
PHONE, DESK = (375, 740), (1100, 800)
LOWEST_TOP = 120
TAPPED = 5
"""Pages that are filled in by tapping: with choices, cards and ticks."""
LARGEST_SHIFT = 0.05
FRAME = "document.querySelector('relay-check').shadowRoot.querySelector('iframe')"
BOX = f"(({{top, height}}) => [top, height, innerHeight])({FRAME}.getBoundingClientRect())"
OWN_HEIGHT = "document.documentElement.getBoundingClientRect().height"
SMALL_TEXT = """[...document.querySelectorAll('input:not([type=radio]), select, textarea')]
  .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16).length"""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
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


def test_the_whole_way_in_a_page_of_another_site(browser: Browser, embedded: Embedded) -> None:
    with started_check(browser, embedded, PHONE) as (visit, frame):
        faults = find_violations(frame, set())
        send(frame)
        seen = []
        while "/result/" not in frame.url:
            seen.append(frame.url)
            starts_at_the_top(visit, frame)
            # Tapping is much work; where there is no frame, each page is filled in by it.
            fill = fill_by_tapping if len(seen) <= TAPPED else fill_at_once
            fill(frame, BATON_ON_THE_FLOOR.answers)
            send(frame)
        assert len(seen) >= 15
        faults += leave_a_contact(visit, frame, fill_by_tapping)
        assert faults == []
        assert_site_was_told(visit, embedded)


def test_a_page_of_each_kind_in_a_page_of_another_site_on_a_desk(
    browser: Browser, embedded: Embedded
) -> None:
    """How wide each page is, `tests/browser/pages` measures; the next ones come as the first do."""
    with started_check(browser, embedded, DESK) as (visit, frame):
        send(frame)
        for _ in range(2):
            starts_at_the_top(visit, frame)
            fill_at_once(frame, BATON_ON_THE_FLOOR.answers)
            send(frame)
        starts_at_the_top(visit, frame)
        check = frame.url.rsplit("/", 1)[0]
        journey = Journey(PageClient(embedded.app), BATON_ON_THE_FLOOR.answers)
        journey.go(urlsplit(frame.url).path.removeprefix("/embed"))
        journey.skip_to("review")
        frame.goto(f"{check}/review")
        starts_at_the_top(visit, frame)
        send(frame)
        leave_a_contact(visit, frame, fill_at_once)
        assert_site_was_told(visit, embedded)


def test_keys_pass_through_and_links_to_a_place_lead_there(
    browser: Browser, embedded: Embedded
) -> None:
    with visiting(
        browser, embedded.agency, width=PHONE[0], height=PHONE[1], also=[embedded.check]
    ) as visit:
        visit.open("/?attributes=label=Check")
        frame = the_frame(visit, embedded.check)
        stops = []
        visit.tab.locator("nav a").last.focus()
        for _ in range(3):
            visit.tab.keyboard.press("Tab")
            inside = visit.tab.evaluate("document.activeElement.tagName") == "RELAY-CHECK"
            place = frame if inside else visit.tab.main_frame
            stops.append(_focused(place, "textContent.trim()"))
        assert stops == ["Start the check", "Open in a full page", "Privacy"]

        send(frame)
        settle(visit, frame)
        send(frame)  # without an answer, which the first page takes
        send(frame)
        assert _focused(frame, "className") == "error-summary"
        settle(visit, frame)
        problem = frame.locator(".error-summary a").last
        there = (problem.get_attribute("href") or "")[1:]
        visit.tab.evaluate("scrollTo(0, document.body.scrollHeight)")
        problem.click()
        wait_until(lambda: abs(_top_of(visit, frame, there) - HEADER) < 2, f"{there} at the top")


def _focused(place: Frame, what: str) -> str:
    """Something of the element that has the focus, once it got into a frame's own process."""
    wait_until(lambda: place.evaluate("document.activeElement !== document.body"), "the focus")
    return str(place.evaluate(f"document.activeElement.{what}"))


def _top_of(visit: Visit, frame: Frame, id: str) -> float:
    inside = frame.evaluate("id => document.getElementById(id).getBoundingClientRect().top", id)
    return float(visit.tab.evaluate(BOX)[0]) + float(inside)


def test_two_on_one_page_that_comes_and_goes_and_believes_nobody_else(
    browser: Browser, embedded: Embedded
) -> None:
    with visiting(browser, embedded.agency, width=DESK[0], also=[embedded.check]) as visit:
        visit.open("/twice")
        visit.tab.wait_for_function("window.heard.length === 2")
        inside = "shadowRoot.querySelector('iframe')"
        titles = f"[...document.querySelectorAll('relay-check')].map(one => one.{inside}.title)"
        assert visit.tab.evaluate(titles) == ["Relay Check", "Another"]
        first, second = visit.tab.frames[1:]
        assert second.evaluate("innerWidth") == first.evaluate("innerWidth") > 700
        visit.look(DESK[0], "dark")
        ground = "getComputedStyle(document.body).backgroundColor"
        assert first.evaluate(ground) == "rgb(251, 249, 244)", "as light as the page around it"
        assert second.evaluate(ground) == "rgba(0, 0, 0, 0)"
        assert second.evaluate("getComputedStyle(document.body).color") == "rgb(241, 236, 225)"
        send(second)
        visit.tab.wait_for_function("window.heard.length === 3")
        assert visit.tab.evaluate("window.heard[2].slice(0, 2)") == ["started", "two"]

        # As a page does that swaps its parts by script: the check starts again.
        visit.tab.evaluate("window.kept = document.getElementById('one'), kept.remove()")
        visit.tab.evaluate("document.querySelector('main').append(kept)")
        visit.tab.wait_for_function("window.heard.length === 4")
        assert visit.tab.evaluate("window.heard[3].slice(0, 2)") == ["ready", "one"]

        high = f"parseFloat(document.getElementById('two').{inside}.style.height)"
        height = visit.tab.evaluate(high)
        for said in ({"height": 9}, {"v": 2, "height": 9}, {"height": "<b>"}, None, "height", 7):
            message = said if not isinstance(said, dict) else _message(**said)
            visit.tab.evaluate("said => postMessage(said, '*')", message)
        second.evaluate("said => parent.postMessage(said, '*')", None)
        for reached in (7, {"a": 1}, ["<b>", "constructor", None]):
            wrong = _message(type="page", reached=reached, height=-1)
            second.evaluate("said => parent.postMessage(said, '*')", wrong)
        assert visit.tab.evaluate(high) == height
        second.evaluate("said => parent.postMessage(said, '*')", _message(height=1e9))
        visit.tab.wait_for_function(f"{high} === 20000")
        assert len(visit.tab.evaluate("window.heard")) == 4


def _message(**more: object) -> dict[str, object]:
    return {"source": "relay-check", "v": 1, "type": "height", **more}


def test_the_link_stays_where_the_check_cannot_be_shown(
    browser: Browser, embedded: Embedded
) -> None:
    with visiting(browser, embedded.stranger, also=[embedded.check]) as visit:
        visit.tab.clock.install()
        visit.open("/")
        visit.tab.wait_for_function(f"{FRAME} !== null")
        link = visit.tab.get_by_role("link", name="Start the check")
        assert link.is_visible()
        visit.tab.clock.fast_forward(8001)
        assert visit.tab.evaluate(f"{FRAME} === null")
        assert link.is_visible()
        assert visit.tab.evaluate("document.querySelector('relay-check').offsetHeight") < 60
        assert any("frame-ancestors" in fault for fault in visit.take_faults())
        visit.open("/without-script")
        assert link.is_visible()
        visit.tab.add_init_script("Element.prototype.attachShadow = () => { throw Error('no') }")
        visit.open("/")
        visit.tab.wait_for_function("Boolean(customElements.get('relay-check'))")
        assert link.is_visible()
        assert visit.take_faults() == []
    with visiting(browser, embedded.agency, also=[embedded.check], javascript=False) as visit:
        visit.open("/")
        assert visit.tab.get_by_role("link", name="Start the check").is_visible()


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
