"""The agency's own performance: what its records answer to the questions that it asks others.

Five items of the questionnaire can be answered from the agency's own records, by the rungs that the
questionnaire offers to others:

    reply_time     Each lead, by business days from when it left contact info: within an hour of
                   opening time 4, the same day 3, the next day 2, the day after 1, later or not
                   yet 0. An overdue lead counts as if answered now. The rung is the best one that
                   half of the leads reach.
    tries          Leads that went silent: closed for lack of an answer, or open with no contact for
                   three weeks and nothing planned. How often the agency wrote or called again
                   after their last reply: never 0, once 1, up to three times 2; more often, over
                   at least two weeks, and then closed 3. The best rung that half of them reach.
    outcomes       Of the last ten leads that are a month old: those that are won, lost or not a
                   fit, except those closed because they never answered.
    dates_kept     Follow-up dates that have passed, kept if there was a contact within a week:
                   nine of ten 3, half 2, some 1, none 0.
    known_sources  The last five won: all five with a known source 3, four 2, two or three 1, fewer
                   0.

Below a minimum number of records, an item has no answer. Pure: no database, no clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from consult.workflow.office_hours import Office
from consult.workflow.stages import CLOSED, NO_ANSWER

SILENT_AFTER = timedelta(days=21)
TIME_TO_ANSWER = timedelta(days=30)
_SOME_WEEKS = timedelta(days=14)
_KEPT_WITHIN = timedelta(days=7)
_HOUR = timedelta(hours=1)

LAST_LEADS, LAST_WON = 10, 5
MINIMUM: Mapping[str, int] = {
    "reply_time": 5,
    "tries": 5,
    "outcomes": LAST_LEADS,
    "dates_kept": 3,
    "known_sources": LAST_WON,
}
"""The measures in order, each with how many records it takes to say something."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A call or message by the agency; `follow_up_on` is the date of the follow-up it was."""

    at: datetime
    reached: bool
    follow_up_on: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What the agency did about a lead, its contacts oldest first.

    `reachable_at` is when its reply clock started, `due_at` when the first reply was due, and
    `hours` are those under which it was promised (``Office.under``).
    `dates` are all follow-ups ever scheduled; `planned` is whether a follow-up or a consult is.
    """

    reachable_at: datetime
    stage: str
    reason: str = ""
    first_contact_at: datetime | None = None
    due_at: datetime | None = None
    hours: str | None = None
    contacts: Sequence[Contact] = ()
    dates: Sequence[date] = ()
    planned: bool = False

    @property
    def is_clear(self) -> bool:
        return self.stage in CLOSED and self.reason != NO_ANSWER


@dataclass(frozen=True, slots=True)
class Records:
    """The records to look at, newest first: recent ones, and those that are a month old.

    `won_sources` are the sources of the last leads won; empty where unknown.
    """

    recent: Sequence[Record]
    older: Sequence[Record]
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
    answers: Mapping[str, tuple[Callable[[Sequence[int]], int], Sequence[int]]] = {
        "reply_time": (_half_reach, _replies(records.recent, office, now)),
        "tries": (
            _half_reach,
            [_follow_up(one) for one in records.older if _went_silent(one, now)],
        ),
        "outcomes": (
            partial(_passed, (4, 7, 9)),
            [one.is_clear for one in records.older[:LAST_LEADS]],
        ),
        "dates_kept": (_kept, _dates(records, office.today(now))),
        "known_sources": (
            partial(_passed, (2, 4, 5)),
            [bool(source) for source in records.won_sources[:LAST_WON]],
        ),
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
        overdue = one.stage not in CLOSED and one.due_at is not None and one.due_at <= now
        end = one.first_contact_at or (now if overdue else None)
        promised = office.under(one.hours)
        if end and promised.open_time(one.reachable_at, end, _HOUR) <= _HOUR:
            rungs.append(4)
        elif end:
            rungs.append(3 - promised.days_between(one.reachable_at, end, 3))
    return rungs


def _went_silent(one: Record, now: datetime) -> bool:
    if not one.contacts:
        return False
    if one.stage in CLOSED:
        return one.reason == NO_ANSWER
    return not one.planned and one.contacts[-1].at < now - SILENT_AFTER


def _follow_up(one: Record) -> int:
    """What was done after they last replied; the first attempt is no follow-up."""
    heard = max((at for at, contact in enumerate(one.contacts) if contact.reached), default=0)
    again = one.contacts[heard + 1 :]
    if len(again) < 2:
        return len(again)
    long_enough = again[-1].at - one.contacts[heard].at >= _SOME_WEEKS
    return 3 if len(again) > 3 and long_enough and one.stage in CLOSED else 2


def _passed(steps: Sequence[int], found: Sequence[int]) -> int:
    return sum(sum(found) >= least for least in steps)


def _dates(records: Records, today: date) -> list[int]:
    found = []
    for one in {id(record): record for record in (*records.recent, *records.older)}.values():
        kept = {
            contact.follow_up_on
            for contact in one.contacts
            if contact.follow_up_on and contact.at.date() <= contact.follow_up_on + _KEPT_WITHIN
        }
        # A date that was replaced, or less than a week ago, isn't decided.
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
