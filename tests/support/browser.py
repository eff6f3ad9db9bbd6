"""A real browser for the tests, and the server it looks at.

Chromium is the one that the machine has: Playwright's package brings the driver, and `./run test`
sees to the browser. Every visit watches the network: a request that leaves the site, a content
policy that was broken or a script that failed makes the test fail when the visit ends.
"""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from flask import Flask
from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Error, Playwright, Request
from playwright.sync_api import Page as Tab
from waitress.server import create_server
from waitress.wasyncore import close_all

from tests.support.apps import make_app
from tests.support.axe import find_violations
from tests.support.patience import patience

Scheme = Literal["light", "dark"]

COMMANDS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""The first is the same engine without what a window has around a page, which took most time."""
MAC_APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
OFF = (
    *("AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades"),
    *("LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"),
    *("PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
    *("PreloadTopChromeWebUI", "WebUIOmniboxAimPopup", "WebUIOmniboxPopup"),
    *("RenderDocument", "SpareRendererForSitePerProcess"),
)
"""Features of Chromium: what Playwright turns off, as the last list counts, and the last two lines.

The first of them would load pages of the browser's own into each window, for menus that nobody
opens. The second would set up a new frame for each page of the same site, which is a quarter of
the work, and start a process ahead for a site that nobody goes to.
"""
FLAGS = (
    f"--disable-features={','.join(OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",  # text is then as wide as in a window
    "--js-flags=--no-maglev --no-opt",  # no script runs long enough on a page to be worth it
)
PHONE_WIDTH, TABLET_WIDTH, DESK_WIDTH, ZOOMED_WIDTH = 360, 800, 1280, 320
"""CSS pixels; 320 is what a window of 1280 is left with at 400% zoom."""

SMALL_TARGETS = """([link, choice]) => {
  const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const target = (element) => element.closest('label.choice') || element;
  const inLine = (element) => getComputedStyle(element).display === 'inline';
  const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  return [...document.querySelectorAll(controls)]
    .filter((element) => shown(element) && !inLine(element) && element.tabIndex >= 0)
    .map((element) => [element, target(element).getBoundingClientRect()])
    .filter(([element, box]) => box.bottom > 0)  // a skip link waits above the page
    .filter(([element, box]) => box.height < (element.closest('.choice') ? choice : link))
    .map(([element, box]) => `${Math.round(box.width)}x${Math.round(box.height)} `
      + element.outerHTML.slice(0, 100));
}"""

CRAMPED = """() => {
  const found = [];
  const say = (what, text) => found.push(`${what}: ${text.trim().slice(0, 60)}`);
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const narrow = 'td, th, dt, dd, h1, h2, h3, label, legend, summary, .button';
  for (const cell of document.querySelectorAll(narrow)) {
    const {width, height} = cell.getBoundingClientRect();
    if (width < 2 || width > 90 * size || !cell.checkVisibility()) continue;
    const isTall = width < 60 * size && height > 2 * width && cell.innerText.length > 20;
    if (isTall && cell.closest('tbody')) say(`in ${Math.round(width)} px`, cell.innerText);
    for (const {firstChild} of [cell, ...cell.querySelectorAll('*')]) {
      if (firstChild?.nodeType !== Node.TEXT_NODE) continue;
      for (const {0: word, index} of firstChild.data.matchAll(/\\p{L}{2,12}/gu)) {
        const range = new Range();
        range.setStart(firstChild, index);
        range.setEnd(firstChild, index + word.length);
        if (range.getClientRects().length > 1) say('broken', word);
      }
    }
  }
  for (const picture of document.querySelectorAll('svg:has(text)')) {
    const words = [...picture.querySelectorAll('text:not(:has(tspan)), tspan')]
      .map((word) => [word.textContent, word.getBoundingClientRect()]);
    words.forEach(([text, box], number) => {
      for (const [other, its] of words.slice(number + 1)) {
        const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        if (across > 1 && down > 4) say('drawn over each other', `${text} and ${other}`);
      }
    });
  }
  return found;
}"""
"""What is squeezed in narrow cells, headings, labels and buttons, and what overlaps in pictures."""

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
TEXT_SIZE = "size => { document.documentElement.style.fontSize = size }"


def find_browser() -> Path:
    """The machine's Chromium or Chrome. Fails with what to install when there is none."""
    named = os.environ.get("CHROMIUM")
    for candidate in (named, *map(shutil.which, COMMANDS), *MAC_APPLICATIONS):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise AssertionError(
        "the browser tests need Chromium: install the package `chromium-headless-shell` (Debian) "
        "or `chromium` (Ubuntu, Fedora), `brew install --cask chromium` (macOS), or name a browser "
        "in CHROMIUM"
    )


def launch(playwright: Playwright) -> Browser:
    """Start the browser with a fresh profile and nothing that phones home."""
    # As in a browser with windows, a frame of another site is in a process of its own.
    flags = [*FLAGS, "--site-per-process"]
    return playwright.chromium.launch(executable_path=find_browser(), args=flags)


@contextmanager
def serving(make_app: Callable[[str], Flask]) -> Iterator[str]:
    """Serve an app on a free port of this machine, by the server that the product uses.

    `make_app` gets the address that people would use, as the app must know it for its links.
    """
    sockets: dict[int, Any] = {}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server: Any = create_server(make_app(address), map=sockets, sockets=[listener], threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.task_dispatcher.shutdown()
            # By the thread itself, which is woken for it and ends when no socket is left.
            server.trigger.pull_trigger(partial(close_all, sockets))
            thread.join(timeout=5)


class Served(NamedTuple):
    """An app, and the address at which it is served."""

    app: Flask
    origin: str


@contextmanager
def serving_app(folder: Path, **settings: Any) -> Iterator[Served]:
    """Serve an app with settings of its own."""
    apps: list[Flask] = []

    def make(address: str) -> Flask:
        apps.append(make_app(folder, base_url=address, **settings))
        return apps[0]

    with serving(make) as origin:
        yield Served(apps[0], origin)


@dataclass
class Visit:
    """A window of the browser on one site, and what went wrong in it so far."""

    tab: Tab
    origin: str
    size: tuple[int, int]
    devtools: CDPSession
    scheme: Scheme = "light"
    faults: list[str] = field(default_factory=list)
    also: Sequence[str] = ()
    """Other origins whose files may come."""
    passed_looks: set[str] = field(default_factory=set)
    """Of the texts that axe has passed, in this window or in one that shares them."""

    def open(self, path: str) -> int:
        """Go to a path of the site; the status of the page that comes."""
        answer = self.tab.goto(self.origin + path)
        return answer.status if answer else 0

    @property
    def path(self) -> str:
        """The path in the address bar."""
        return self.tab.url.removeprefix(self.origin)

    @property
    def text(self) -> str:
        """What can be read in the main part of the page in view."""
        return self.tab.inner_text("main")

    def leave(self, act: Callable[[], None]) -> None:
        """Do what sends the browser to another page (or to this one again), and wait for it."""
        with self.tab.expect_navigation():
            act()

    def look(self, width: int, scheme: Scheme = "light", height: int = 800) -> None:
        """Change the window's size and the colors that the person prefers, as far as they differ.

        The browser lays out and paints again each time it is told one of them. Only the page is
        told of the size: around it is the browser's own window, which is as much work again.
        """
        if self.size != (width, height):
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self.devtools.send("Emulation.setDeviceMetricsOverride", size)
            self.size = width, height
        if self.scheme != scheme:
            self.tab.emulate_media(color_scheme=scheme)
            self.scheme = scheme

    def take_faults(self) -> list[str]:
        """What went wrong so far; a new window starts after it."""
        taken, self.faults[:] = list(self.faults), []
        return taken

    def overflow(self) -> int:
        """By how many CSS pixels the page is wider than the window."""
        wider: int = self.tab.evaluate(OVERFLOW)
        return wider


@contextmanager
def large_text(visit: Visit) -> Iterator[None]:
    """While the block lasts, text is twice as large."""
    visit.tab.evaluate(TEXT_SIZE, "200%")
    yield
    visit.tab.evaluate(TEXT_SIZE, "")


@contextmanager
def visiting(
    browser: Browser,
    origin: str,
    *,
    javascript: bool = True,
    width: int = PHONE_WIDTH,
    height: int = 740,
    touch: bool = False,
    also: Sequence[str] = (),
) -> Iterator[Visit]:
    """Open a private window on a site; when it closes, nothing may have gone wrong in it."""
    context = browser.new_context(
        java_script_enabled=javascript,
        viewport={"width": width, "height": height},
        has_touch=touch,
        reduced_motion="reduce",
        color_scheme="light",
    )
    context.set_default_timeout(1000 * patience(30))
    tab = context.new_page()
    visit = Visit(tab, origin, (width, height), context.new_cdp_session(tab), also=also)
    visit.tab.on("request", lambda request: _note_foreign(visit, request))
    visit.tab.on("console", lambda message: _note_complaint(visit, message))
    visit.tab.on("pageerror", lambda error: _note_error(visit, error))
    try:
        yield visit
        assert not visit.faults, "\n".join(visit.faults)
    finally:
        context.close()


def _note_foreign(visit: Visit, request: Request) -> None:
    known = [f"{origin}/" for origin in (visit.origin, *visit.also)]
    if not request.url.startswith((*known, "about:", "blob:")):
        visit.faults.append(f"{visit.path} asks {request.url}")


def _note_complaint(visit: Visit, message: ConsoleMessage) -> None:
    # A page that answers 4xx on purpose is reported here too, and is no fault of the page.
    if message.type == "error" and "the server responded with a status of" not in message.text:
        visit.faults.append(f"{visit.path}: {message.text}")


def _note_error(visit: Visit, error: Error) -> None:
    visit.faults.append(f"{visit.path}: {error.message}")


def axe_violations(visit: Visit) -> list[str]:
    """What axe finds on the page in view, one line an element."""
    faults_of_the_page = list(visit.faults)
    violations = find_violations(visit.tab, visit.passed_looks)
    # Axe tries inline styles on the page, and the page's content policy complains about them.
    visit.faults[:] = faults_of_the_page
    return violations


def small_targets(visit: Visit, least: int = 44, least_choice: int = 48) -> list[str]:
    """Buttons, fields, choices and free-standing links that a thumb would miss, with their size.

    The whole row of a choice counts as its target. Links inside a line of text are as high as
    the line, which WCAG 2.5.8 allows.
    """
    small: list[str] = visit.tab.evaluate(SMALL_TARGETS, [least, least_choice])
    return small


def cramped_texts(visit: Visit) -> list[str]:
    """Cells too narrow for what they say, short words broken in two, words drawn over others."""
    found: list[str] = visit.tab.evaluate(CRAMPED)
    return found


@contextmanager
def weighing(visit: Visit) -> Iterator[list[int]]:
    """Count what comes over the wire: a list of bytes, headers included, one entry an answer."""
    weights: list[int] = []
    devtools = visit.tab.context.new_cdp_session(visit.tab)
    devtools.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    yield weights
    visit.tab.wait_for_load_state("networkidle")
    devtools.detach()
