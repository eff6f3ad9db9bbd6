"""Anybody can make up sources in links: the numbers know few of them, and those that matter."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from consult.storage.db.database import Database
from consult.storage.drafts import draft_deletion, drafts
from consult.storage.insights import idle_drafts, insights, source_limiter
from consult.storage.insights.daily_counters import VIEWED
from consult.storage.insights.idle_drafts import HANDED_IN, STARTED
from consult.storage.insights.insights import Slice
from consult.storage.insights.page_views import ViewCounter
from consult.storage.insights.source_limiter import OTHER
from consult.storage.leads import submission
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import Clock
from tests.support.submissions import lead_of, new_submission

MOST = 5


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_limiter, "MOST_SOURCES", MOST)


def begin(database: Database, sources: Iterable[str]) -> list[str]:
    with database.writing() as session:
        return [drafts.start(session, "2026-11", "quick", {"utm_source": one}) for one in sources]


def hand_in(database: Database, token: str) -> str:
    with database.writing() as session:
        return submission.submit(session, token, new_submission())


def counted(database: Database, step: str) -> dict[str, int]:
    """How often a step was counted today, by source."""
    with database.reading() as session:
        today = session.now().date()
        found = insights.gather(session, Slice("real", today, today)).sources
    return {source: steps[step] for source, steps in found.items() if steps[step]}


def made_up(number: int) -> list[str]:
    return [f"made up {one}" for one in range(number)]


def test_checks_with_made_up_sources_fill_no_more_than_some_places(database: Database) -> None:
    begin(database, made_up(2 * MOST))
    expected = {**dict.fromkeys(made_up(MOST), 1), OTHER: MOST}
    assert counted(database, STARTED) == expected
    with database.writing() as session:
        later = session.now() + timedelta(days=2)
        session.clock = lambda: later
        idle_drafts.settle(session)
    assert counted(database, STARTED) == expected, "the same once they are numbers"
    with database.writing() as session:
        draft_deletion.delete_checks(session, DraftRow.id > 0)
    assert counted(database, STARTED) == expected, "and once they are gone"


def test_views_that_wait_together_fill_no_more_either(database: Database) -> None:
    views = ViewCounter(database)
    for source in ["first", *made_up(2 * MOST)]:
        views.count("quick", {"ref": source}, framed=True)
    views.write()
    assert counted(database, VIEWED) == {
        "first": 1,
        **dict.fromkeys(made_up(MOST - 1), 1),
        OTHER: 6,
    }


def test_a_source_that_is_counted_already_goes_on(database: Database) -> None:
    begin(database, ["letter", *made_up(2 * MOST), "letter"])
    assert counted(database, STARTED)["letter"] == 2


def test_a_source_that_has_brought_a_lead_outlives_a_flood(
    database: Database, clock: Clock
) -> None:
    (token,) = begin(database, ["fair"])
    hand_in(database, token)
    clock.go_on(days=1)
    (*_, token) = begin(database, [*made_up(2 * MOST), "fair"])
    hand_in(database, token)
    assert counted(database, STARTED)["fair"] == 1
    assert counted(database, HANDED_IN) == {"fair": 1}


def test_whoever_looks_at_the_lead_still_sees_where_it_came_from(database: Database) -> None:
    (*_, token) = begin(database, [*made_up(2 * MOST), "new letter"])
    lead = lead_of(database, hand_in(database, token))
    assert lead.source["utm_source"] == "new letter"
    assert counted(database, HANDED_IN) == {OTHER: 1}


def test_a_deeper_check_is_counted_by_what_is_known_when_it_begins(
    database: Database, clock: Clock
) -> None:
    (*_, token) = begin(database, [*made_up(2 * MOST), "new letter"])
    lead = lead_of(database, hand_in(database, token))
    clock.go_on(days=1)
    with database.writing() as session:
        drafts.start(session, "2026-11", "full", lead.source)
    assert counted(database, STARTED) == {"new letter": 1}


def test_the_next_day_has_places_again(database: Database, clock: Clock) -> None:
    begin(database, made_up(2 * MOST))
    clock.go_on(days=1)
    begin(database, ["another"])
    assert counted(database, STARTED) == {"another": 1}


def test_what_is_made_up_by_us_takes_no_place(database: Database) -> None:
    with database.writing() as session:
        for source in made_up(2 * MOST):
            drafts.start(session, "2026-11", "quick", {"ref": source}, demo=True)
    begin(database, ["real"])
    assert counted(database, STARTED) == {"real": 1}
