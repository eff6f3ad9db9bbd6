"""The browser's Back button, after a form was sent with something wrong and then mended."""

from collections.abc import Mapping

from tests.support import staff_client
from tests.support.apps import services_of
from tests.support.browser import Served, Visit
from tests.support.keyboard_and_touch import SEND, fill_by_tapping, tap_on
from tests.support.personas import CONTACT, AnswerValue
from tests.support.results import submit_check
from tests.support.submissions import lead_of

WRONG = "main :is(.error, .error-summary)"


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
