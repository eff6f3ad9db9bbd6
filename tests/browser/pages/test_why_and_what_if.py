"""Why the scores are what they are, and what another answer would change."""

from tests.browser.pages.state import State, look_at_each, open_all
from tests.support.browser import Visit


def pick_another(visit: Visit) -> None:
    visit.tab.select_option("#follow_up", "3")
    visit.tab.locator("#changes", has_text="2 answers changed").wait_for()


test_why_and_what_if = look_at_each(
    State("why", lambda site: f"{site.result}/why", open_all),
    State("why so much is unknown", lambda site: f"{site.anonymous_result}/why", open_all),
    State("why the shared scores", lambda site: f"{site.shared_result}/why"),
    State("what if", lambda site: f"{site.anonymous_result}/what-if"),
    State("what if picked", lambda site: f"{site.result}/what-if?lead_list=3&x=1", pick_another),
)
