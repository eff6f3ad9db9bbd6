"""What admins set, but for the brand's own file."""

from consult.staff.settings.settings_form import GROUPS
from tests.browser.pages.state import State, look_at_each, press
from tests.support.browser import Visit


def open_without_hours(visit: Visit) -> None:
    visit.tab.check("[name=business_hours-sat-open]")
    visit.tab.fill("[name=business_hours-fri-until-1]", "12:00")
    visit.tab.locator("details.break summary").nth(4).click()
    visit.tab.fill("[name=business_hours-fri-from-2]", "13:30")
    visit.tab.fill("[name=business_hours-fri-until-2]", "16:00")
    press("form.settings button")(visit)


test_settings = look_at_each(
    *(State(slug, f"/staff/settings/{slug}", who="admin") for slug in GROUPS),
    State("hours refused", "/staff/settings/hours", open_without_hours, who="admin"),
    State("website tried", "/staff/settings/website/try?page=example.com", who="admin"),
    State("notifications", "/staff/settings/notifications", who="admin"),
)
