"""A demo owner goes from page to page: how long each takes, and where some stop."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from consult.owner.open_draft import visit_of
from consult.questionnaire import Kind, Walk, WalkPage
from consult.storage.page_events import PageVisit, SaveEvent

_REVIEW = 6
_SLOW: Mapping[Kind, float] = {Kind.CHOICES: 1.6, Kind.RUNG: 1.2, Kind.NUMBER: 2.1}
"""How much longer a page takes, by the kind of its last question."""


def pages_before_stop(walk: Walk, random: Random) -> int:
    """Return how many pages somebody answers who stops before the end."""
    weights = [*(_stopping(number, page) for number, page in enumerate(walk.pages)), _REVIEW]
    return random.choices(range(len(weights)), weights)[0]


def _stopping(number: int, page: WalkPage) -> float:
    """How many stop on a page: most on the first and where numbers are asked."""
    if page.questions[-1].question.kind is Kind.NUMBER:
        return 24
    return max(2.5, 22 / (number + 1))


def saves(
    walk: Walk, answered: int, start: datetime, random: Random
) -> Iterator[tuple[datetime, WalkPage, SaveEvent]]:
    """Return when each page is sent, up to so many, and what that means for the statistics."""
    moment, pace = start, random.lognormvariate(0, 0.35)
    for number, page in enumerate(walk.pages[:answered]):
        following = walk.pages[number + 1] if number + 1 < len(walk.pages) else None
        saved = visit_of(page)
        if random.random() < 0.05:
            moment += timedelta(seconds=_seconds(page, pace, random) / 2)
            yield moment, page, SaveEvent(unanswered(page), saved, refused=True)
        moment += timedelta(seconds=_seconds(page, pace, random))
        if random.random() < 0.015:
            moment += timedelta(minutes=random.uniform(20, 300))
        yield moment, page, SaveEvent(saved, unanswered(following))


def unanswered(page: WalkPage | None) -> PageVisit:
    """Return a page as it first comes into view; None means the review."""
    visit = visit_of(page)
    return replace(visit, open=visit.asked, unknown=())


def _seconds(page: WalkPage, pace: float, random: Random) -> float:
    usual = (4 + 5 * len(page.questions)) * _SLOW.get(page.questions[-1].question.kind, 1.0)
    return usual * pace * random.lognormvariate(0, 0.4)
