"""The keys on the page of a lead: each does what a link, button or field there does."""

import re
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.support import staff_client
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit, visiting
from tests.support.keyboard_and_touch import sign_in_as_in
from tests.support.submissions import CONTACT

SCRIPTS = Path(__file__).parents[2] / "static/js"
MOST_BYTES = 3500
COPIED = re.compile("Copied|selected")
FOCUSED = "document.activeElement.id || document.activeElement.name"


def test_j_and_k_go_through_the_leads_in_the_order_of_the_list(visit: Visit) -> None:
    visit.open("/staff/leads/3?sort=newest")
    visit.leave(lambda: visit.tab.keyboard.press("j"))
    assert visit.path.startswith("/staff/leads/1")
    visit.leave(lambda: visit.tab.keyboard.press("k"))
    assert visit.path.startswith("/staff/leads/3")


def test_a_takes_a_lead_and_n_and_s_lead_to_the_note_and_the_next_step(
    visit: Visit, site: Site
) -> None:
    keys = visit.tab.keyboard
    visit.open(f"/staff/leads/{staff_client.make_lead(site.app, contact=CONTACT)}")
    visit.leave(lambda: keys.press("a"))
    said = visit.tab.get_by_role("status")
    assert said.inner_text().startswith("Assigned to you.")
    assert said.evaluate("element => element === document.activeElement"), "it is read out"
    keys.press("n")
    assert visit.tab.evaluate(FOCUSED) == "note-text"
    visit.tab.locator("h1").click()
    keys.press("s")
    assert visit.tab.evaluate("document.activeElement.closest('.do-next') !== null")


def test_keys_can_be_switched_off_for_good(visit: Visit) -> None:
    keys, button = visit.tab.keyboard, visit.tab.locator(".keys button")
    visit.open("/staff/leads/3?sort=newest")
    button.click()
    assert button.inner_text() == "Turn on shortcuts"
    keys.press("j")
    visit.open("/staff/leads")
    keys.press("j")
    assert visit.tab.evaluate("document.activeElement.closest('tbody')") is None
    visit.open("/staff/leads/3?sort=newest")
    keys.press("j")
    assert visit.path.startswith("/staff/leads/3")
    button.click()
    visit.leave(lambda: keys.press("j"))


def test_the_search_and_the_help_are_one_key_away_everywhere(visit: Visit) -> None:
    keys, button = visit.tab.keyboard, visit.tab.locator(".keys button")
    visit.open("/staff/account")
    keys.press("/")
    assert visit.tab.evaluate(FOCUSED) == "find"
    keys.type("/?")
    assert visit.tab.locator("#find").input_value() == "/?"
    visit.tab.locator("h1").click()
    visit.leave(lambda: keys.press("?"))
    assert visit.path == "/staff/help"
    button.click()
    keys.press("/")
    assert visit.tab.evaluate(FOCUSED) != "find"
    button.click()
    keys.press("/")
    keys.type("dana")
    visit.leave(lambda: keys.press("Enter"))
    assert visit.tab.locator("#text").input_value() == "dana"


def test_no_key_fires_while_typing_or_with_another_key(visit: Visit) -> None:
    visit.open("/staff/leads/3#notes")
    visit.tab.locator("#note-text").fill("")
    visit.tab.locator("#note-text").type("jkans")
    assert visit.tab.locator("#note-text").input_value() == "jkans"
    assert visit.path == "/staff/leads/3#notes"
    visit.tab.locator("h1").click()
    for keys in ("Shift+J", "Alt+j"):
        visit.tab.keyboard.press(keys)
    assert visit.path == "/staff/leads/3#notes"


def test_hints_are_for_those_who_have_the_keys(visit: Visit, plain: Visit) -> None:
    visit.open("/staff/leads/3")
    assert visit.tab.locator(".keys").is_visible()
    plain.open("/staff/leads/3")
    assert not plain.tab.locator(".keys").is_visible()
    for button in ("Reached", "Emailed"):
        assert plain.tab.get_by_role("button", name=button, exact=True).is_visible()
    plain.leave(plain.tab.get_by_role("link", name="Next", exact=True).click)
    assert plain.path.startswith("/staff/leads/1")


PLACES = """(within) => [...document.querySelectorAll(within)]
  .filter((element) => element.checkVisibility() && element.tabIndex >= 0)
  .map((element) => element.getBoundingClientRect())
  .map((box) => [Math.round(box.top + scrollY), Math.round(box.left)])"""

TOPS = """(within) => [...document.querySelectorAll(within)]
  .map((element) => element.getBoundingClientRect().top)"""


def test_on_a_phone_the_tab_key_goes_as_the_eye_does(visit: Visit) -> None:
    """The masthead is in one order on a desktop and on a phone."""
    for width in (PHONE_WIDTH, DESK_WIDTH):
        visit.look(width)
        visit.open("/staff/leads/3")
        masthead = visit.tab.evaluate(PLACES, ".masthead :is(a, button)")
        assert masthead == sorted(masthead)
    visit.look(PHONE_WIDTH)
    within = ".lead-page :is(a, button, input, select, textarea, summary)"
    tops = [top for top, _ in visit.tab.evaluate(PLACES, within)]
    assert len(tops) > 5
    # Side by side, a lower one may begin a little above the one before it.
    assert all(other > one - 8 for one, other in pairwise(tops)), tops
    parts = visit.tab.evaluate(TOPS, ":is(.reach, .call, .lead-page) > :not(.know)")
    assert len(parts) > 4
    assert parts == sorted(parts), "what is read aloud is in the order in which it is seen"


DESK_PARTS = ("h1", ".reach", ".call", ".do-next h2 + p", "#notes > summary")
PHONE_PARTS = ("h1", ".reach", ".call > dl", ".ask li:first-child")
"""What is seen of a lead without scrolling."""


def test_one_screen_tells_what_to_know_before_the_call(
    browser: Browser, site: Site, visit: Visit
) -> None:
    """On a desk, all of it; on a phone who, why, their own words and the first question."""
    with visiting(browser, site.origin, width=PHONE_WIDTH, height=780, touch=True) as phone:
        sign_in_as_in(visit, phone)
        for window, height, parts in ((visit, 800, DESK_PARTS), (phone, 780, PHONE_PARTS)):
            for lead_id in (3, 5, 8):
                window.open(f"/staff/leads/{lead_id}")
                assert ends_below(window, height, parts) == {}, f"lead {lead_id}"
                leads_down = window.tab.locator(".to-status").is_visible()
                assert leads_down == (window is phone), "on a desk, the status stands beside"


def ends_below(visit: Visit, height: int, parts: tuple[str, ...]) -> dict[str, float]:
    """The parts of a page that end below a height, and where."""
    ends = "(within) => document.querySelector(within).getBoundingClientRect().bottom"
    return {part: end for part in parts if (end := visit.tab.evaluate(ends, part)) > height}


def test_a_page_is_short_until_it_is_unfolded(visit: Visit) -> None:
    for lead_id in (1, 3, 5, 7):
        visit.open(f"/staff/leads/{lead_id}")
        assert visit.tab.evaluate("document.documentElement.scrollHeight") <= 3500


def test_whoever_writes_is_asked_how_it_went(visit: Visit) -> None:
    visit.open("/staff/leads/3")
    comment, mail = visit.tab.locator("#contact-comment"), visit.tab.locator("[data-channel=mail]")
    assert not comment.is_visible()
    mail.evaluate("link => link.addEventListener('click', event => event.preventDefault())")
    mail.click()
    assert comment.is_visible()
    assert visit.tab.locator("#contact-channel").input_value() == "mail"
    opened = visit.tab.locator(".went [name=draft]")
    assert opened.input_value() == mail.get_attribute("data-draft")
    visit.open("/staff/leads/3?open=drafts")
    visit.tab.get_by_role("button", name="Copy the text").first.click()
    # Without leave to write to the clipboard, the text is selected instead.
    told = visit.tab.locator("#drafts").get_by_role("status").get_by_text(COPIED)
    told.first.wait_for()
    visit.open("/staff/leads/3#do-stage-lost")
    assert visit.tab.locator("#stage-lost-reason").is_visible(), "a link opens what it leads to"


def test_the_scripts_are_small() -> None:
    scripts = ("keys.js", "lead-keys.js", "lead-list.js")
    assert sum((SCRIPTS / name).stat().st_size for name in scripts) < MOST_BYTES
