"""The rhythm of a year: when people come, from where, and how many only look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

_DAYS = 365
_WEEKDAYS = (1.0, 1.1, 1.05, 1.0, 0.75, 0.3, 0.45)
_MONTHS = (1.15, 1.1, 1.05, 1.0, 0.95, 0.85, 0.65, 0.6, 1.1, 1.15, 1.05, 0.55)
# By hour of the day: some at lunch, most at nine in the evening.
_HOURS = (1, 0, 0, 0, 0, 1, 3, 6, 8, 9, 9, 8, 11, 10, 8, 8, 8, 8, 9, 12, 16, 17, 10, 4)
_NEWSLETTERS = (40, 131, 222, 313)
"""Days of the year on which a newsletter is sent, which fills the next three."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where people come from: their share, how many views lead to one start, and who finishes."""

    tags: Mapping[str, str]
    share: float
    views_per_start: float
    finishing: float


_SOURCES = (
    Source({}, 5, 3.0, 0.55),
    Source(
        {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "relay"}, 6, 1.8, 0.7
    ),
    Source({"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "free"}, 6, 4.5, 0.42),
    Source({"utm_source": "facebook", "utm_medium": "social"}, 4, 6.0, 0.36),
    Source({"ref": "chamber-breakfast"}, 2, 1.3, 0.8),
    Source({"ref": "article-not-the-same"}, 3, 2.2, 0.62),
)


def random_source(random: Random, *, finished: bool) -> Source:
    """Return the source of a response that was finished, or that was not."""
    weights = [s.share * (s.finishing if finished else 1 - s.finishing) for s in _SOURCES]
    return random.choices(_SOURCES, weights)[0]


def starting_times(now: datetime, count: int, random: Random) -> list[datetime]:
    """Return when responses were started in the year before `now`, in order: more and more."""
    last = now - timedelta(hours=1)
    days = [last - timedelta(days=ago) for ago in range(_DAYS - 1, -1, -1)]
    weights = []
    for number, day in enumerate(days):
        newsletter = 1.8 if any(0 <= number - sent < 3 for sent in _NEWSLETTERS) else 1.0
        growth = 0.4 + 0.6 * number / _DAYS
        weights.append(growth * newsletter * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1])
    times = []
    for day in random.choices(days, weights, k=count):
        [hour] = random.choices(range(24), _HOURS)
        minute, second = random.randrange(60), random.randrange(60)
        times.append(day.replace(hour=hour, minute=minute, second=second, microsecond=0))
    return sorted(min(time, last) for time in times)
