"""Makes the leads of a year, the responses that were never finished, and the views before them.

They look real and are clearly fake, to try the staff pages with. More and more people come over the
year, from several sources, each with its share of finishers. It ends with a morning on which there
is something of each kind to do.

They are made by the functions that the pages call, with the session's clock set: responses are
started, saved and submitted or abandoned, and staff work on the leads. They are marked as demo
leads and counted separately. The same seed makes the same leads.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import delete, select

from consult.crypto import token_hash
from consult.demo.companies import contact_of, random_response
from consult.demo.consults import add_unmatched, remove_unmatched
from consult.demo.staff_actions import (
    MORNING,
    at_work,
    find_staff,
    new_work,
    remove_staff,
    work_on,
    work_until_morning,
)
from consult.owner.open_draft import freeze, visit_of
from consult.questionnaire.journey import Walk, WalkPage
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import Depth, Kind
from consult.settings.brand import Brand
from consult.storage import page_events
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.leads import leads, submission
from consult.storage.page_events import PageVisit, SaveEvent
from consult.storage.privacy import erasure
from consult.storage.tables.submission_tables import (
    DraftRow,
    PageVisitRow,
    ResponseStatsRow,
    StartPageViewRow,
    SubmissionRow,
)
from consult.workflow.office_hours import Office

_UNFINISHED = 0.85
"""Responses that are never finished, for each that is submitted."""
_OF_THIS_MORNING = 0.4
"""The share of leads to deal with now, as far as there are kinds of those."""
_BATCH_SIZE = 25
_SLOWNESS: Mapping[Kind, float] = {Kind.CHOICES: 1.6, Kind.RUNG: 1.2, Kind.NUMBER: 2.1}
"""How much longer a page takes, by the kind of its last question."""
_DAYS = 365
_WEEKDAYS = (1.0, 1.1, 1.05, 1.0, 0.75, 0.3, 0.45)
_MONTHS = (1.15, 1.1, 1.05, 1.0, 0.95, 0.85, 0.65, 0.6, 1.1, 1.15, 1.05, 0.55)
# By hour of the day: some at lunch, most at nine in the evening.
_HOURS = (1, 0, 0, 0, 0, 1, 3, 6, 8, 9, 9, 8, 11, 10, 8, 8, 8, 8, 9, 12, 16, 17, 10, 4)
_NEWSLETTERS = (40, 131, 222, 313)
"""Days of the year on which a newsletter is sent, which fills the next three."""

Save = tuple[timedelta, WalkPage, SaveEvent]
"""A page that is sent, this long after the start."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where people come from: their share, how many views lead to one start, and who finishes."""

    tags: Mapping[str, str]
    share: float
    views_per_start: float
    finishing: float


_SOURCES = (
    _Source({}, 5, 3.0, 0.55),
    _Source(
        {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "relay"}, 6, 1.8, 0.7
    ),
    _Source({"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "free"}, 6, 4.5, 0.42),
    _Source({"utm_source": "facebook", "utm_medium": "social"}, 4, 6.0, 0.36),
    _Source({"ref": "chamber-breakfast"}, 2, 1.3, 0.8),
    _Source({"ref": "article-not-the-same"}, 3, 2.2, 0.62),
)


def make_leads(
    database: Database,
    questionnaire: Questionnaire,
    brand: Brand,
    office: Office,
    count: int,
    seed: int,
) -> Iterator[int]:
    """Make `count` leads of the last year, and unfinished responses; yields how many so far."""
    random = Random(seed)
    with database.writing() as session:
        staff, now = find_staff(session), session.now().replace(microsecond=0)
    maker = _Maker(questionnaire, brand, office, now, random)
    morning = MORNING[: round(count * _OF_THIS_MORNING)]
    past = count - len(morning)
    starts = _starting_times(now, past + round(count * _UNFINISHED), random)
    finished = set(random.sample(range(len(starts)), past))
    made = 0
    for first in range(0, len(starts), _BATCH_SIZE):
        with database.writing() as session:
            session.audited = False
            batch = []
            for number, start in enumerate(starts[first : first + _BATCH_SIZE], first):
                if number in finished:
                    batch.append(maker.make_lead(session, start))
                else:
                    maker.make_unfinished(session, start)
            with at_work(session, staff):
                for lead in batch:
                    work_on(new_work(session, lead, staff, office, now, random))
        made += len(batch)
        yield made
    with database.writing() as session:
        session.audited = False
        for age, last in morning:
            lead = maker.make_lead(session, now - age, contact=True)
            with at_work(session, staff):
                work = new_work(session, lead, staff, office, now, random)
                work_until_morning(work, last)
        session.clock = lambda: now
        add_unmatched(session, office, random)
    yield count


def remove_leads(database: Database) -> int:
    """Delete all that `make_leads` made, also in the statistics; returns how many leads it was."""
    with database.writing() as session:
        session.audited = False
        ids = session.scalars(select(SubmissionRow.id).where(SubmissionRow.demo)).all()
        erasure.erase(session, ids, "delete", by=None, reason="demo")
        drafts.delete_drafts(session, DraftRow.demo.is_(True))
        for table in (PageVisitRow, ResponseStatsRow, StartPageViewRow):
            session.execute(delete(table).where(table.kind == "demo"))
        remove_unmatched(session)
        remove_staff(session)
    database.forget_deleted()
    return len(ids)


@dataclass(frozen=True)
class _Maker:
    questionnaire: Questionnaire
    brand: Brand
    office: Office
    now: datetime
    random: Random

    def make_lead(
        self, session: Session, start: datetime, *, contact: bool = False
    ) -> SubmissionRow:
        """Make a lead; where `contact`, it surely has one, and most others do too."""
        walk, random = self._walk(), self.random
        saves = list(self._saves(walk, len(walk.pages)))
        # No one submits after now, however slow they are.
        start = min(start, self.now - timedelta(minutes=5) - saves[-1][0])
        token = self._save(session, walk, start, saves, finished=True)
        end = start + saves[-1][0] + timedelta(seconds=random.uniform(8, 60))
        session.clock = lambda: end
        frozen = freeze(walk, self.brand, demo=True)
        result = submission.submit(session, token, frozen, self.office)
        if contact or random.random() < 0.72:
            later = end + timedelta(minutes=random.uniform(0.5, 4))
            session.clock = lambda: later
            given = contact_of(str(walk.facts["path"]), random)
            submission.save_contact(session, result, given, office=self.office)
        lead = leads.by_result_token(session, result)
        if lead is None:
            raise LookupError("the lead that was just submitted does not exist")
        return lead

    def make_unfinished(self, session: Session, start: datetime) -> None:
        """Make a response that stops before the end; deleted if it would have expired by now."""
        walk = self._walk()
        # Most stop on the first page and where an amount is asked, some on the review.
        weights = [
            24 if page.questions[-1].question.kind is Kind.NUMBER else max(2.5, 22 / number)
            for number, page in enumerate(walk.pages, 1)
        ]
        [pages] = self.random.choices(range(len(walk.pages) + 1), [*weights, 6])
        token = self._save(session, walk, start, self._saves(walk, pages), finished=False)
        if session.now() < self.now - session.draft_life:
            drafts.delete_drafts(session, DraftRow.token_hash == token_hash(token))

    def _walk(self) -> Walk:
        depth: Depth = self.random.choice(("quick", "quick", "full"))
        return random_response(self.questionnaire, depth, self.random)

    def _saves(self, walk: Walk, answered: int) -> Iterator[Save]:
        """Yield when each page is sent, up to so many, and what that means for the statistics."""
        random, elapsed = self.random, timedelta()
        pace = random.lognormvariate(0, 0.35)
        for page, following in zip(walk.pages[:answered], [*walk.pages[1:], None], strict=False):
            saved, slowness = visit_of(page), _SLOWNESS.get(page.questions[-1].question.kind, 1.0)
            usual = (4 + 5 * len(page.questions)) * slowness * pace
            if random.random() < 0.05:
                elapsed += timedelta(seconds=usual * random.lognormvariate(0, 0.4) / 2)
                yield elapsed, page, SaveEvent(_unanswered(page), saved, refused=True)
            elapsed += timedelta(seconds=usual * random.lognormvariate(0, 0.4))
            if random.random() < 0.015:  # a break
                elapsed += timedelta(minutes=random.uniform(20, 300))
            yield elapsed, page, SaveEvent(saved, _unanswered(following))

    def _save(
        self,
        session: Session,
        walk: Walk,
        start: datetime,
        saves: Iterable[Save],
        *,
        finished: bool,
    ) -> str:
        """View the start page, start a draft and save its pages; returns its token."""
        weights = [s.share * (s.finishing if finished else 1 - s.finishing) for s in _SOURCES]
        source = self.random.choices(_SOURCES, weights)[0]
        views = 1 + int(self.random.expovariate(1 / (source.views_per_start - 0.5)))
        depth, name, tags = walk.depth, self.questionnaire.name, source.tags
        session.clock = lambda: start
        page_events.record_view(session, depth, tags, framed=False, demo=True, count=views)
        first = _unanswered(walk.pages[0])
        token = drafts.start(session, name, depth, tags, shown=first, demo=True)
        for after, page, event in saves:
            at = min(start + after, self.now)
            session.clock = lambda at=at: at  # type: ignore[misc]
            given = {a.id: (a.answer, a.variant) for a in page.questions if a.answer is not None}
            drafts.save(session, token, {} if event.refused else given, name, event)
        return token


def _unanswered(page: WalkPage | None) -> PageVisit:
    """Return a page as it first comes into view; None means the review."""
    visit = visit_of(page)
    return replace(visit, open=visit.asked, unknown=())


def _starting_times(now: datetime, count: int, random: Random) -> list[datetime]:
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
