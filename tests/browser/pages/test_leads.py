"""A lead, in whatever state it is."""

from tests.browser.pages.state import State, look_at_each, open_all

test_leads = look_at_each(
    State("lead", "/staff/leads/1", open_all, who="staff"),
    State("lead without PDF", "/staff/leads/3", open_all, who="staff"),
    State("lead without contact", "/staff/leads/4", open_all, who="staff"),
    State("lead made anonymous", "/staff/leads/6", open_all, who="staff"),
    State("lead that was lost", "/staff/leads/8", open_all, who="staff"),
)
