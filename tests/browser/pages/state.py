"""What it takes to look at a page, and what people do on many of them."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.browser.site import Site, Who
from tests.support import staff_client
from tests.support.apps import make_app
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Scheme, Visit

CONTINUE = "main form button[type=submit]"

Step = Callable[[Visit], None]
Look = tuple[int, Scheme]

LOOKS: tuple[Look, ...] = (
    (PHONE_WIDTH, "light"),
    (DESK_WIDTH, "dark"),
    (PHONE_WIDTH, "dark"),
    (DESK_WIDTH, "light"),
)
"""Axe looks at each state in one of them, by turns; with `--every-look`, in all four.

What pages are built of comes back in many states, so that each part is seen in every look. Axe is
what takes most of the time here.
"""


@dataclass(frozen=True)
class State:
    """A page in one state: its path on a site, and what a person does there."""

    name: str
    path: str | Callable[[Site], str]
    then: Step | None = None
    _: KW_ONLY
    who: Who = "owner"
    """Who looks at it; an owner isn't signed in."""
    stale: bool = False
    """Whether the person who is signed in has not proved for a while who they are."""
    status: int = 200
    shows: str = ""
    """Words that tell this state from others of its page."""

    def path_on(self, site: Site) -> str:
        return self.path if isinstance(self.path, str) else self.path(site)


LookAt = Callable[[State, Look], None]

STATES: list[State] = []
"""Of all files that were imported."""


def look_at_each(*states: State) -> Callable[..., None]:
    """A test that looks at each of these states."""
    STATES.extend(states)
    turns = [*zip(states, cycle(LOOKS), strict=False)]

    @pytest.mark.parametrize(("state", "look"), turns, ids=[state.name for state in states])
    def test(state: State, look: Look, look_at: LookAt) -> None:
        look_at(state, look)

    return test


def press(selector: str = CONTINUE) -> Step:
    def step(visit: Visit) -> None:
        button = visit.tab.locator(selector).last
        visit.leave(lambda: button.dispatch_event("click"))

    return step


def open_all(visit: Visit) -> None:
    visit.tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


def check_all(visit: Visit, boxes: str) -> None:
    checked = "boxes => boxes.filter(box => { box.click(); return box.checked }).length"
    assert visit.tab.locator(boxes).evaluate_all(checked)


def before_anyone_came(visit: Visit) -> None:
    """See the same page of a site that has nothing in it yet."""
    path = visit.path
    with TemporaryDirectory() as folder:
        app = make_app(Path(folder))
        page = staff_client.joined(app, admin=True).get(path)
    left_out = ("Content-Length", "Set-Cookie")
    headers = {name: value for name, value in page.headers.items() if name not in left_out}
    visit.tab.route(
        f"**{path}",
        lambda route: route.fulfill(status=200, headers=headers, body=page.html),
        times=1,
    )
    visit.tab.reload()
