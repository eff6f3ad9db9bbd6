"""The list of leads by single keys, and without them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.support.browser import DESK_WIDTH, Visit, visiting
from tests.support.keyboard_and_touch import sign_in, tab_to


@pytest.fixture(params=[True, False], ids=["keys", "plain"])
def visit(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The list, with JavaScript and without."""
    with visiting(browser, site.origin, javascript=request.param, width=DESK_WIDTH) as visit:
        sign_in(visit)
        visit.open("/staff/leads")
        yield visit


def focused(visit: Visit) -> str:
    """What has the focus: the address of a link, or the id of a field."""
    found: str = visit.tab.evaluate(
        "document.activeElement.getAttribute('href') || document.activeElement.id"
    )
    return found


@pytest.mark.parametrize("visit", [True], indirect=True)
def test_keys_go_through_the_list(visit: Visit) -> None:
    keys = visit.tab.keyboard
    links = [link.get_attribute("href") for link in visit.tab.locator(".leads tbody th a").all()]
    assert visit.tab.locator(".keys").is_visible()
    for key, place in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)):
        keys.press(key)
        assert focused(visit) == links[place], f"after {key}"
    keys.press("x")
    assert visit.tab.locator("tbody :checked").count() == 1
    keys.press("/")
    assert focused(visit) == "text"
    keys.type("jx/")
    assert visit.tab.input_value("#text") == "jx/"
    assert visit.tab.locator("tbody :checked").count() == 1
    visit.tab.locator("h1").click()
    keys.press("j")
    visit.leave(lambda: keys.press("Enter"))
    assert visit.path == links[0]


@pytest.mark.parametrize("visit", [False], indirect=True)
def test_the_tab_key_does_without_javascript(visit: Visit) -> None:
    assert not visit.tab.locator(".keys").is_visible()
    tab_to(visit.tab, ".leads tbody [name=lead]")
    visit.tab.keyboard.press("Space")
    tab_to(visit.tab, ".bulk button[value=selected]")
    visit.leave(lambda: visit.tab.keyboard.press("Enter"))
    assert visit.path.startswith("/staff/leads/bulk")
    assert visit.tab.locator("h1").inner_text() == "1 lead selected"


@pytest.mark.parametrize(("width", "height", "least"), [(1280, 800, 12), (360, 780, 5)])
def test_many_leads_are_seen_at_once(
    browser: Browser, site: Site, width: int, height: int, least: int
) -> None:
    with visiting(browser, site.origin, javascript=False, width=width) as visit:
        sign_in(visit)
        visit.open("/staff/leads")
        boxes = [row.bounding_box() for row in visit.tab.locator(".leads tbody tr").all()]
    tops, heights = zip(*((box["y"], box["height"]) for box in boxes if box), strict=True)
    assert (height - tops[0]) / (sum(heights) / len(heights)) >= least
