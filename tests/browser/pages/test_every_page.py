"""Pages that belong to no room, and whether every page is looked at."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.pages.state import STATES, State, look_at_each
from tests.browser.site import Site
from tests.support.browser import PHONE_WIDTH, Visit

NOT_LOOKED_AT = {
    *("static", "brand.stylesheet", "brand.picture", "brand.shared", "favicon", "embed.script"),
    *("health.live", "health.ready", "questionnaire.resume", "booked.calendar_file"),
    *("api.lead_list", "api.lead", "api.edition", "api.openapi_document", "staff.settings"),
    *("staff.report_pdf", "staff.brief_pdf", "staff.export_csv", "staff.export_xlsx"),
    *("staff.data_json", "staff.provider_invitation", "staff.provider_reauthentication"),
}
"""Endpoints that answer with a file or send the reader on."""

test_everybody_can_use_it = look_at_each(
    State("not found", "/nowhere", status=404),
    State("lead not found", "/staff/leads/99", who="staff", status=404),
    State("for admins only", "/staff/settings/people", who="staff", status=403),
    State("help", "/staff/help", who="staff"),
)


@pytest.mark.parametrize("who", ["staff", "admin"])
def test_staff_sign_out_beside_the_mark(who: str, windows: Callable[..., Visit]) -> None:
    """On a phone the navigation of admins, who have one word more, takes a line of its own."""
    visit = windows(who)
    visit.look(PHONE_WIDTH, height=740)
    visit.open("/staff/")
    tops = "parts => parts.map(part => part.getBoundingClientRect().top)"
    parts = visit.tab.locator(".masthead :is(.shell > a, nav, .sign-out)")
    mark, links, sign_out = parts.evaluate_all(tops)
    assert mark == sign_out
    assert (links == mark) is (who == "staff")


def test_no_page_is_left_out(site: Site) -> None:
    """A new page has to be looked at: give it a `State` in the file of its room."""
    for file in Path(__file__).parent.glob("test_*.py"):
        import_module(f"{__package__}.{file.stem}")
    addresses = site.app.url_map.bind("")
    paths = [state.path_on(site) for state in STATES if state.status != 404]
    seen = {addresses.match(urlsplit(path).path, "GET")[0] for path in paths}
    pages = {
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint not in NOT_LOOKED_AT
    }
    assert pages <= seen
