"""What is stored about people, how it is deleted, and what is kept as proof."""

from tests.browser.pages.state import State, look_at_each, press

test_privacy = look_at_each(
    State("data", "/staff/leads/1/data", who="admin"),
    State("delete lead", "/staff/leads/1/delete", who="admin"),
    State("delete lead without reason", "/staff/leads/1/delete", press(), who="admin"),
    State("anonymise lead", "/staff/leads/1/anonymise", who="admin"),
    State("receipts", "/staff/receipts?lead=2", who="admin"),
    State("no receipts", "/staff/receipts?lead=99", who="admin"),
    State("person", "/staff/person", who="admin"),
    State("nobody found", "/staff/person", press(), who="admin"),
)
