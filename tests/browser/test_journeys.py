"""The whole way, from the start page to the PDF, as people with a phone really go it."""

from tests.support.apps import deliver
from tests.support.browser import Served, Visit
from tests.support.keyboard_and_touch import SEND, fill_by_tapping, tap_on
from tests.support.personas import CONTACT, CORNER_SHOP
from tests.support.results import submit_check

MOST_PAGES = 30


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


def test_a_phone_without_javascript_books_a_consult_with_two_taps_and_one_form(
    served: Served, phone: Visit
) -> None:
    phone.open(submit_check(served.app))
    tap_on(phone, "a[href$='/book']")
    slot = phone.tab.locator("[name=slot]").first.get_attribute("value")
    fill_by_tapping(phone.tab, {**CONTACT, "slot": slot or ""})
    tap_on(phone, SEND)
    assert "Your consult is booked" in phone.text
