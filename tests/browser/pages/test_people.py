"""Accounts of colleagues, and the log of what they did."""

from tests.browser.pages.state import State, look_at_each, press

PEOPLE = "/staff/settings/people"

test_people = look_at_each(
    State("people", PEOPLE, who="admin"),
    State("nobody invited", PEOPLE, press("form[action$='/invite'] button"), who="admin"),
    State("one-time link", f"{PEOPLE}/1", press("form[action$='/link'] button"), who="admin"),
    State("colleague", f"{PEOPLE}/2", who="admin"),
    State(
        "last admin",
        f"{PEOPLE}/3",
        press("form[action$='/disable'] button"),
        who="admin",
        shows="the last admin",
    ),
    State("audit log", "/staff/settings/audit-log", who="admin"),
    State("nothing in the log", "/staff/settings/audit-log?lead=77", who="admin"),
)
