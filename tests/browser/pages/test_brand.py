"""The name, colors and pictures of the agency, where they are set."""

from tests.browser.pages.state import LOOKS, LookAt, State, look_at_each, press
from tests.browser.site import Site
from tests.support import staff_client
from tests.support.browser import Visit

BRAND = "/staff/settings/brand"
send_logo = press("form:has(#logo) button")


def unreadable(visit: Visit) -> None:
    visit.tab.fill("#brand-colours-marketing", "#ffe08a")
    visit.tab.locator("[data-readable]", has_text="not enough contrast").wait_for()
    press("form.settings button:not([name])")(visit)


test_brand = look_at_each(
    State("preview", BRAND, press("[name=preview]"), who="admin"),
    State("unreadable", BRAND, unreadable, who="admin"),
    State("no logo", BRAND, send_logo, who="admin"),
)


def test_a_logo_that_comes_late_is_chosen_again(site: Site, look_at: LookAt) -> None:
    def send_late(visit: Visit) -> None:
        visit.tab.set_input_files(
            "#logo", {"name": "ours.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
        )
        staff_client.age_authentication(site.app, minutes=60)
        send_logo(visit)
        visit.tab.fill("[name=password]", staff_client.PASSWORD)
        press("form:has([name=password]) button")(visit)
        visit.tab.locator("input[type=file][name=logo]").wait_for()

    look_at(State("file to choose again", BRAND, send_late, who="admin"), LOOKS[0])
