"""The check in a page of another site, as its visitors have it."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser, Frame

from tests.browser.frame import (
    BOX,
    FRAME,
    assert_site_was_told,
    leave_a_contact,
    send,
    settle,
    started_check,
    starts_at_the_top,
    the_frame,
)
from tests.support.agency_site import HEADER, Embedded
from tests.support.browser import Visit, visiting
from tests.support.client import PageClient
from tests.support.keyboard_and_touch import fill_at_once
from tests.support.owner_journey import Journey
from tests.support.patience import wait_until
from tests.support.personas import BATON_ON_THE_FLOOR

PHONE, DESK = (375, 740), (1100, 800)


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
