"""Making the leads of a year, the checks that were never finished, and the views before them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from consult.crypto import new_token, token_hash
from consult.demo.calendar import Source, moments, some_source, views_before_a_start
from consult.demo.companies import answers_of, some_firm
from consult.demo.names import PATHS, Staff, contact_of, staff_of
from consult.demo.owner_journeys import stopped_way, whole_way
from consult.demo.staff_actions import DeskWork, work_on
from consult.owner.open_draft import freeze
from consult.questionnaire import Depth, Questionnaire, Walk, walk
from consult.settings.brand import Brand
from consult.storage.db.database import Database, Session
from consult.storage.insights import milestones
from consult.storage.insights.daily_counters import VIEWED, Day, Numbers
from consult.storage.insights.idle_drafts import count_draft, steps_of
from consult.storage.insights.page_times import Trace
from consult.storage.leads import leads, submission
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import DraftRow
from consult.workflow.office_hours import Office

_UNFINISHED = 0.85
"""Checks that stop on the way, for each that is handed in."""
_AT_ONCE = 25


@dataclass(frozen=True)
class _Maker:
    """What making a check takes."""

    questionnaire: Questionnaire
    brand: Brand
    office: Office
    staff: Staff
    now: datetime
    random: Random
    work: DeskWork
    numbers: Numbers


def make_leads(
    database: Database,
    questionnaire: Questionnaire,
    brand: Brand,
    office: Office,
    count: int,
    seed: int,
) -> Iterator[int]:
    """Make ``count`` leads over the year before now, and the checks around them.

    Yields the number of leads made so far, now and then.
    """
    random = Random(seed)
    with database.writing() as session:
        staff, now = staff_of(session), session.now().replace(microsecond=0)
    maker = _Maker(questionnaire, brand, office, staff, now, random, DeskWork(), Numbers())
    starts = moments(now, count + round(count * _UNFINISHED), random)
    finished = set(random.sample(range(len(starts)), count))
    made = 0
    for first in range(0, len(starts), _AT_ONCE):
        with database.writing() as session:
            for number in range(first, min(first + _AT_ONCE, len(starts))):
                make = _make_lead if number in finished else _make_unfinished
                make(session, maker, starts[number])
                made += number in finished
            maker.work.write(session)
        yield made
    with database.writing() as session:
        maker.numbers.add(session)


def _make_lead(session: Session, maker: _Maker, start: datetime) -> None:
    random = maker.random
    source, depth, path = _opening(maker, start, finished=True)
    way = _answered(maker, depth, path)
    traced = whole_way(way, start, random)
    # Nobody hands in after now, however slowly they went.
    late = max(timedelta(), traced.end + timedelta(minutes=5) - maker.now)
    token = _saved(session, maker, way, source, start - late, traced.end - late, traced.trace)
    end = traced.end - late + timedelta(seconds=random.uniform(8, 60))
    session.clock = lambda: end
    frozen = freeze(way, maker.brand, demo=True)
    result = submission.submit(session, token, frozen, maker.office, maker.numbers)
    if random.random() < 0.72:
        session.clock = lambda: end + timedelta(minutes=random.uniform(0.5, 4))
        submission.save_contact(session, result, contact_of(path, random))
    lead = leads.by_result_token(session, result)
    if lead is None:
        raise LookupError("the lead that was just handed in is gone")
    assignee = session.scalar(select(LeadRow.assignee_id).where(LeadRow.submission_id == lead.id))
    stages = work_on(maker.work, lead, maker.staff, assignee, maker.office, maker.now, random)
    milestones.note_stages(session, lead.id, stages)


def _make_unfinished(session: Session, maker: _Maker, start: datetime) -> None:
    """Make a check that stops on the way: a draft, or what is left of one whose time is over."""
    source, depth, path = _opening(maker, start, finished=False)
    way = _answered(maker, depth, path)
    traced, answered = stopped_way(way, start, maker.random)
    if traced.end >= maker.now - session.draft_life:
        ids = {asked.id for page in answered for asked in page.questions}
        _saved(session, maker, way, source, start, min(traced.end, maker.now), traced.trace, ids)
        return
    day = Day.of(start, depth, source.tags, demo=True)
    count_draft(maker.numbers, day, traced.trace, steps_of(traced.trace, handed_in=False))


def _opening(maker: _Maker, start: datetime, *, finished: bool) -> tuple[Source, Depth, str]:
    """Where somebody comes from, what they begin and how they sell; counts their views."""
    random = maker.random
    source = some_source(random, finished=finished)
    depth: Depth = random.choice(("quick", "quick", "full"))
    day = Day.of(start, depth, source.tags, demo=True)
    maker.numbers.steps[day, VIEWED] += views_before_a_start(source, random)
    return source, depth, random.choices(PATHS, weights=(6, 2, 1))[0]


def _answered(maker: _Maker, depth: Depth, path: str) -> Walk:
    firm = some_firm(maker.random)
    answers = answers_of(maker.questionnaire, depth, firm, path, maker.random)
    return walk(maker.questionnaire, answers, depth)


def _saved(
    session: Session,
    maker: _Maker,
    way: Walk,
    source: Source,
    start: datetime,
    end: datetime,
    trace: Trace,
    only: set[str] | None = None,
) -> str:
    """A check with its answers, or `only` some of them, as it was last saved at `end`."""
    token = new_token()
    session.add(
        DraftRow(
            token_hash=token_hash(token),
            edition=maker.questionnaire.name,
            depth=way.depth,
            answers={
                asked.id: {"value": asked.answer, "as": asked.variant}
                for asked in way.asked
                if asked.answer is not None and (only is None or asked.id in only)
            },
            source=dict(source.tags),
            trace=dict(trace),
            demo=True,
            created_at=start,
            updated_at=end,
        )
    )
    session.flush()
    return token
