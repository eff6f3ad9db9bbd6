"""The start page and the questions of the quick check, as they come to an owner."""

from functools import partial

from tests.browser.pages.state import State, look_at_each
from tests.browser.site import QUESTION_PAGES, Site


def full_check(page: str, site: Site) -> str:
    return f"{site.full_check}/{page}"


test_questions = look_at_each(
    State("start", "/"),
    State("start in full", "/?depth=full"),
    *(State(page, partial(full_check, page)) for page in QUESTION_PAGES),
    State("change one answer", lambda site: f"{site.full_check}/first-touch?then=review"),
)
