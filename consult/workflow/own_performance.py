"""The agency's own performance: what its records answer to the questions that it asks others.

Five items of the questionnaire can be answered from what the staff area records anyway. Each is
answered here by the rungs of the questionnaire, so that the agency reads about itself the very
sentences it puts before others. How a record becomes a rung:

    reply_time     Each lead by opening days from when it could be answered: within an hour of
                   opening time 4, the same day 3, the next day 2, the day after 1, later or not
                   yet 0. Who still waits counts as if answered now, once that is overdue. The
                   rung is the best that half of the leads reach.
    tries          Leads that went silent: closed for want of an answer, or open with nothing for
                   three weeks and nothing planned. How often somebody wrote or called again
                   after they were last heard of: never 0, once 1, up to three times 2, more often,
                   over two weeks at least and then closed, 3. The best that half of them reach.
    outcomes       Of the last ten leads that are a month old: those that are won, lost or not a
                   fit, but not those closed because they never answered.
    dates_kept     Dates to ask again that have come, kept if somebody got in touch within a week:
                   nine of ten 3, half 2, some 1, none 0. A date that is not kept is a pile.
    known_sources  The last five that were won: all five with a source on record 3, four 2, two or
                   three 1, fewer 0.

Under a minimum for each item, nothing is said. Pure: no database, no clock of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from consult.workflow.office_hours import Office
from consult.workflow.stages import CLOSED, NO_ANSWER

SILENT_AFTER = timedelta(days=21)
TIME_TO_ANSWER = timedelta(days=30)
_SOME_WEEKS = timedelta(days=14)
_KEPT_WITHIN = timedelta(days=7)
_HOUR = timedelta(hours=1)

LAST_LEADS, LAST_WON = 10, 5
MINIMUM: Mapping[str, int] = MappingProxyType(
    {
        "reply_time": 5,
        "tries": 5,
        "outcomes": LAST_LEADS,
        "dates_kept": 3,
        "known_sources": LAST_WON,
    }
)
"""The measures in order, each with how many records it takes to say something."""


@dataclass(frozen=True, slots=True)
class Contacted:
    """A call or message by the agency; `kept` is the day to ask again that it kept."""

    at: datetime
    reached: bool
    kept: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A lead as far as it tells about the agency, its contacts oldest first.

    Attributes:
        reachable_at: when its owner said who they are.
        dates: the days on which to ask again that were ever set.
        planned: whether something is still to come: a day to ask again, or a consult.
    """

    reachable_at: datetime
    stage: str
    reason: str = ""
    first_contact_at: datetime | None = None
    contacts: Sequence[Contacted] = ()
    dates: Sequence[date] = ()
    planned: bool = False

    @property
    def is_clear(self) -> bool:
        """Whether there was a yes or a no, and not just silence."""
        return self.stage in CLOSED and self.reason != NO_ANSWER


@dataclass(frozen=True, slots=True)
class Records:
    """The records to look at, each group newest first.

    Attributes:
        recent: the leads of late.
        settled: those that came in a month ago or earlier.
        won_sources: where the last that were won came from; empty where that is not known.
    """

    recent: Sequence[Record]
    settled: Sequence[Record]
    won_sources: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measure:
    """An item as the records answer it. `rung` is None where so few cannot tell.

    `id` is that of the measure; an edition's `roles.own_performance` names the item it answers.
    """

    id: str
    rung: int | None
    count: int


def measure(records: Records, office: Office, now: datetime) -> tuple[Measure, ...]:
    """The five items, in the order of the questionnaire."""
    answers: Mapping[str, tuple[Callable[[Sequence[int]], int], Sequence[int]]] = {
        "reply_time": (_half_reach, _replies(records.recent, office, now)),
        "tries": (_half_reach, _follow_ups(records.settled, now)),
        "outcomes": (_clear, [one.is_clear for one in records.settled[:LAST_LEADS]]),
        "dates_kept": (_kept, _dates(records, office.today(now))),
        "known_sources": (_known, [bool(source) for source in records.won_sources[:LAST_WON]]),
    }
    return tuple(
        Measure(id, rung(found) if len(found) >= least else None, len(found))
        for id, least in MINIMUM.items()
        for rung, found in (answers[id],)
    )


def _half_reach(rungs: Sequence[int]) -> int:
    """The best rung that at least half of them reach."""
    return sorted(rungs, reverse=True)[(len(rungs) - 1) // 2]


def _replies(recent: Sequence[Record], office: Office, now: datetime) -> list[int]:
    rungs = []
    for one in recent:
        if one.first_contact_at:
            rungs.append(_reply(one.reachable_at, one.first_contact_at, office))
        elif one.stage not in CLOSED and office.due_at(one.reachable_at) < now:
            rungs.append(_reply(one.reachable_at, now, office))
    return rungs


def _reply(start: datetime, end: datetime, office: Office) -> int:
    if office.open_time(start, end, _HOUR) <= _HOUR:
        return 4
    return 3 - office.days_between(start, end, 3)


def _follow_ups(settled: Sequence[Record], now: datetime) -> list[int]:
    return [_follow_up(one) for one in settled if _went_silent(one, now)]


def _went_silent(one: Record, now: datetime) -> bool:
    if not one.contacts:
        return False
    if one.stage in CLOSED:
        return one.reason == NO_ANSWER
    return not one.planned and one.contacts[-1].at < now - SILENT_AFTER


def _follow_up(one: Record) -> int:
    """What was done after they were last heard of; the first try is no follow-up."""
    heard = max((at for at, contact in enumerate(one.contacts) if contact.reached), default=0)
    again = one.contacts[heard + 1 :]
    if len(again) < 2:
        return len(again)
    long_enough = again[-1].at - one.contacts[heard].at >= _SOME_WEEKS
    return 3 if len(again) > 3 and long_enough and one.stage in CLOSED else 2


def _clear(clear: Sequence[int]) -> int:
    number = sum(clear)
    return sum(number >= least for least in (4, 7, 9))


def _dates(records: Records, today: date) -> list[int]:
    found = []
    for one in {id(record): record for record in (*records.recent, *records.settled)}.values():
        kept = {
            contact.kept
            for contact in one.contacts
            if contact.kept and contact.at.date() <= contact.kept + _KEPT_WITHIN
        }
        # A day that was replaced by a later one, or whose week is not over, is not decided.
        last = max(one.dates, default=today)
        found += [
            day in kept
            for day in one.dates
            if day in kept or (day == last and day + _KEPT_WITHIN < today)
        ]
    return [int(one) for one in found]


def _kept(kept: Sequence[int]) -> int:
    share = sum(kept) / len(kept)
    return sum((share > 0, share >= 0.5, share >= 0.9))


def _known(known: Sequence[int]) -> int:
    return sum(sum(known) >= least for least in (2, 4, 5))
