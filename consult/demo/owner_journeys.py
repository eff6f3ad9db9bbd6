"""The way of a made-up owner from page to page: how long each takes, and where some stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from consult.owner.page_timing import shown_of
from consult.questionnaire import Kind, Walk, WalkPage
from consult.storage.insights.page_times import Shown, Step, Trace, begun, went_on

_REVIEW = 6
_SLOW: Mapping[Kind, float] = {Kind.CHOICES: 1.6, Kind.RUNG: 1.2, Kind.NUMBER: 2.1}
"""How much longer a page takes, by the kind of its last question."""


@dataclass(frozen=True, slots=True)
class Way:
    """A trace, and the moment at which its last page came into view."""

    trace: Trace
    end: datetime


def whole_way(way: Walk, start: datetime, random: Random) -> Way:
    """Return the way of somebody who answers every page, up to the review."""
    return _way(way.pages, len(way.pages), start, random)


def stopped_way(way: Walk, start: datetime, random: Random) -> tuple[Way, Sequence[WalkPage]]:
    """Return the way of somebody who stops before the end, and the pages that they answered."""
    stopping = [*(_stopping(number, page) for number, page in enumerate(way.pages)), _REVIEW]
    stops = random.choices(range(len(stopping)), stopping)[0]
    return _way(way.pages, stops, start, random), way.pages[:stops]


def _stopping(number: int, page: WalkPage) -> float:
    """How many stop on a page: most on the first and where numbers are asked."""
    if page.questions[-1].question.kind is Kind.NUMBER:
        return 24
    return max(2.5, 22 / (number + 1))


def _way(pages: Sequence[WalkPage], answered: int, start: datetime, random: Random) -> Way:
    trace, moment = begun(_unanswered(pages[0]), start), start
    pace = random.lognormvariate(0, 0.35)
    for number, page in enumerate(pages[:answered]):
        following = pages[number + 1] if number + 1 < len(pages) else None
        saved, then = shown_of(page), _unanswered(following)
        if random.random() < 0.05:
            end = moment + timedelta(seconds=_seconds(page, pace, random) / 2)
            trace = went_on(trace, Step(_unanswered(page), saved, refused=True), moment, end)
            moment = end
        end = moment + timedelta(seconds=_seconds(page, pace, random))
        if random.random() < 0.015:
            end += timedelta(minutes=random.uniform(20, 300))
        trace = went_on(trace, Step(saved, then), moment, end)
        moment = end
    return Way(trace, moment)


def _seconds(page: WalkPage, pace: float, random: Random) -> float:
    usual = (4 + 5 * len(page.questions)) * _SLOW.get(page.questions[-1].question.kind, 1.0)
    return usual * pace * random.lognormvariate(0, 0.4)


def _unanswered(page: WalkPage | None) -> Shown:
    shown = shown_of(page)
    return Shown(shown.page, shown.asked, shown.asked)
