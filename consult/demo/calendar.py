"""The rhythm of a year: when people come, from where, and how many only look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

DAYS = 365
_WEEKDAYS = (1.0, 1.1, 1.05, 1.0, 0.75, 0.3, 0.45)
_MONTHS = (1.15, 1.1, 1.05, 1.0, 0.95, 0.85, 0.65, 0.6, 1.1, 1.15, 1.05, 0.55)
# By hour of the day: some at lunch, most at nine in the evening.
_HOURS = (1, 0, 0, 0, 0, 1, 3, 6, 8, 9, 9, 8, 11, 10, 8, 8, 8, 8, 9, 12, 16, 17, 10, 4)
_NEWSLETTERS = (40, 131, 222, 313)
"""Days of the year on which a newsletter went out, which fill the next three."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where people come from: how many, how many views lead to one start, and who finishes."""

    tags: Mapping[str, str]
    share: float
    views_a_start: float
    finishing: float


SOURCES = (
    Source({}, 5, 3.0, 0.55),
    Source(
        {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "relay"}, 6, 1.8, 0.7
    ),
    Source({"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "free"}, 6, 4.5, 0.42),
    Source({"utm_source": "facebook", "utm_medium": "social"}, 4, 6.0, 0.36),
    Source({"ref": "chamber-breakfast"}, 2, 1.3, 0.8),
    Source({"ref": "article-not-the-same"}, 3, 2.2, 0.62),
)


def some_source(random: Random, *, finished: bool) -> Source:
    """Return where somebody came from who finished a check, or who did not."""
    weights = [
        source.share * (source.finishing if finished else 1 - source.finishing)
        for source in SOURCES
    ]
    return random.choices(SOURCES, weights)[0]


def views_before_a_start(source: Source, random: Random) -> int:
    """Return how often the start page was seen until somebody pressed Start."""
    return 1 + int(random.expovariate(1 / (source.views_a_start - 0.5)))


def moments(now: datetime, count: int, random: Random) -> Sequence[datetime]:
    """Return when checks were begun in the year before `now`, in order: more and more of them."""
    last = now - timedelta(hours=1)
    days = [last - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    picked = random.choices(days, [_busy(day, number) for number, day in enumerate(days)], k=count)
    return sorted(_at_some_hour(day, last, random) for day in picked)


def _busy(day: datetime, number: int) -> float:
    growth = 0.4 + 0.6 * number / DAYS
    letter = 1.8 if any(0 <= number - sent < 3 for sent in _NEWSLETTERS) else 1.0
    return growth * letter * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1]


def _at_some_hour(day: datetime, last: datetime, random: Random) -> datetime:
    hour = random.choices(range(24), _HOURS)[0]
    moment = day.replace(
        hour=hour, minute=random.randrange(60), second=random.randrange(60), microsecond=0
    )
    return min(moment, last)
