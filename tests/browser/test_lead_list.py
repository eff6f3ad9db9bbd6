"""The list of leads by single keys, and without them."""

import pytest

from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit
from tests.support.keyboard_and_touch import tab_to


def focused(visit: Visit) -> str:
    """What has the focus: the address of a link, or the id of a field."""
    found: str = visit.tab.evaluate(
        "document.activeElement.getAttribute('href') || document.activeElement.id"
    )
    return found


def test_keys_go_through_the_list(visit: Visit) -> None:
    visit.open("/staff/leads")
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


def test_the_tab_key_does_without_javascript(plain: Visit) -> None:
    plain.open("/staff/leads")
    assert not plain.tab.locator(".keys").is_visible()
    tab_to(plain.tab, ".leads tbody [name=lead]")
    plain.tab.keyboard.press("Space")
    tab_to(plain.tab, ".bulk button[value=selected]")
    plain.leave(lambda: plain.tab.keyboard.press("Enter"))
    assert plain.path.startswith("/staff/leads/bulk")
    assert plain.tab.locator("h1").inner_text() == "1 lead selected"


@pytest.mark.parametrize(("width", "height", "least"), [(1280, 800, 12), (360, 780, 5)])
def test_many_leads_are_seen_at_once(plain: Visit, width: int, height: int, least: int) -> None:
    plain.look(width)
    plain.open("/staff/leads")
    boxes = [row.bounding_box() for row in plain.tab.locator(".leads tbody tr").all()]
    tops, heights = zip(*((box["y"], box["height"]) for box in boxes if box), strict=True)
    assert (height - tops[0]) / (sum(heights) / len(heights)) >= least


@pytest.mark.parametrize("width", [PHONE_WIDTH, DESK_WIDTH])
def test_the_bar_of_selected_leads_hides_nothing_that_has_the_focus(
    plain: Visit, width: int
) -> None:
    plain.look(width, height=420)
    plain.open("/staff/leads")
    tab_to(plain.tab, ".leads tbody [name=lead]")
    plain.tab.keyboard.press("Space")
    for number in range(10):
        plain.tab.keyboard.press("Tab")
        hidden = plain.tab.evaluate(
            "document.querySelector('.bulk').getBoundingClientRect().top"
            " - document.activeElement.getBoundingClientRect().bottom"
        )
        assert hidden >= 0, f"element {number} is {-hidden:.0f} px below the top of the bar"
