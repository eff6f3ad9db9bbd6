"""The keys on the page of a lead: each does what a link, button or field there does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.support import staff
from tests.support.browser import DESK_WIDTH, Visit, visiting

SCRIPT = Path(__file__).parents[2] / "static/js/lead-keys.js"
MOST_BYTES = 3000
FOCUSED = "document.activeElement.id || document.activeElement.name"


def sign_in(visit: Visit) -> None:
    visit.open("/staff/sign-in")
    visit.tab.fill("[name=email]", staff.EMAIL)
    visit.tab.fill("[name=password]", staff.PASSWORD)
    visit.leave(visit.tab.locator("main form button").click)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    with visiting(browser, site.origin, width=DESK_WIDTH) as opened:
        sign_in(opened)
        yield opened


def test_j_and_k_go_through_the_leads_in_the_order_of_the_list(visit: Visit) -> None:
    visit.open("/staff/leads/3?sort=newest")
    visit.leave(lambda: visit.tab.keyboard.press("j"))
    assert visit.path.startswith("/staff/leads/1")
    visit.leave(lambda: visit.tab.keyboard.press("k"))
    assert visit.path.startswith("/staff/leads/3")


def test_n_and_s_lead_to_the_note_and_the_next_step(visit: Visit) -> None:
    visit.open("/staff/leads/1")
    visit.tab.keyboard.press("n")
    assert visit.tab.evaluate(FOCUSED) == "note-text"
    visit.open("/staff/leads/3")
    visit.tab.keyboard.press("s")
    assert visit.tab.evaluate("document.activeElement.closest('.do-next') !== null")


def test_no_key_fires_while_somebody_types_or_with_another_key(visit: Visit) -> None:
    visit.open("/staff/leads/3")
    visit.tab.locator("#note-text").fill("")
    visit.tab.locator("#note-text").type("jkans")
    assert visit.tab.locator("#note-text").input_value() == "jkans"
    assert visit.path == "/staff/leads/3"
    visit.tab.locator("h1").click()
    visit.tab.keyboard.press("Shift+J")
    assert visit.path == "/staff/leads/3"


def test_hints_are_for_those_who_have_the_keys(browser: Browser, site: Site, visit: Visit) -> None:
    visit.open("/staff/leads/3")
    assert visit.tab.locator(".keys").is_visible()
    with visiting(browser, site.origin, javascript=False) as plain:
        sign_in(plain)
        plain.open("/staff/leads/3")
        assert not plain.tab.locator(".keys").is_visible()
        plain.leave(plain.tab.get_by_role("link", name="Next", exact=True).click)
        assert plain.path.startswith("/staff/leads/1")


def test_the_script_is_small() -> None:
    assert len(SCRIPT.read_bytes()) < MOST_BYTES
