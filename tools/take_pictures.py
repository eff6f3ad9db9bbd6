"""Take the pictures of the documents: result, report, a lead, insights, and the check on a website.

    python -m tools.take_pictures

Needs what the tests need: Chromium and pdftoppm. The owner in them is one of the tests' personas.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from playwright.sync_api import Frame, ViewportSize, sync_playwright
from playwright.sync_api import Page as Tab

from consult.demo.generator import make_leads
from consult.questionnaire.editions import newest
from tests.support import staff_client
from tests.support.agency_site import Embedded, embedded_check
from tests.support.apps import deliver, real_renderer, services_of
from tests.support.browser import FLAGS, find_browser, launch, serving_app
from tests.support.client import PageClient
from tests.support.keyboard_and_touch import fill_by_tapping
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHONE: ViewportSize = {"width": 390, "height": 900}
LAPTOP: ViewportSize = {"width": 1100, "height": 900}
PAGES_AHEAD = 4
AFTER_A_TAP = 600
"""Milliseconds until a tap no longer darkens what it was on."""
PHONE_SCALE = 2
DESK = {"width": 1280, "height": 1080}
DEMO_LEADS = 900
COVER_DPI = 130


def main() -> None:
    """Write all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, serving_app(Path(folder)) as (app, origin):
        journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
        journey.to_result()
        _picture_of_page(origin + journey.page.path, PICTURES / "result-phone.png")
        picture_of_cover(journey, PICTURES / "report-cover.png")
    with TemporaryDirectory() as folder, serving_app(Path(folder)) as (app, origin):
        _fill(app)
        _pictures_for_staff(f"{origin}/staff/")
    with TemporaryDirectory() as folder, embedded_check(Path(folder)) as embedded:
        _pictures_on_a_website(embedded)


def _pictures_on_a_website(embedded: Embedded) -> None:
    """The start on a phone, and a page of questions on a small laptop."""
    with sync_playwright() as playwright:
        # In a process of its own, the frame of another site would be drawn at half the size.
        flags = [*FLAGS, "--disable-site-isolation-trials"]
        browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        phone = browser.new_page(viewport=PHONE, device_scale_factor=PHONE_SCALE, has_touch=True)
        _open_embedded(phone, embedded)
        phone.screenshot(path=PICTURES / "website-phone.png")
        desk = browser.new_page(viewport=LAPTOP, has_touch=True, reduced_motion="reduce")
        frame = _open_embedded(desk, embedded)
        for _ in range(PAGES_AHEAD):
            fill_by_tapping(frame, BATON_ON_THE_FLOOR.answers)
            with frame.expect_navigation():
                frame.locator("main form button[type=submit]").last.click()
        fill_by_tapping(frame, BATON_ON_THE_FLOOR.answers)
        desk.evaluate("scrollTo(0, 0)")
        desk.wait_for_timeout(AFTER_A_TAP)
        desk.screenshot(path=PICTURES / "website-desk.png")
        browser.close()


def _open_embedded(tab: Tab, embedded: Embedded) -> Frame:
    tab.goto(embedded.agency, wait_until="networkidle")
    tab.wait_for_function("window.heard.some(([name]) => name === 'ready')")
    return tab.frames[1]


def _fill(app: Flask) -> None:
    """Let a year pass at an agency of two."""
    for person in (staff_client.EMAIL, "noor@example.com"):
        staff_client.make_user(app, person)
    made = services_of(app)
    office = made.settings.office
    list(make_leads(made.database, newest(), made.brand, office, DEMO_LEADS, seed=1))


def _pictures_for_staff(address: str) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page(viewport={"width": DESK["width"], "height": DESK["height"]})
        tab.goto(f"{address}?consult=yes&stage=taken")
        tab.fill("[name=email]", staff_client.EMAIL)
        tab.fill("[name=password]", staff_client.PASSWORD)
        tab.click("main form button")
        tab.click(".leads tbody th a")
        tab.wait_for_load_state("networkidle")
        tab.screenshot(path=PICTURES / "lead.png")
        tab.goto(f"{address}insights?period=365")
        tab.screenshot(path=PICTURES / "insights.png")
        browser.close()


def _picture_of_page(address: str, file: Path) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page(
            viewport=PHONE,
            device_scale_factor=PHONE_SCALE,
        )
        tab.goto(address, wait_until="networkidle")
        tab.screenshot(path=file)
        browser.close()


def picture_of_cover(journey: Journey, file: Path) -> None:
    """The first page of the PDF of a result, whose owner leaves their contact first."""
    result = journey.page.path
    journey.go(f"{result}/contact")
    journey.client.submit(journey.page.form("/contact").fill(**CONTACT))
    deliver(journey.client.app, real_renderer().render)
    report = journey.client.get(f"{result}/report.pdf").body
    command = ["pdftoppm", "-png", "-singlefile", "-r", str(COVER_DPI)]
    subprocess.run([*command, "-", str(file.with_suffix(""))], input=report, check=True)


if __name__ == "__main__":
    main()
