"""Webhooks, where admins add and change them and see what became of their messages."""

from tests.browser.pages.state import State, before_anyone_came, look_at_each, open_all, press
from tests.support.browser import Visit

WEBHOOKS = "/staff/settings/webhooks"


def add(visit: Visit) -> None:
    visit.tab.fill("[name=url]", "https://hooks.example/relay")
    press()(visit)


def choose_hubspot(visit: Visit) -> None:
    """Choose a format that needs more than what was entered."""
    visit.tab.select_option("[name=kind]", "hubspot")
    visit.tab.locator("details.more summary").click()
    visit.tab.fill("[name=map_email]", "E mail")
    press()(visit)


test_webhooks = look_at_each(
    State("webhooks", WEBHOOKS, who="admin"),
    State("no webhooks", WEBHOOKS, before_anyone_came, who="admin"),
    State("webhook without trouble", f"{WEBHOOKS}/1?show=failed", who="admin"),
    State("webhook", f"{WEBHOOKS}/1?done=test", open_all, who="admin"),
    State("webhook switched off", f"{WEBHOOKS}/2", open_all, who="admin"),
    State("add a webhook", f"{WEBHOOKS}/new", who="admin"),
    State("webhook refused", f"{WEBHOOKS}/new", choose_hubspot, who="admin"),
    State("secret of a webhook", f"{WEBHOOKS}/new", add, who="admin"),
    State("change a webhook", f"{WEBHOOKS}/1/change", who="admin"),
)
