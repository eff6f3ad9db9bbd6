"""Insights count each check once, wherever it lies, and as somebody would who watched."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.crypto import token_hash
from consult.questionnaire import Walk, WalkPage
from consult.storage.db.database import Database, Session
from consult.storage.drafts import draft_deletion, drafts
from consult.storage.insights import idle_drafts, insights, milestones
from consult.storage.insights.daily_counters import VIEWED
from consult.storage.insights.idle_drafts import HANDED_IN, PART, STARTED
from consult.storage.insights.insights import Gathered, Slice
from consult.storage.insights.page_times import REVIEW, Shown, Step
from consult.storage.insights.page_views import ViewCounter
from consult.storage.leads import leads, submission
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import Clock
from tests.support.strategies import BRANCHES, answered, walked
from tests.support.submissions import CONTACT, lead_of, new_submission

WAYS: tuple[Walk, ...] = tuple(
    walked(answered(branch, depth, "lowest"), depth)
    for branch in BRANCHES[::4]
    for depth in ("quick", "full")
)
AGENCY = ("taken", "reached", "consult_booked", "consult_held", "won")
SOURCES = (f"source {number}" for number in count())


@dataclass(frozen=True)
class Story:
    """How far one owner came: so many pages, then handed in or not, and on to a stage.

    `rests` is the page before which they rested so long that their numbers were kept by day.
    """

    way: int
    pages: int
    rests: int
    handed_in: bool
    contact: bool
    stages: int
    gone: bool


STORIES = st.lists(
    st.builds(
        Story,
        way=st.integers(0, len(WAYS) - 1),
        pages=st.integers(0, 30),
        rests=st.integers(0, 40),
        handed_in=st.booleans(),
        contact=st.booleans(),
        stages=st.integers(0, len(AGENCY)),
        gone=st.booleans(),
    ),
    max_size=6,
)


def shown(page: WalkPage | None) -> Shown:
    if page is None:
        return Shown(REVIEW)
    asked = tuple(question.id for question in page.questions)
    return Shown(page.id, asked, asked)


def done(page: WalkPage) -> Shown:
    return Shown(page.id, tuple(question.id for question in page.questions))


def rest(session: Session) -> None:
    """Let time pass until drafts are at rest, and turn it back."""
    clock, then = session.clock, session.now() + timedelta(days=2)
    session.clock = lambda: then
    idle_drafts.settle(session)
    session.clock = clock


def live(database: Database, story: Story, source: str) -> None:
    """Let a story happen through the verbs."""
    way = WAYS[story.way]
    pages = way.pages
    stops = len(pages) if story.handed_in else min(story.pages, len(pages))
    with database.writing() as session:
        token = drafts.start(session, "2026-11", way.depth, {"ref": source}, shown=shown(pages[0]))
        for number in range(stops + 1):
            if number == story.rests:
                rest(session)
            if number == stops:
                break
            following = pages[number + 1] if number + 1 < len(pages) else None
            step = Step(done(pages[number]), shown(following))
            drafts.save(session, token, {}, None, step)
        if story.handed_in:
            result = submission.submit(session, token, new_submission(depth=way.depth))
            if story.contact:
                submission.save_contact(session, result, CONTACT)
            lead = leads.by_result_token(session, result)
            assert lead is not None
            for stage in AGENCY[: story.stages]:
                milestones.note_stage(session, lead.id, stage)  # type: ignore[arg-type]
        if story.gone:
            assert (
                draft_deletion.delete_checks(session, DraftRow.token_hash == token_hash(token)) == 1
            )


def watched(stories: list[Story]) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str]]:
    """What somebody would have counted who looked over the owners' shoulders."""
    steps: Counter[str] = Counter()
    shown_to: Counter[str] = Counter()
    left: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for story in stories:
        way = WAYS[story.way]
        stops = len(way.pages) if story.handed_in else min(story.pages, len(way.pages))
        seen = way.pages[: stops + 1]
        steps[STARTED] += 1
        furthest = way.part_of(seen[-1]).number
        steps.update(PART + part.id for part in way.parts if part.number <= furthest)
        shown_to.update(page.id for page in seen)
        asked.update(question.id for page in seen for question in page.questions)
        if stops == len(way.pages):
            steps[REVIEW] += 1
            shown_to[REVIEW] += 1
        if not story.handed_in:
            left[seen[stops].id if stops < len(way.pages) else REVIEW] += 1
            continue
        steps[HANDED_IN] += 1
        steps["contact"] += story.contact
        steps["consult"] += story.contact
        came_to = AGENCY[: story.stages]
        steps["reached"] += "reached" in came_to
        steps["booked"] += "consult_booked" in came_to
        steps["held"] += "consult_held" in came_to
        steps["won"] += "won" in came_to
    return steps, shown_to, left, asked


def gathered(database: Database, source: str | None = None, kind: str = "real") -> Gathered:
    with database.reading() as session:
        today = session.now().date()
        return insights.gather(session, Slice(kind, today, today, source))


def test_numbers_are_those_of_somebody_who_watched(database: Database) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(stories=STORIES)
    def law(stories: list[Story]) -> None:
        source = next(SOURCES)
        for story in stories:
            live(database, story, source)
        found = gathered(database, source)
        steps, shown_to, left, asked = watched(stories)
        assert +found.steps == +steps
        assert +Counter({p: c["shown"] for p, c in found.pages.items()}) == shown_to
        assert +Counter({p: c["left"] for p, c in found.pages.items()}) == left
        assert +Counter({q: c["asked"] for q, c in found.questions.items()}) == asked
        never_rises(found)

    law()


def never_rises(found: Gathered) -> None:
    """Nobody comes to a step who did not come to the one that it follows."""
    names = [STARTED, *(PART + part.id for part in WAYS[0].questionnaire.structure.parts)]
    ways = (
        [*names, REVIEW, HANDED_IN, "contact", "consult"],
        [HANDED_IN, "reached", "booked", "held"],
        ["reached", "won"],
    )
    for way in ways:
        counts = [found.steps[step] for step in way]
        assert counts == sorted(counts, reverse=True), way
    for counts_of in found.questions.values():
        assert counts_of["asked"] >= counts_of["answered"] >= counts_of["unsure"]
        assert counts_of["left"] <= counts_of["asked"] - counts_of["answered"]


def test_a_slice_leaves_out_other_days_kinds_depths_and_sources(
    database: Database, clock: Clock
) -> None:
    live(database, Story(0, 3, 99, False, False, 0, gone=False), "fair")
    today = clock().date()
    with database.reading() as session:

        def started(**changes: object) -> int:
            usual = {"kind": "real", "since": today, "until": today, "depth": ""}
            of = Slice(**{**usual, **changes})  # type: ignore[arg-type]
            return insights.gather(session, of).steps[STARTED]

        tomorrow: date = today + timedelta(days=1)
        assert started() == started(source="fair") == started(depth=WAYS[0].depth) == 1
        assert started(source="letter") == started(kind="demo") == started(kind="test") == 0
        assert started(since=tomorrow, until=tomorrow) == 0
        assert started(depth="full" if WAYS[0].depth == "quick" else "quick") == 0


def test_sources_are_shown_whichever_is_chosen(database: Database) -> None:
    for source in ("fair", "letter"):
        live(database, Story(0, 3, 99, True, False, 0, gone=False), source)
    found = gathered(database, "fair")
    assert found.steps[HANDED_IN] == 1
    assert {name: steps[HANDED_IN] for name, steps in found.sources.items()} == {
        "fair": 1,
        "letter": 1,
    }


def test_views_come_from_the_counter(database: Database) -> None:
    views = ViewCounter(database)
    for _ in range(3):
        views.count("quick", {"ref": "fair"}, framed=False)
    views.write()
    assert gathered(database).steps[VIEWED] == 3


def test_kinds_are_there_once_something_of_them_is(database: Database) -> None:
    def there() -> set[str]:
        with database.reading() as session:
            return insights.kinds_there(session)

    assert there() == set()
    with database.writing() as session:
        drafts.start(session, "2026-11", "quick", {}, demo=True)
    assert there() == {"demo"}
    live(database, Story(0, 3, 99, True, False, 0, gone=True), "fair")
    assert there() == {"demo", "real"}


@pytest.mark.parametrize(
    ("score", "tenth", "band"),
    [(0, 0, 0), (9.99, 0, 0), (10, 1, 0), (25, 2, 1), (74.9, 7, 2), (100, 9, 3)],
)
def test_scores_fall_into_tenths_and_bands(
    database: Database, score: float, tenth: int, band: int
) -> None:
    with database.writing() as session:
        token = drafts.start(session, "2026-11", "quick", {})
        submission.submit(session, token, new_submission(separation=score, handoff=0.0))
    with database.reading() as session:
        today = session.now().date()
        spread = insights.spread(session, Slice("real", today, today))
    assert [spread.tenths["separation"][tenth], spread.bands] == [1, {(band, 0): 1}]


def test_stages_replies_and_what_came_back_are_read_from_the_desk(
    database: Database, clock: Clock
) -> None:
    with database.writing() as session:
        token = drafts.start(session, "2026-11", "quick", {})
        result = submission.submit(session, token, new_submission())
        submission.save_contact(session, result, CONTACT)
    lead = lead_of(database, result)
    with database.reading() as session:
        today = clock().date()
        of = Slice("real", today, today)
        assert insights.spread(session, of).stages == {"new": 1}
        assert [reply.submitted_at for reply in insights.replies(session, of, 1)] == [
            lead.submitted_at
        ]
        assert insights.returned(session, of) == {}
        assert insights.verdicts(session, of) == {}


def test_quarters_of_times_lie_within_their_steps() -> None:
    assert insights.quartiles({}) is None
    assert insights.quartiles({"within_10": 4}) == (6.25, 7.5, 8.75)
    found = insights.quartiles({"within_5": 10, "within_60": 10, "within_900": 2})
    assert found is not None
    assert 0 < found[0] <= 5 < 45 <= found[1] <= found[2] <= 60
