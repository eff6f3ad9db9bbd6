"""What is due today, and lists of leads."""

from tests.browser.pages.state import State, before_anyone_came, check_all, look_at_each, open_all
from tests.support.browser import Visit

LEADS = "/staff/leads"
ONE_LEAD = f"{LEADS}?archetype=well_rehearsed_relay"


def select_all(visit: Visit) -> None:
    check_all(visit, "tbody [name=lead]")


test_search = look_at_each(
    State("today", "/staff/", open_all, who="staff"),
    State("nothing today", "/staff/", before_anyone_came, who="staff"),
    State("leads", LEADS, who="staff"),
    State("no leads yet", LEADS, before_anyone_came, who="staff"),
    State("one lead", ONE_LEAD, who="staff"),
    State("leads selected", ONE_LEAD, select_all, who="staff"),
    State("leads filtered", f"{LEADS}?stage=open&text=a&sort=next", open_all, who="staff"),
    State("no lead fits", f"{LEADS}?text=nobody&stage=won&stage=lost", who="staff"),
    State("names like", f"{LEADS}?text=Okafur", who="staff"),
)
