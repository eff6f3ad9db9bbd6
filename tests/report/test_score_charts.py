"""Charts say in words what they show, and differ in pattern and not only in colour."""

import itertools
import re

import pytest

from consult.report.html_document import STATE_TEXTS, relay_picture, score_bar
from consult.report.report import Relay, State
from consult.settings.brand import Colours

COLOURS = Colours()
STATES: tuple[State, ...] = ("strong", "partly", "weak", "unknown")


def title_of(svg: str) -> str:
    """The title of a picture, which is what a screen reader says."""
    (title,) = re.findall(r"<title>(.*?)</title>", svg)
    return str(title)


@pytest.mark.parametrize(("confirmed", "possible"), [(0, 0), (0, 100), (33, 67), (100, 100)])
def test_a_bar_says_its_numbers(confirmed: int, possible: int) -> None:
    title = title_of(score_bar("Handoff", confirmed, possible, "#000"))
    assert "Handoff" in title
    assert f"{confirmed}" in title
    assert ("up to" in title) is (possible > confirmed)


def test_a_name_cannot_break_out_of_a_bar() -> None:
    bar = score_bar("</title><script>", 1, 2, "#000")
    assert "<script>" not in bar


@pytest.mark.parametrize("states", list(itertools.product(STATES, repeat=3)))
def test_the_relay_says_its_states(states: tuple[State, State, State]) -> None:
    marketing, exchange, sales = (STATE_TEXTS[state] for state in states)
    assert title_of(relay_picture(Relay(*states), COLOURS)) == (
        f"The relay: marketing is {marketing}, the handoff is {exchange}, sales is {sales}."
    )


def test_each_state_is_drawn_in_another_way() -> None:
    legs = {relay_picture(Relay(state, "strong", "strong"), COLOURS) for state in STATES}
    exchanges = {relay_picture(Relay("strong", state, "strong"), COLOURS) for state in STATES}
    assert len(legs) == len(exchanges) == len(STATES)
