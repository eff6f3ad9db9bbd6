"""The whole way, from the start page to the PDF, as people with a phone really go it."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser

from tests.support import staff_client
from tests.support.apps import deliver, services_of
from tests.support.browser import Served, Visit, visiting
from tests.support.keyboard_and_touch import fill_by_tapping, tap
from tests.support.personas import CONTACT, CORNER_SHOP, AnswerValue
from tests.support.results import submit_check
from tests.support.submissions import lead_of

MOST_PAGES = 30
SEND = "main form button[type=submit]"
WRONG = "main :is(.error, .error-summary)"


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Visit]:
    """The phone of someone who was never here before."""
    with visiting(browser, served.origin, javascript=False, touch=True) as phone:
        yield phone


def tap_on(visit: Visit, selector: str) -> None:
    """Tap what leads to another page, which has to fit the window."""
    visit.leave(lambda: tap(visit.tab, selector))
    assert visit.overflow() == 0, f"{visit.path} is wider than the phone"


def test_a_phone_without_javascript_gets_to_the_pdf(served: Served, phone: Visit) -> None:
    phone.open("/?utm_source=newsletter")
    tap_on(phone, SEND)
    for _ in range(MOST_PAGES):
        if phone.path.endswith("/review"):
            break
        fill_by_tapping(phone.tab, CORNER_SHOP.answers)
        tap_on(phone, SEND)
    tap_on(phone, SEND)
    assert "Good Legs, Loose Grip" in phone.text

    tap_on(phone, "a[href$='/report.pdf']")
    assert phone.path.endswith("/contact"), "the PDF asks who it is for"
    fill_by_tapping(phone.tab, CONTACT)
    tap_on(phone, SEND)
    assert "Thank you, Dana Okafor" in phone.text

    assert deliver(served.app) > 0  # which tests/web/test_two_machines.py does with a real PDF
    link = phone.tab.locator("a[href$='/report.pdf']").first
    report = phone.tab.request.get(served.origin + (link.get_attribute("href") or ""))
    assert report.headers["content-type"] == "application/pdf"
    assert report.body().startswith(b"%PDF-")


def test_back_to_a_form_that_was_mended_shows_it_with_what_was_wrong(
    served: Served, phone: Visit
) -> None:
    """And never asks to send the form again."""

    def fix(answers: Mapping[str, AnswerValue], send: str = SEND) -> None:
        tap_on(phone, send)
        shown = phone.tab.locator(WRONG).count()
        assert shown
        fill_by_tapping(phone.tab, answers)
        tap_on(phone, send)
        assert phone.tab.locator(WRONG).count() == 0
        phone.tab.go_back()
        assert phone.tab.locator(WRONG).count() == shown

    phone.open("/")
    tap_on(phone, SEND)
    tap_on(phone, SEND)
    fix({"marketing_by": "me", "selling_by": "me"})
    result = submit_check(served.app)
    phone.open(f"{result}/contact")
    fix(CONTACT)
    phone.open("/staff/sign-in")
    signing_in = {"email": staff_client.EMAIL, "password": staff_client.PASSWORD}
    fix(signing_in, "form:has([name=password]) button")
    lead = lead_of(services_of(served.app).database, result.removeprefix("/result/"))
    phone.open(f"/staff/leads/{lead.id}?open=notes")
    fix({"text": "Called."}, "#notes form[action$='/notes'] button")


def test_a_phone_without_javascript_books_a_consult_with_two_taps_and_one_form(
    served: Served, phone: Visit
) -> None:
    phone.open(submit_check(served.app))
    tap_on(phone, "a[href$='/book']")
    slot = phone.tab.locator("[name=slot]").first.get_attribute("value")
    fill_by_tapping(phone.tab, {**CONTACT, "slot": slot or ""})
    tap_on(phone, SEND)
    assert "Your consult is booked" in phone.text
