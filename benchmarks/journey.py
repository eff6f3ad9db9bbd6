"""What the questionnaire asks of an owner: taps, words and phone screens, for four kinds of firm.

Each fills in the real forms. The optional pages after the questions that count are left as they
are, and are not counted. A tap is one choice or one Continue; a word is one that can be seen in
the main part of a page of questions; a screen is a window of 360 by 780 pixels, and a page takes
whole ones.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import Element

import click
from playwright.sync_api import Page as Tab
from playwright.sync_api import ViewportSize, sync_playwright

from benchmarks.measure import Row
from tests.support.apps import make_app
from tests.support.browser import find_browser, launch, serving_app
from tests.support.client import PageClient
from tests.support.firms import FIRMS
from tests.support.owner_journey import Journey, as_sent
from tests.support.page import Page, classes_of
from tests.support.personas import Persona

OWNERS: Mapping[str, Persona] = {
    "sole plumber": FIRMS["sole_trader"],
    "firm of twelve": FIRMS["gym"],
    "shop": FIRMS["furniture_store"],
    "web store": FIRMS["candle_store"],
}
WINDOW: ViewportSize = {"width": 360, "height": 780}


@dataclass
class Effort:
    """What a questionnaire took. `review` is its screens; where no browser looked, they are 0."""

    taps: int = 0
    words: int = 0
    screens: int = 0
    review: int = 0


MOST = {"quick": Effort(48, 1500, 22, 2), "full": Effort(75, 0, 0, 2)}
"""The limits; 0 where there is none."""


def rows() -> list[Row]:
    """Taps, words and screens of each owner beside the most that they may be."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        tab, origin = None, "http://localhost"
        try:
            find_browser()
        except AssertionError as error:
            click.echo(f"Without the screens: {error}", err=True)
            app = make_app(folder)
        else:
            app, origin = stack.enter_context(serving_app(folder))
            browser = launch(stack.enter_context(sync_playwright()))
            stack.callback(browser.close)
            tab = browser.new_page(viewport=WINDOW)
        found = {
            (depth, name): effort(
                Journey(PageClient(app), owner.answers, query=f"?depth={depth}"), tab, origin
            )
            for depth in MOST
            for name, owner in OWNERS.items()
        }
    return [row for (depth, name), made in found.items() for row in _rows(depth, name, made)]


def _rows(depth: str, name: str, made: Effort) -> Iterator[Row]:
    for what, ours in asdict(made).items():
        if ours and (most := getattr(MOST[depth], what)):
            yield Row(f"{depth}, {name}: {what}", ours, "", "limit", most, 1.0)


def effort(journey: Journey, tab: Tab | None = None, origin: str = "") -> Effort:
    """Answer everything and look at each page on the way, as an owner sees it."""
    made = Effort()
    journey.start()
    while not journey.page.path.endswith("/review"):
        if "Optional" not in journey.page.with_class("way-now")[0]:
            fields = [name for name in journey.page.form().fields if name in journey.answers]
            made.taps += 1 + sum(_taps(journey, name) for name in fields)
            made.words += words_seen(journey.page)
            made.screens += _screens(journey.page, tab, origin)
        journey.answer()
    made.review = _screens(journey.page, tab, origin)
    return made


def _taps(journey: Journey, name: str) -> int:
    sent = as_sent(journey.answers[name])
    return len(sent) if isinstance(sent, list) else 1


def words_seen(page: Page) -> int:
    """The words in the main part of a page, without those for screen readers or wide windows."""
    (main,) = page.document.all("main")
    return _words(main)


def _words(element: Element) -> int:
    if {"unseen", "track"} & classes_of(element):
        return 0
    own = len((element.text or "").split())
    return own + sum(_words(child) + len((child.tail or "").split()) for child in element)


def _screens(page: Page, tab: Tab | None, origin: str) -> int:
    if tab is None:
        return 0
    tab.goto(origin + page.path)
    # Until its own letters are there, a page is as long as those of the machine make it.
    tab.evaluate("document.fonts.ready")
    return -(-int(tab.evaluate("document.documentElement.scrollHeight")) // WINDOW["height"])
