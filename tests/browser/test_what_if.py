"""What another answer would change: at once with JavaScript, by the button without it."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.browser.site import Site
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit, large_text
from tests.support.keyboard_and_touch import tab_to

SCRIPT = Path(__file__).parents[2] / "static/js/what-if.js"
MOST_BYTES = 3000


def scores(visit: Visit) -> str:
    """What the owner reads about both scores."""
    return " ".join(visit.tab.locator("#moves").inner_text().split())


def test_the_scores_follow_at_once_and_the_picked_answer_stays_in_view(
    owner: Visit, site: Site
) -> None:
    owner.open(f"{site.result}/what-if")
    before = scores(owner)
    owner.tab.evaluate("window.stays = true")
    picked = owner.tab.locator("#follow_up")
    picked.scroll_into_view_if_needed()
    place = picked.bounding_box()
    picked.select_option("3")
    owner.tab.locator("#changes", has_text="One answer changed").wait_for()
    assert scores(owner) != before
    assert owner.tab.evaluate("window.stays"), "the page was left"
    assert owner.path.endswith("?follow_up=3"), "the address can be kept and passed on"
    after = picked.bounding_box()
    assert place
    assert after
    assert abs(place["y"] - after["y"]) <= 1
    assert owner.tab.locator("#moves").get_attribute("aria-live") == "polite"


def test_keys_without_javascript_show_the_same(
    owner: Visit, plain_owner: Visit, site: Site
) -> None:
    owner.open(f"{site.result}/what-if?follow_up=3")
    plain_owner.open(f"{site.result}/what-if")
    tab_to(plain_owner.tab, "#follow_up")
    plain_owner.tab.keyboard.press("ArrowDown")
    tab_to(plain_owner.tab, "form.what-if button")
    plain_owner.leave(lambda: plain_owner.tab.keyboard.press("Enter"))
    assert scores(plain_owner) == scores(owner)


@pytest.mark.parametrize("width", [PHONE_WIDTH, DESK_WIDTH])
def test_the_scores_hide_nothing_that_has_the_focus(owner: Visit, site: Site, width: int) -> None:
    owner.look(width, height=700)
    owner.open(f"{site.result}/what-if")
    tab_to(owner.tab, "form.what-if button")
    for field in owner.tab.locator("form.what-if :is(select, input:checked)").all()[:1:-1]:
        owner.tab.keyboard.press("Shift+Tab")
        room = owner.tab.evaluate(
            "document.activeElement.getBoundingClientRect().top"
            " - document.querySelector('.moves').getBoundingClientRect().bottom"
        )
        assert room >= 0, f"{field} is {-room:.0f} px above the end of the scores"


@pytest.mark.parametrize("size", ["100%", "200%"])
def test_the_scores_leave_a_phone_to_the_answers(owner: Visit, site: Site, size: str) -> None:
    owner.look(PHONE_WIDTH, height=740)
    owner.open(f"{site.result}/what-if?follow_up=3")
    with large_text(owner) if size == "200%" else nullcontext():
        owner.tab.locator("form.what-if button").scroll_into_view_if_needed()
        end = "document.querySelector('.moves').getBoundingClientRect().bottom"
        assert owner.tab.evaluate(end) < 740 / 8


def test_the_script_is_small() -> None:
    assert len(SCRIPT.read_bytes()) < MOST_BYTES
