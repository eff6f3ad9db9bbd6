"""The button that leads to the agency's calendar, in Chromium: a link, which our policy lets go."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask, request
from playwright.sync_api import Browser

from tests.support.apps import make_app
from tests.support.browser import serving, visiting
from tests.support.results import submit_check

# Chromium without a screen says so, and is counted as a program.
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"}


@dataclass
class Calendars:
    """A check, the calendar of its agency at another address, and what that was sent."""

    origin: str
    calendar: str
    result: str
    visits: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture(scope="module")
def calendars(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calendars]:
    folder, visits = tmp_path_factory.mktemp("booking"), list[tuple[str, str | None]]()
    website, apps = Flask("calendar"), list[Flask]()

    @website.get("/northside")
    def book() -> str:
        visits.append((request.query_string.decode(), request.headers.get("Referer")))
        return "<!doctype html><title>Pick a time</title>"

    @website.get("/frame")
    def frame() -> str:
        source = f"{website.config['CHECK']}/embed{website.config['RESULT']}"
        return f'<!doctype html><title>A site</title><iframe src="{source}"></iframe>'

    def make(origin: str) -> Flask:
        brand = Path(folder, "brand.toml")
        brand.write_text(f'consult_url = "{website.config["SELF"]}/northside"')
        settings = {"booking": "cal", "embed_origins": website.config["SELF"]}
        apps.append(make_app(folder / "var", base_url=origin, brand_file=brand, **settings))
        return apps[0]

    def make_calendar(address: str) -> Flask:
        website.config["SELF"] = address.replace("127.0.0.1", "localhost")
        return website

    with serving(make_calendar), serving(make) as origin:
        result = submit_check(apps[0])
        website.config.update(CHECK=origin, RESULT=result)
        yield Calendars(origin, website.config["SELF"], result, visits)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_button_leads_to_the_calendar(
    browser: Browser, calendars: Calendars, javascript: bool
) -> None:
    calendars.visits.clear()
    also = [calendars.calendar]
    with visiting(browser, calendars.origin, javascript=javascript, also=also) as visit:
        visit.tab.context.set_extra_http_headers(PERSON)
        visit.open(calendars.result)
        visit.leave(lambda: visit.tab.locator(".consult a.button").click())
        assert visit.tab.url.startswith(f"{calendars.calendar}/northside?metadata%5Bkey%5D=")
    ((query, referer),) = calendars.visits
    assert len(query) == len("metadata%5Bkey%5D=") + 32
    assert referer is None


def test_from_a_frame_it_opens_a_tab_of_its_own(browser: Browser, calendars: Calendars) -> None:
    calendars.visits.clear()
    with visiting(browser, calendars.calendar, also=[calendars.origin], width=1280) as visit:
        visit.tab.context.set_extra_http_headers(PERSON)
        visit.open("/frame")
        button = visit.tab.frame_locator("iframe").locator(".consult a.button")
        with visit.tab.context.expect_page() as opened:
            button.click()
        opened.value.wait_for_load_state()
        assert opened.value.url.startswith(f"{calendars.calendar}/northside?metadata")
        assert opened.value.evaluate("window.opener") is None
        assert visit.path == "/frame"
    assert [referer for _, referer in calendars.visits] == [None]
