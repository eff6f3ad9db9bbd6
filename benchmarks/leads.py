"""The list of leads with many of them: each filter, order and search, beside the same at 1,000.

What is timed is the whole page as somebody signed in gets it, with what stands above the list, on
SQLite and on PostgreSQL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from benchmarks import many_leads
from benchmarks.many_leads import NOW, SPAN, fill, word
from benchmarks.measure import Row, computed_by
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.search.lead_filter import OPEN, LeadSearch
from tests.support.apps import make_app, services_of
from tests.support.postgres import PostgresServer, shared_server
from tests.support.staff_client import make_user, signed_in

SIZES = (1_000, 30_000)
MILLION = (1_000, 1_000_000)
ROUNDS = 15
AIM = 2.0
"""Times what the same page takes with a thousand leads."""

_HALF = int((NOW - SPAN / 2).timestamp() * 1_000_000)
_RARE = {"source": "podcast", "archetype": "well_rehearsed_relay"}  # 0.3% each

CASES: Mapping[str, str] = {
    "all": "",
    "all, in the middle": f"after={_HALF}_500",
    "all, in the middle, back": f"before={_HALF}_500",
    "oldest first": LeadSearch(sort="oldest").query(),
    "by separation": LeadSearch(sort="separation").query(),
    "by handoff, in the middle": "sort=handoff&after=50.0_500",
    "by due date": LeadSearch(sort="due").query(),
    "new": LeadSearch(stages=("new",)).query(),
    "open": LeadSearch(stages=OPEN).query(),
    "open, oldest first": LeadSearch(stages=OPEN, sort="oldest").query(),
    "won or lost, by handoff": LeadSearch(stages=("won", "lost"), sort="handoff").query(),
    "mine": LeadSearch(assignee="me").query(),
    "mine and open": LeadSearch(assignee="me", stages=OPEN).query(),
    "offered to me": LeadSearch(assignee="offered").query(),
    "a common archetype": LeadSearch(archetype="baton_on_the_floor").query(),
    "its strongest handoffs": "archetype=baton_on_the_floor&sort=-handoff",
    "a rare archetype": LeadSearch(archetype=_RARE["archetype"]).query(),
    "a rare source": LeadSearch(source=_RARE["source"]).query(),
    "both rare": LeadSearch(source=_RARE["source"], archetype=_RARE["archetype"]).query(),
    "5% and 5%": LeadSearch(source="fair", archetype="fast_hands_no_lanes").query(),
    "5% and 5%, by handoff": "source=fair&archetype=fast_hands_no_lanes&sort=handoff",
    "5%, 2% and 30%": "source=fair&archetype=running_in_the_dark&consult=yes",
    "5%, 2% and 30%, further on": (
        f"source=fair&archetype=running_in_the_dark&consult=yes&after={_HALF}_500"
    ),
    "nobody’s, new, wants a consult": "assignee=nobody&stage=new&consult=yes",
    "nobody’s, of an archetype": "assignee=nobody&archetype=two_silos",
    "held by somebody, by handoff": "assignee=2&sort=-handoff",
    "waiting, last due first": "sort=-due",
    "all at once": "text=b&stage=won&assignee=3&archetype=two_silos&source=google&consult=no",
    "what never goes together": "separation=blended&handoff=smooth&archetype=baton_on_the_floor",
    "both bands": "separation=clear&handoff=smooth",
    "wants a consult": LeadSearch(consult="yes").query(),
    "demo": LeadSearch(demo="only").query(),
    "overdue": LeadSearch(due="overdue", sort="due").query(),
    "one day long ago": "since=2024-05-01&until=2024-05-01",
    "a quarter, won, by separation": "since=2024-04-01&until=2024-06-30&stage=won&sort=separation",
    "a rare word": LeadSearch(text=word(49_000)).query(),
    "a word of many": LeadSearch(text=word(0)).query(),
    "a letter": LeadSearch(text=word(0)[:1]).query(),
    "two words of many": LeadSearch(text=f"{word(0)} {word(1)}").query(),
    "two words of few": LeadSearch(text=f"{word(40)} {word(41)}").query(),
    "the start of an address": LeadSearch(text=f"{word(3)}.{word(5)[:2]}").query(),
    "a host": LeadSearch(text=f"@{word(1_000)}").query(),
    "a word of many, rare archetype": f"text={word(0)}&archetype={_RARE['archetype']}",
    "a word of many, further on": f"text={word(0)}+{word(30)}&after={_HALF}_500",
    "no such word": LeadSearch(text="zzz").query(),
}


def rows() -> list[Row]:
    """Pages of the list at the greater of two sizes, beside the smaller."""
    return _rows(SIZES)


def million() -> list[Row]:
    """The same with a million leads: two minutes an engine go into making them."""
    return _rows(MILLION)


def _rows(sizes: tuple[int, int]) -> list[Row]:
    found: list[Row] = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        for engine in ("SQLite", "PostgreSQL"):
            found += _measured(engine, sizes, Path(folder, engine), server)
    return found


def _measured(
    engine: str, sizes: tuple[int, int], folder: Path, server: PostgresServer
) -> Iterator[Row]:
    apps = []
    for size in sizes:
        url = server.create_database() if engine == "PostgreSQL" else None
        apps.append(_filled(folder / str(size), url, size))
    small, large = _milliseconds(apps)
    for app in apps:
        services_of(app).database.close()
    for case in CASES:
        yield Row(f"{engine}: {case}", large[case], "ms", f"{sizes[0]:,} leads", small[case], AIM)


def _filled(folder: Path, url: str | None, size: int) -> Flask:
    if url:
        with closing(Database(url)) as database:
            migrate.upgrade(database)
    app = make_app(folder, **({"database_url": url} if url else {}))
    database = services_of(app).database
    make_user(app)
    fill(database, size)
    database.forget_deleted()
    database.clock = lambda: many_leads.NOW
    return app


def _milliseconds(apps: Sequence[Flask]) -> list[dict[str, float]]:
    """The time of each page of each app: the shortest of some rounds in which all take turns."""
    getters = [_getter(app) for app in apps]
    for get in getters:
        get("/staff/")  # which opens the connections
    clocks = [computed_by(services_of(app).database) for app in apps]
    times: list[dict[str, list[float]]] = [{case: [] for case in CASES} for _ in apps]
    for _ in range(ROUNDS):
        for case, query in CASES.items():
            for get, clock, taken in zip(getters, clocks, times, strict=True):
                start = clock()
                get(f"/staff/?{query}")
                taken[case].append((clock() - start) * 1_000)
    return [{case: min(found) for case, found in taken.items()} for taken in times]


def _getter(app: Flask) -> Callable[[str], None]:
    """Gets a page as somebody signed in, without an inspector's look at it."""
    client = signed_in(app)._client

    def get(path: str) -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")
        answer.get_data()

    return get
