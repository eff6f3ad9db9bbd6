"""Making the leads of a year, the checks that were never finished, and the views before them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from consult.crypto import token_hash
from consult.demo.calendar import Source, moments, some_source, views_before_a_start
from consult.demo.companies import answers_of, some_firm
from consult.demo.names import PATHS, Staff, contact_of, staff_of
from consult.demo.owner_journeys import pages_before_stop, saves, unanswered
from consult.demo.staff_actions import DeskWork, work_on
from consult.owner.open_draft import freeze
from consult.questionnaire import Depth, Questionnaire, Walk, WalkPage, walk
from consult.settings.brand import Brand
from consult.storage import page_events
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.leads import leads, submission
from consult.storage.page_events import SaveEvent
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
    maker = _Maker(questionnaire, brand, office, staff, now, random, DeskWork())
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


def _make_lead(session: Session, maker: _Maker, start: datetime) -> None:
    random = maker.random
    source, depth, path = _opening(session, maker, start, finished=True)
    answered = _answered(maker, depth, path)
    sent = list(saves(answered, len(answered.pages), start, random))
    # Nobody submits after now, however slowly they went.
    late = max(timedelta(), sent[-1][0] + timedelta(minutes=5) - maker.now)
    token = _draft(session, maker, answered, source, start - late, sent, late)
    end = sent[-1][0] - late + timedelta(seconds=random.uniform(8, 60))
    session.clock = lambda: end
    frozen = freeze(answered, maker.brand, demo=True)
    result = submission.submit(session, token, frozen, maker.office)
    if random.random() < 0.72:
        session.clock = lambda: end + timedelta(minutes=random.uniform(0.5, 4))
        submission.save_contact(session, result, contact_of(path, random))
    lead = leads.by_result_token(session, result)
    if lead is None:
        raise LookupError("the lead that was just submitted does not exist")
    assignee = session.scalar(select(LeadRow.assignee_id).where(LeadRow.submission_id == lead.id))
    stages = work_on(maker.work, lead, maker.staff, assignee, maker.office, maker.now, random)
    for stage in stages:
        page_events.record_stage(session, lead.id, stage)


def _make_unfinished(session: Session, maker: _Maker, start: datetime) -> None:
    """Make a response that stops before the end, and delete it where it is too old to be kept."""
    source, depth, path = _opening(session, maker, start, finished=False)
    answered = _answered(maker, depth, path)
    pages = pages_before_stop(answered, maker.random)
    sent = [
        (min(at, maker.now), page, event)
        for at, page, event in saves(answered, pages, start, maker.random)
    ]
    token = _draft(session, maker, answered, source, start, sent)
    if session.now() < maker.now - session.draft_life:
        drafts.delete_drafts(session, DraftRow.token_hash == token_hash(token))


def _opening(
    session: Session, maker: _Maker, start: datetime, *, finished: bool
) -> tuple[Source, Depth, str]:
    """Where somebody comes from, what they begin and how they sell; counts their views."""
    random = maker.random
    source = some_source(random, finished=finished)
    depth: Depth = random.choice(("quick", "quick", "full"))
    session.clock = lambda: start
    views = views_before_a_start(source, random)
    page_events.record_view(session, depth, source.tags, framed=False, demo=True, count=views)
    return source, depth, random.choices(PATHS, weights=(6, 2, 1))[0]


def _answered(maker: _Maker, depth: Depth, path: str) -> Walk:
    firm = some_firm(maker.random)
    answers = answers_of(maker.questionnaire, depth, firm, path, maker.random)
    return walk(maker.questionnaire, answers, depth)


def _draft(
    session: Session,
    maker: _Maker,
    answered: Walk,
    source: Source,
    start: datetime,
    sent: Sequence[tuple[datetime, WalkPage, SaveEvent]],
    late: timedelta = timedelta(),
) -> str:
    """Start a draft and save its pages; returns its token."""
    session.clock = lambda: start
    name = maker.questionnaire.name
    shown = unanswered(answered.pages[0])
    token = drafts.start(session, name, answered.depth, source.tags, shown=shown, demo=True)
    for at, page, event in sent:
        session.clock = lambda at=at: at - late  # type: ignore[misc]
        given = {
            asked.id: (asked.answer, asked.variant)
            for asked in page.questions
            if asked.answer is not None
        }
        drafts.save(session, token, {} if event.refused else given, name, event)
    return token
