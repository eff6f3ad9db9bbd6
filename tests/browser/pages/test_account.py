"""One’s own account: password, and a second factor that is set up."""

from tests.browser.pages.state import State, look_at_each, press
from tests.support.second_factors import FACTORS

ACCOUNT = "/staff/account"

test_account = look_at_each(
    State("account", ACCOUNT, who="staff"),
    State("password refused", ACCOUNT, press("form[action$='/password'] button"), who="staff"),
    State("no factors", FACTORS, who="staff"),
    State("add a passkey", f"{FACTORS}/passkeys/new", who="staff"),
    State("set up an app", f"{FACTORS}/app", who="staff"),
    State("app refused", f"{FACTORS}/app", press(), who="staff"),
)
