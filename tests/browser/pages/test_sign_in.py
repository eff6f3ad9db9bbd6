"""Pages of staff who aren’t signed in, and of those who have to say again who they are."""

from tests.browser.pages.state import State, look_at_each, press
from tests.support.browser import Visit
from tests.support.staff_client import PASSWORD


def send_late_and_confirm(visit: Visit) -> None:
    press("form[action$='/end-all'] button")(visit)
    visit.tab.fill("[name=password]", PASSWORD)
    press("form:has([name=password]) button")(visit)


test_sign_in = look_at_each(
    State("sign in", "/staff/sign-in"),
    State("sign in refused", "/staff/sign-in", press()),
    State("invitation", lambda site: site.invitation),
    State("invitation unanswered", lambda site: site.invitation, press()),
    State("invitation over", "/staff/invitation/used", status=404),
    State("provider away", "/staff/sign-in/provider", status=503),
    State("back from the provider in vain", "/staff/sign-in/provider/back", status=400),
    State("account not linked", "/staff/account/provider", who="staff", status=503),
    State("confirm", "/staff/confirm?next=/staff/account", who="staff", stale=True),
    State("confirm refused", "/staff/confirm", press(), who="staff", stale=True),
    State("form to send again", "/staff/account", send_late_and_confirm, who="staff", stale=True),
    State("stop mails", lambda site: site.stop_mails),
    State("mails stopped", lambda site: site.stop_mails, press()),
)
