"""Codes of people who have a second factor: at sign-in, and asked for again."""

from tests.browser.pages.state import State, look_at_each, open_all, press
from tests.support.browser import Visit
from tests.support.keyboard_and_touch import sign_in
from tests.support.second_factors import ASKED, CAREFUL, FACTORS


def give_password(visit: Visit) -> None:
    sign_in(visit, CAREFUL)


def give_no_code(visit: Visit) -> None:
    give_password(visit)
    press("form:has([name=code]) button")(visit)


def give_no_recovery_code(visit: Visit) -> None:
    give_password(visit)
    open_all(visit)
    press("form:has([name=recovery_code]) button")(visit)


renew_recovery_codes = press("form[action$='/recovery-codes'] button")

test_second_factors = look_at_each(
    State("second factor", ASKED, give_password),
    State("no code", ASKED, give_no_code),
    State("no recovery code", ASKED, give_no_recovery_code),
    State("factors", FACTORS, who="careful"),
    State("recovery codes", FACTORS, renew_recovery_codes, who="careful"),
    State("confirm by code", "/staff/confirm", who="careful", stale=True),
    State("form held back", FACTORS, renew_recovery_codes, who="careful", stale=True),
)
