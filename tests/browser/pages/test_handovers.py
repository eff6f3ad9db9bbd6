"""A lead that a colleague offers another, and its mail."""

from tests.browser.pages.state import State, look_at_each, open_all, press
from tests.support.browser import Visit


def send_long_comment(visit: Visit) -> None:
    open_all(visit)
    visit.tab.locator("#answer-comment").evaluate("field => { field.value = 'w'.repeat(1001) }")
    press("form[action$=decline] button")(visit)


test_handovers = look_at_each(
    State("lead offered", "/staff/leads/3", who="staff"),
    State("lead that I offered", "/staff/leads/7?done=follow-up", who="staff"),
    State("return refused", "/staff/leads/3", send_long_comment, who="staff"),
    State("mail", "/staff/leads/1/mails/1", who="staff"),
)
