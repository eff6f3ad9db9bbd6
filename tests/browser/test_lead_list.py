"""The list of leads by single keys, and without them."""

import pytest

from consult.settings.brand import Colors
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
    keys.press("s")
    assert visit.tab.locator(".bulk button[value=selected]:focus").count() == 1
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


def test_the_current_view_shows_where_the_system_sets_colors(visit: Visit) -> None:
    """There, a background is the page's own: an outline has to say it."""
    visit.open("/staff/leads")
    visit.tab.emulate_media(forced_colors="active")
    outlined = "links => links.filter(link => getComputedStyle(link).outlineStyle != 'none').length"
    for place in (".masthead nav", ".views"):
        assert visit.tab.locator(f"{place} a").evaluate_all(outlined) == 1, place
    visit.tab.emulate_media(forced_colors="none")


def test_the_list_is_printed_dark_on_white_without_what_is_pressed(visit: Visit) -> None:
    """The table is part of a form, and other forms aren't printed."""
    visit.open("/staff/leads")
    visit.tab.emulate_media(media="print", color_scheme="dark")
    assert visit.tab.locator(".leads tbody th").first.is_visible()
    for pressed in (".filters", ".leads tbody .pick", ".bulk"):
        assert not visit.tab.locator(pressed).first.is_visible(), pressed
    link_color = "getComputedStyle(document.querySelector(':root')).getPropertyValue('--sales')"
    assert visit.tab.evaluate(link_color) == Colors().sales
    visit.tab.emulate_media(media="screen", color_scheme="light")


ROOM = """link => {
  const {outlineWidth, outlineOffset} = getComputedStyle(link);
  const box = link.getBoundingClientRect();
  const edge = link.parentElement.getBoundingClientRect();
  const least = Math.min(box.left - edge.left, box.top - edge.top, edge.bottom - box.bottom);
  return least - parseFloat(outlineWidth) - parseFloat(outlineOffset);
}"""
"""By how many pixels the outline of a link lies inside what cuts long names off, at the least."""


@pytest.mark.parametrize("width", [PHONE_WIDTH, DESK_WIDTH])
@pytest.mark.parametrize(
    ("path", "link"), [("/staff/leads", ".leads tbody th a"), ("/staff/", ".todo .lead a")]
)
def test_where_long_names_are_cut_off_the_sign_of_the_focus_is_not(
    plain: Visit, path: str, link: str, width: int
) -> None:
    plain.look(width)
    plain.open(path)
    tab_to(plain.tab, link)
    assert plain.tab.locator(":focus").evaluate(ROOM) >= 0


@pytest.mark.parametrize("width", [PHONE_WIDTH, DESK_WIDTH])
def test_no_check_box_shows_beside_the_bar_that_lies_over_it(plain: Visit, width: int) -> None:
    plain.look(width, height=420)
    plain.open("/staff/leads")
    plain.tab.locator(".leads tbody [name=lead]").first.check()
    lefts = "parts => parts.map(part => part.getBoundingClientRect().left)"
    bar, *boxes = plain.tab.locator(".bulk, .leads tbody [name=lead]").evaluate_all(lefts)[::-1]
    assert min(boxes) >= bar


@pytest.mark.parametrize("width", [PHONE_WIDTH, 1160, DESK_WIDTH, 1440])
def test_the_longest_next_step_does_not_widen_the_page(plain: Visit, width: int) -> None:
    plain.look(width)
    plain.open("/staff/leads")
    plain.tab.locator(".leads tbody .next-step").first.evaluate(
        "cell => { cell.textContent = 'Didn’t come to the consult. Follow up: due yesterday'; }"
    )
    plain.tab.locator(".leads tbody .consult").first.evaluate(
        "cell => { cell.textContent = 'Requested'; }"
    )
    assert plain.overflow() == 0
