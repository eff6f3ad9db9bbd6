"""The sums behind the insights: twelve months of 20,000 responses, on both engines."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from benchmarks.measure import Row, computed_by
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.insights import agency_numbers, insights
from consult.storage.insights.insights import ResponseFilter
from consult.storage.page_events import REVIEW, PageVisit
from consult.storage.tables.submission_tables import PageVisitRow, ResponseStatsRow
from tests.support.postgres import shared_server

RESPONSES = 20_000
AIM_MS = 250
ROUNDS = 7
_SINCE = date(2025, 11, 1)
_SOURCES = ("", "newsletter", "google", "facebook", "chamber-breakfast")
_BATCH = 20_000


def rows() -> list[Row]:
    """The sums of the page of insights beside the most that they should take."""
    found = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        urls = {
            "SQLite": f"sqlite:///{folder}/insights.db",
            "PostgreSQL": server.create_database(),
        }
        for engine, url in urls.items():
            with closing(Database(url, synchronous="NORMAL")) as database:
                migrate.upgrade(database)
                _fill(database)
                taken = _milliseconds(database)
            name = f"{engine}: 12 months"
            found.append(Row(name, taken, "ms", "the aim", AIM_MS, aim=1.0))
    return found


def _milliseconds(database: Database) -> float:
    of = ResponseFilter("real", _SINCE, _SINCE + timedelta(days=364))
    clock, taken = computed_by(database), []
    for _ in range(ROUNDS):
        start = clock()
        with database.reading() as session:
            insights.collect(session, of)
            agency_numbers.consult_steps(session, of, RESPONSES)
        taken.append((clock() - start) * 1_000)
    return min(taken)


def _fill(database: Database) -> None:
    random = Random(1)  # noqa: S311 - demo numbers are no secret
    stats: list[dict[str, Any]] = []
    visits: list[dict[str, Any]] = []
    for number in range(RESPONSES):
        depth = random.choice(("quick", "quick", "full"))
        pages = _PAGES[depth]
        submitted = random.random() < 0.54
        shown = len(pages) if submitted else random.randrange(1, len(pages))
        keys = {
            "day": _SINCE + timedelta(days=number * 365 // RESPONSES),
            "kind": "real",
            "depth": depth,
            "source": random.choice(_SOURCES),
        }
        reached = {"furthest": min(7, 1 + shown // 3), "submitted": submitted}
        stats.append({**keys, **reached, **_consult(random, submitted=submitted)})
        visits += _visits(keys, pages[:shown], random, submitted=submitted)
    with database.writing() as session:
        for table, found in ((ResponseStatsRow, stats), (PageVisitRow, visits)):
            for first in range(0, len(found), _BATCH):
                session.execute(insert(table), found[first : first + _BATCH])
    if not database.is_sqlite:
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM ANALYZE")


def _consult(random: Random, *, submitted: bool) -> dict[str, Any]:
    """How far on the way to a consult: a third go to the calendar, and fewer take each step."""
    got_to = (
        sum(random.random() < 0.6 for _ in range(4)) if submitted and random.random() < 0.4 else 0
    )
    steps = ("pressed", "booked", "held", "won")
    flags = {step: at < got_to for at, step in enumerate(steps)}
    after = {
        f"{step}_after": at * 90_000 if at <= got_to else None for at, step in enumerate(steps, 1)
    }
    return flags | after


def _visits(
    keys: dict[str, Any], pages: list[PageVisit], random: Random, *, submitted: bool
) -> Iterator[dict[str, Any]]:
    for number, page in enumerate(pages, start=1):
        is_last = number == len(pages) and not submitted
        unknown = tuple(id for id in page.asked if random.random() < 0.05)
        visit = PageVisit(page.page, page.asked, page.asked if is_last else (), unknown)
        yield {
            **keys,
            "page": page.page,
            "is_last": is_last,
            "saves": 0 if is_last else 1,
            "refused": int(random.random() < 0.05),
            "seconds": None if is_last else int(random.lognormvariate(3, 0.6)),
            "questions": visit.questions,
        }


def _pages(depth: Any) -> list[PageVisit]:
    pages = walk(newest(), {}, depth).pages
    shown = [PageVisit(page.id, tuple(asked.id for asked in page.questions)) for page in pages]
    return [*shown, PageVisit(REVIEW)]


_PAGES = {depth: _pages(depth) for depth in ("quick", "full")}
