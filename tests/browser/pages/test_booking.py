"""Calendars that report bookings, busy times, and bookings without a lead."""

from tests.browser.pages.state import State, look_at_each, press

CALENDARS = "/staff/settings/calendars"
BUSY_TIMES = "/staff/settings/busy-times"
get_secret = press("[action$='/secret'] button")

test_booking = look_at_each(
    State("calendars", CALENDARS, who="admin"),
    State("calendar that reports", f"{CALENDARS}/cal?done=saved", who="admin"),
    State("calendar of Calendly", f"{CALENDARS}/calendly", who="admin"),
    State("secret of a calendar", f"{CALENDARS}/cal", get_secret, who="admin"),
    State("secret of a calendar refused", f"{CALENDARS}/savvycal", get_secret, who="admin"),
    State("bookings without a lead", "/staff/bookings?done=dismissed", who="staff"),
    State("whose booking", "/staff/bookings/1?text=Okafor", who="staff"),
    State("busy times", f"{BUSY_TIMES}?done=added", who="admin"),
    State("no calendar", BUSY_TIMES, press("[action$='/add'] button"), who="admin"),
)
