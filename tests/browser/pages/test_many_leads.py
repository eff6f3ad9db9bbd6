"""Views, and what is done with many leads at once."""

from tests.browser.pages.state import State, look_at_each, open_all, press
from tests.support.browser import Visit


def win_all(visit: Visit) -> None:
    visit.tab.select_option("#stage", "won")
    press("button[value=move]")(visit)


test_many_leads = look_at_each(
    State("list as a view", "/staff/leads?stage=open&source=fair", who="staff"),
    State("new view", "/staff/views/new?stage=won&assignee=me&text=a", who="staff"),
    State("view refused", "/staff/views/new?stage=won", press("main form button"), who="staff"),
    State("edit view", "/staff/views/1", who="staff"),
    State("many leads", "/staff/leads/bulk?do=all&demo=without", who="staff"),
    State("many leads refused", "/staff/leads/bulk?lead=1&lead=2", win_all, who="staff"),
    State("export", "/staff/exports/new?text=okafor&stage=open", open_all, who="staff"),
    State("export of nothing", "/staff/exports/new?text=nobody", who="staff"),
)
