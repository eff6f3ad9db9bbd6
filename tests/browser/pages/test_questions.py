"""The start page and the questions of the quick check, as they come to an owner."""

from tests.browser.pages.state import State, look_at_each

PAGES = (
    *("trouble", "who", "buyers", "sort-1", "sort-2", "purpose", "goals", "measures"),
    *("first-touch", "keep-going", "numbers", "one-lead", "that-lead", "own-words"),
)
"""The pages of the quick check, in order."""


def question(page: str) -> State:
    return State(page, lambda site: f"{site.full_check}/{page}")


test_questions = look_at_each(
    State("start", "/"),
    State("start in full", "/?depth=full"),
    *map(question, PAGES),
    State("change one answer", lambda site: f"{site.full_check}/first-touch?then=review"),
)
