"""How every page is looked at: for eyes, thumbs, screen readers and strong magnifiers."""

from collections.abc import Callable, Sequence

import pytest

from tests.browser.pages.state import LOOKS, Look, LookAt, State
from tests.browser.site import Site
from tests.support import staff_client
from tests.support.browser import (
    DESK_WIDTH,
    PHONE_WIDTH,
    TABLET_WIDTH,
    ZOOMED_WIDTH,
    Visit,
    axe_violations,
    cramped_texts,
    large_text,
    small_targets,
)

SIZES = {ZOOMED_WIDTH: 256, TABLET_WIDTH: 600, PHONE_WIDTH: 740}
"""Of the windows that nothing may be wider than: width and height."""
THUMB = 44
DENSE = 24
"""Pixels: owners have a phone in hand; staff have tables, and what WCAG 2.5.8 asks for."""


@pytest.fixture(scope="session")
def passed_looks() -> set[str]:
    """Of the texts and links that axe has passed in any of the windows."""
    return set()


@pytest.fixture
def look_at(
    site: Site,
    windows: Callable[..., Visit],
    passed_looks: set[str],
    pytestconfig: pytest.Config,
) -> LookAt:
    """Axe is content, nothing is wider than the window or cramped, and targets fit a thumb."""

    def look_at(state: State, look: Look) -> None:
        looks = LOOKS if pytestconfig.getoption("every_look") else [look]
        visit = windows(state.who)
        visit.passed_looks = passed_looks
        staff_client.age_authentication(site.app, minutes=60 if state.stale else 0)
        visit.look(*looks[0], height=740)
        reach(visit, site, state)
        found = [*axe_faults(visit, looks), *size_faults(visit), *visit.take_faults()]
        assert not found, f"{visit.path}\n" + "\n".join(found)

    return look_at


def reach(visit: Visit, site: Site, state: State) -> None:
    path = state.path_on(site)
    status = visit.open(path)
    if state.then:
        state.then(visit)
    else:
        assert (visit.path, status) == (path, state.status)
    if state.shows:
        assert state.shows in visit.text


def axe_faults(visit: Visit, looks: Sequence[Look]) -> list[str]:
    found: list[str] = []
    for width, scheme in looks:
        visit.look(width, scheme, height=740)
        found += [f"{width} {scheme}: {violation}" for violation in axe_violations(visit)]
        if width == DESK_WIDTH:
            if wider := visit.overflow():
                found.append(f"{wider} px wider than a desk's window")
            found += large_text_faults(visit)
    return found


def size_faults(visit: Visit) -> list[str]:
    found: list[str] = []
    # Beginning with the size that the window has, as each change of it is laid out again.
    for width in sorted(SIZES, key=lambda width: width != visit.size[0]):
        visit.look(width, visit.scheme, height=SIZES[width])
        if wider := visit.overflow():
            found.append(f"{wider} px wider than a window of {width}")
        if width == PHONE_WIDTH:
            small = small_targets(visit, least=DENSE if visit.path.startswith("/staff") else THUMB)
            found += [f"too small to hit: {target}" for target in small]
            found += [f"cramped: {text}" for text in cramped_texts(visit)]
        if width != ZOOMED_WIDTH:
            found += large_text_faults(visit)
    return found


def large_text_faults(visit: Visit) -> list[str]:
    """What does not fit while text is twice as large, in the window as it is."""
    width, _ = visit.size
    with large_text(visit):
        found = [f"cramped in large text at {width}: {text}" for text in cramped_texts(visit)]
        if wider := visit.overflow():
            found.append(f"{wider} px wider than a window of {width}, in large text")
    return found
