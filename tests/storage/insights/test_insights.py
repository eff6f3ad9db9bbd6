"""Insights count each response once, stored or deleted, as an observer would have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from consult.crypto import token_hash
from consult.questionnaire.journey import Walk, WalkPage
from consult.storage import page_events
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.insights import insights
from consult.storage.insights.insights import (
    CONTACT_REACHED,
    OTHER,
    PART,
    STARTED,
    STARTED_FRAMED,
    SUBMITTED,
    VIEWED,
    VIEWED_FRAMED,
    WORTH,
    ResponseFilter,
    Stats,
)
from consult.storage.leads import actions, changes, leads, submission
from consult.storage.page_events import REVIEW, PageVisit, SaveEvent
from consult.storage.privacy import erasure
from consult.storage.tables.submission_tables import DraftRow, StartPageViewRow
from consult.workflow.stages import Stage
from tests.support.databases import Clock, read, write
from tests.support.examples import examples
from tests.support.lead_factories import colleague, new_lead
from tests.support.strategies import BRANCHES, answered, walked
from tests.support.submissions import CONTACT, new_submission, submitted

WALKS: tuple[Walk, ...] = tuple(
    walked(answered(branch, depth, "lowest"), depth)
    for branch in BRANCHES[::4]
    for depth in ("quick", "full")
)
AGENCY: tuple[Stage, ...] = ("taken", "reached", "consult_booked", "consult_held", "won")
MILESTONE_OF = {
    "reached": "reached",
    "consult_booked": "booked",
    "consult_held": "held",
    "won": "won",
}
SOURCES = (f"source {number}" for number in count())


@dataclass(frozen=True)
class Story:
    """How far one response got: so many pages, then submitted or not, and on to a stage."""

    number: int = 0
    pages: int = 3
    submitted: bool = False
    contact: bool = False
    stages: int = 0
    deleted: bool = False

    @property
    def walk(self) -> Walk:
        return WALKS[self.number]

    @property
    def saved(self) -> Sequence[WalkPage]:
        return self.walk.pages if self.submitted else self.walk.pages[: self.pages]

    @property
    def shown(self) -> list[PageVisit]:
        """The pages that were shown, without an answer; the review comes after all others."""
        pages = {page.id: tuple(q.id for q in page.questions) for page in self.walk.pages}
        visits = [PageVisit(page, asked, asked) for page, asked in pages.items()]
        return [*visits, PageVisit(REVIEW)][: len(self.saved) + 1]

    @property
    def reached(self) -> tuple[Stage, ...]:
        return AGENCY[: self.stages] if self.submitted else ()


STORIES = st.lists(
    st.builds(
        Story,
        number=st.integers(0, len(WALKS) - 1),
        pages=st.integers(0, 30),
        submitted=st.booleans(),
        contact=st.booleans(),
        stages=st.integers(0, len(AGENCY)),
        deleted=st.booleans(),
    ),
    max_size=6,
)


def live(database: Database, story: Story, source: str) -> None:
    """Let a story happen through the functions of the storage."""
    depth, (first, *_) = story.walk.depth, story.shown
    with database.writing() as session:
        token = drafts.start(session, "2026-12", depth, {"ref": source}, shown=first)
        for page, following in pairwise(story.shown):
            event = SaveEvent(replace(page, open=()), following)
            drafts.save(session, token, {}, None, event)
        if story.submitted:
            result = submission.submit(session, token, new_submission(depth=depth))
            if story.contact:
                submission.save_contact(session, result, CONTACT)
            lead = leads.by_result_token(session, result)
            assert lead is not None
            for stage in story.reached:
                page_events.record_stage(session, lead.id, stage)
    if story.deleted:
        # PostgreSQL checks foreign keys again for a row that the same transaction added.
        its_draft = DraftRow.token_hash == token_hash(token)
        assert write(database, drafts.delete_drafts, its_draft) == 1


def expected(stories: list[Story]) -> Counter[tuple[str, str]]:
    """What an observer of the owners would have counted."""
    counts: Counter[tuple[str, str]] = Counter()
    for story in stories:
        last = story.shown[-1].page
        pages = story.walk.pages[: len(story.saved) + 1]
        numbers = {part.id: number for number, part in enumerate(story.walk.parts)}
        furthest = numbers[pages[-1].part_id]
        parts = [PART + id for id, number in numbers.items() if number <= furthest]
        steps = [STARTED, *parts, *([REVIEW] if last == REVIEW else [])]
        if story.submitted:
            steps += [SUBMITTED, *(["contact", "consult"] if story.contact else [])]
        else:
            counts["left", last] += 1
        steps += [MILESTONE_OF[stage] for stage in story.reached if stage in MILESTONE_OF]
        steps += [CONTACT_REACHED] if {"contact", "reached"} <= set(steps) else []
        counts.update(("step", step) for step in steps)
        counts.update(("shown", visit.page) for visit in story.shown)
        counts.update(("asked", id) for visit in story.shown for id in visit.asked)
    return counts


def counted(found: Stats) -> Counter[tuple[str, str]]:
    """Numbers of the insights, to be compared with those of the observer."""
    counts = Counter({("step", step): count for step, count in found.steps.items()})
    for page, of_page in found.pages.items():
        counts.update({(what, page): of_page[what] for what in ("shown", "left")})
    counts.update({("asked", id): of["asked"] for id, of in found.questions.items()})
    return +counts


def today(database: Database) -> ResponseFilter:
    day = database.clock().date()
    return ResponseFilter("real", day, day)


def collected(database: Database, source: str | None = None, **changes: Any) -> Stats:
    of = replace(today(database), source=source, **changes)
    return read(database, insights.collect, of)


def by_source(database: Database, step: str, chosen: str | None = None) -> dict[str, int]:
    """How often a step was counted today, by source."""
    found = collected(database, chosen).sources
    return {source: steps[step] for source, steps in found.items() if steps[step]}


def test_numbers_are_those_an_observer_would_count(database: Database) -> None:
    @settings(
        max_examples=examples(12 if database.is_sqlite else 4),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(stories=STORIES)
    def law(stories: list[Story]) -> None:
        source = next(SOURCES)
        for story in stories:
            live(database, story, source)
        found = collected(database, source)
        assert counted(found) == expected(stories)
        never_rises(found)

    law()


def never_rises(found: Stats) -> None:
    """No step has more responses than the step that it follows."""
    names = [STARTED, *(PART + part.id for part in WALKS[0].questionnaire.structure.parts)]
    chains = (
        [*names, REVIEW, SUBMITTED, "contact", "consult"],
        [SUBMITTED, "reached", "booked", "held"],
        ["reached", "won"],
        ["contact", CONTACT_REACHED],
    )
    for chain in chains:
        counts = [found.steps[step] for step in chain]
        assert counts == sorted(counts, reverse=True), chain
    for counts_of in found.questions.values():
        assert counts_of["asked"] >= counts_of["answered"] >= counts_of["unknown"]
        assert counts_of["left"] <= counts_of["asked"] - counts_of["answered"]


def test_a_filter_selects_days_kinds_depths_and_sources(database: Database, clock: Clock) -> None:
    live(database, Story(), "fair")
    tomorrow = clock().date() + timedelta(days=1)

    def started(**changes: Any) -> int:
        return collected(database, **changes).steps[STARTED]

    assert started() == started(source="fair") == started(depth=WALKS[0].depth) == 1
    assert by_source(database, STARTED, "letter") == {"fair": 1}, "whichever source is chosen"
    assert started(source="letter") == started(kind="demo") == started(kind="test") == 0
    assert started(since=tomorrow, until=tomorrow) == 0
    assert started(depth="full" if WALKS[0].depth == "quick" else "quick") == 0


def test_views_and_starts_inside_other_sites_are_counted_twice(database: Database) -> None:
    with database.writing() as session:
        for framed in (False, True, True):
            page_events.record_view(session, "quick", {"ref": "fair"}, framed=framed)
        drafts.start(session, "2026-12", "quick", {}, framed=True)
    steps = collected(database).steps
    assert (steps[VIEWED], steps[VIEWED_FRAMED]) == (3, 2)
    assert (steps[STARTED], steps[STARTED_FRAMED]) == (1, 1)


def test_views_are_limited_by_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_events, "MAX_VIEWS_A_DAY", 5)
    with database.writing() as session:
        for number in range(8):
            page_events.record_view(session, "quick", {"ref": f"invented {number}"}, framed=False)
        assert session.scalar(select(func.count()).select_from(StartPageViewRow)) == 5


def test_minor_sources_are_merged(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "MAX_SOURCES", 3)
    for source in [*(f"invented {number}" for number in range(7)), "fair"]:
        token = write(database, drafts.start, "2026-12", "quick", {"utm_source": source})
    write(database, submission.submit, token, new_submission())
    started = {"fair": 1, "invented 0": 1, "invented 1": 1, OTHER: 5}
    assert by_source(database, STARTED) == started
    assert by_source(database, SUBMITTED) == {"fair": 1}
    assert collected(database).steps[STARTED] == 8
    assert collected(database, "invented 6").steps[STARTED] == 1


def test_demo_and_test_responses_are_counted_apart(database: Database) -> None:
    assert read(database, insights.kinds_present) == set()
    long = "x" * 500
    responses = (("test", "Test"), ("demo", "fair"), ("real", long))
    for kind, source in responses:
        tags = {"ref": source}
        write(database, drafts.start, "2026-12", "quick", tags, demo=kind == "demo")
    for kind, source in responses:
        found = collected(database, kind=kind).sources
        assert {name: steps[STARTED] for name, steps in found.items()} == {source[:100]: 1}
    assert read(database, insights.kinds_present) == {"test", "demo", "real"}


def test_wins_count_on_their_day_with_their_worth_and_outlive_the_lead(
    database: Database, clock: Clock
) -> None:
    ada, lead_id = colleague(database, "ada"), new_lead(database, contact=True)
    started = clock().date()
    clock.go_on(days=2)
    write(database, actions.move, lead_id, "won", by=ada, amount=120_000, currency="USD")
    won_on = clock().date()
    clock.go_on(days=1)

    def by_day() -> dict[date, dict[str, int]]:
        found = read(database, insights.by_day, replace(today(database), since=started))
        return {day: dict(counts) for day, counts in found.items()}

    expected = {started: {"leads": 1}, won_on: {"won": 1, f"{WORTH}USD": 120_000}}
    assert by_day() == expected
    write(database, actions.correct_amount, lead_id, 90_050, "USD", by=ada)
    expected[won_on][f"{WORTH}USD"] = 90_050
    assert by_day() == expected
    with database.writing() as session:
        erasure.erase(session, [lead_id], "delete", by=ada, reason="asked")
    assert by_day() == expected


def test_owners_without_contact_info_are_not_counted_among_the_contacts_that_were_reached(
    database: Database,
) -> None:
    ada = colleague(database, "ada")
    for contact in (True, False, False):
        write(database, actions.move, new_lead(database, contact=contact), "won", by=ada)
    new_lead(database, contact=True)
    stats = collected(database)
    marks = ("contact", "reached", CONTACT_REACHED)
    assert [stats.steps[mark] for mark in marks] == [2, 3, 1]


def test_a_win_that_was_undone_is_no_win(database: Database) -> None:
    ada, lead_id = colleague(database, "ada"), new_lead(database, contact=True)
    write(database, actions.move, lead_id, "won", by=ada, amount=100, currency="USD")
    write(database, changes.undo, lead_id, by=ada)
    found = read(database, insights.by_day, today(database))
    assert found == {database.clock().date(): {"leads": 1}}


@pytest.mark.parametrize(
    ("score", "tenth", "band"),
    [(0, 0, 0), (9.99, 0, 0), (10, 1, 0), (25, 2, 1), (74.9, 7, 2), (100, 9, 3)],
)
def test_tenths_and_bands(database: Database, score: float, tenth: int, band: int) -> None:
    submitted(database, separation=score, handoff=0.0)
    spread = read(database, insights.spread, today(database))
    assert [spread.tenths["separation"][tenth], spread.bands] == [1, {(band, 0): 1}]


def test_quartiles_are_the_least_times_that_so_many_did_not_exceed() -> None:
    assert insights.quartiles({}) is None
    assert insights.quartiles({10: 1}) == (10, 10, 10)
    assert insights.quartiles({40: 1, 5: 2, 7: 1}) == (5, 5, 7)
    assert insights.quartiles({900: 2, 60: 10, 5: 10}) == (5, 60, 60)
