"""Answers that are missing or not taken, the review of all, and a check that waits."""

from collections.abc import Callable

from tests.browser.pages.state import State, check_all, look_at_each, open_all, press
from tests.browser.site import Site
from tests.support.browser import Visit
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR


def stopped_at(page: str) -> Callable[[Site], str]:
    def path(site: Site) -> str:
        journey = Journey(PageClient(site.app), BATON_ON_THE_FLOOR.answers)
        journey.start()
        return journey.to_page(page).path

    return path


def too_many_symptoms(visit: Visit) -> None:
    check_all(visit, "[name=symptoms]:not(:checked)")
    press()(visit)


def a_word_for_a_number(visit: Visit) -> None:
    visit.tab.locator("[name=first_sale_value]").fill("plenty")
    press()(visit)


def a_word_in_doubt(visit: Visit) -> None:
    open_all(visit)
    visit.tab.locator("[name=new_customers_last_month]").fill("plenty")
    press("form.contradictions button")(visit)


test_review = look_at_each(
    State("who unanswered", lambda site: f"{site.empty_check}/who", press()),
    State("cards unanswered", stopped_at("sort-1"), press()),
    State("items unanswered", stopped_at("keep-going"), press()),
    State("too many symptoms", lambda site: f"{site.full_check}/trouble", too_many_symptoms),
    State("no number", lambda site: f"{site.full_check}/numbers", a_word_for_a_number),
    State("review", lambda site: f"{site.full_check}/review"),
    State("review with contradictions", lambda site: f"{site.full_check}/review", open_all),
    State("a word in doubt", lambda site: f"{site.full_check}/review", a_word_in_doubt),
    State("review with gaps", lambda site: f"{site.empty_check}/review"),
    State("pause", lambda site: f"{site.empty_check}/pause", open_all),
    State("resume", lambda site: site.resume_link),
    State("resume link expired", "/resume/nothing", status=410),
    State(
        "pause with a reminder",
        lambda site: f"{site.full_check}/pause?revoked=1",
        open_all,
        shows="You asked for one reminder",
    ),
)
