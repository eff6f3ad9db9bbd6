"""The result, as an owner and those with whom they share it read it."""

from playwright.sync_api import Route

from tests.browser.pages.state import State, look_at_each, open_all
from tests.support.browser import Visit
from tests.support.results import suspect_result


def without_looking_again(visit: Visit) -> None:
    def still(route: Route) -> None:
        answer = route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name != "refresh"}
        route.fulfill(response=answer, headers=headers)

    visit.tab.route("**/report.pdf", still, times=1)
    visit.tab.reload()


test_result = look_at_each(
    State("result", lambda site: site.anonymous_result, open_all),
    State("best result", lambda site: site.best_result, open_all),
    State("result that waits", lambda site: suspect_result(site.app)),
    State("result and thanks", lambda site: f"{site.result}?thanks=1", open_all),
    State("shared result", lambda site: site.shared_result, open_all),
    State("waiting", lambda site: f"{site.waiting_result}/report.pdf", without_looking_again),
)
