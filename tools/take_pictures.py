"""Take the pictures that the README shows: result, cover of the report, a lead, and the insights.

    python -m tools.take_pictures

Needs what the tests need: Chromium and pdftoppm. The owner in them is one of the tests' personas.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from playwright.sync_api import sync_playwright

from consult.demo import make_leads
from consult.questionnaire.editions import newest
from tests.support import staff_client
from tests.support.apps import deliver, make_app, services_of
from tests.support.browser import launch, serving
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHONE = {"width": 390, "height": 900}
PHONE_SCALE = 2
DESK = {"width": 1280, "height": 1080}
DEMO_LEADS = 900
COVER_DPI = 130


def main() -> None:
    """Write all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    apps: list[Flask] = []

    def make(address: str) -> Flask:
        apps.append(make_app(Path(folder), base_url=address))
        return apps[-1]

    with TemporaryDirectory() as folder, serving(make) as origin:
        journey = Journey(PageClient(apps[0]), BATON_ON_THE_FLOOR.answers)
        journey.to_result()
        result = journey.page.path
        _picture_of_page(origin + result, PICTURES / "result-phone.png")
        journey.go(f"{result}/contact")
        journey.client.submit(journey.page.form("/contact").fill(**CONTACT))
        deliver(apps[0])
        report = Path(folder, "report.pdf")
        report.write_bytes(journey.client.get(f"{result}/report.pdf").body)
        _picture_of_cover(report, PICTURES / "report-cover.png")
    with TemporaryDirectory() as folder, serving(make) as origin:
        _fill(apps[-1])
        _pictures_for_staff(f"{origin}/staff/")


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
            viewport={"width": PHONE["width"], "height": PHONE["height"]},
            device_scale_factor=PHONE_SCALE,
        )
        tab.goto(address, wait_until="networkidle")
        tab.screenshot(path=file)
        browser.close()


def _picture_of_cover(report: Path, file: Path) -> None:
    command = ["pdftoppm", "-png", "-singlefile", "-r", str(COVER_DPI)]
    subprocess.run([*command, str(report), str(file.with_suffix(""))], check=True)


if __name__ == "__main__":
    main()
