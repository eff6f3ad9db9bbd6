"""Insights, and the checks that were not finished."""

from tests.browser.pages.state import State, before_anyone_came, look_at_each, open_all

test_insights = look_at_each(
    State("insights", "/staff/insights", open_all, who="staff"),
    State("insights before anyone came", "/staff/insights", before_anyone_came, who="staff"),
    State("insights of nobody", "/staff/insights?source=nowhere", who="staff"),
    State("unfinished checks", "/staff/unfinished?done=requested", who="staff"),
)
