"""The list of leads with 100,000 of them: each filter, order and search. Today with 20,000.

What is timed is the search itself, and the whole page as a signed-in user gets it, on SQLite and
on PostgreSQL.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks import many_leads
from benchmarks.many_leads import NOW, SPAN, fill, word
from benchmarks.measure import Row, computed_by
from consult.staff.search.list_pages import PAGE_SIZE
from consult.storage.db import migrate
from consult.storage.db.database import Database
from consult.storage.search.find_leads import find
from consult.storage.search.lead_filter import OPEN, LeadFilter, Viewer
from tests.support.apps import make_app, services_of
from tests.support.postgres import shared_server
from tests.support.staff_client import make_user, signed_in

LEADS = 100_000
LEADS_OF_TODAY = 20_000
ROUNDS = 25
SLOWEST, MEDIAN = 150, 10
TODAY = 60
"""The aims in milliseconds: for each page; for the median of all pages and of all searches; and
for Today and each page of the list with 20,000 leads."""

_HALF = int((NOW - SPAN / 2).timestamp() * 1_000_000)
_RARE = {"source": "podcast", "archetype": "well_rehearsed_relay"}  # 0.3% each

CASES: Mapping[str, str] = {
    "all": "",
    "all, in the middle": f"after={_HALF}_500",
    "all, in the middle, back": f"before={_HALF}_500",
    "oldest first": LeadFilter(sort="oldest").query(),
    "by separation": LeadFilter(sort="separation").query(),
    "by handoff, in the middle": "sort=handoff&after=50.0_500",
    "by what is next": LeadFilter(sort="next").query(),
    "new": LeadFilter(stages=("new",)).query(),
    "open": LeadFilter(stages=OPEN).query(),
    "open, oldest first": LeadFilter(stages=OPEN, sort="oldest").query(),
    "won or lost, by handoff": LeadFilter(stages=("won", "lost"), sort="handoff").query(),
    "mine": LeadFilter(assignee="me").query(),
    "mine and open": LeadFilter(assignee="me", stages=OPEN).query(),
    "offered to me": LeadFilter(assignee="offered").query(),
    "a common archetype": LeadFilter(archetype="baton_on_the_floor").query(),
    "its strongest handoffs": "archetype=baton_on_the_floor&sort=-handoff",
    "a rare archetype": LeadFilter(archetype=_RARE["archetype"]).query(),
    "a rare source": LeadFilter(source=_RARE["source"]).query(),
    "both rare": LeadFilter(source=_RARE["source"], archetype=_RARE["archetype"]).query(),
    "5% and 5%": LeadFilter(source="fair", archetype="fast_hands_no_lanes").query(),
    "5% and 5%, by handoff": "source=fair&archetype=fast_hands_no_lanes&sort=handoff",
    "5%, 2% and 30%": "source=fair&archetype=running_in_the_dark&consult=yes",
    "5%, 2% and 30%, further on": (
        f"source=fair&archetype=running_in_the_dark&consult=yes&after={_HALF}_500"
    ),
    "unassigned, new, wants a consult": "assignee=unassigned&stage=new&consult=yes",
    "unassigned, of an archetype": "assignee=unassigned&archetype=two_silos",
    "assigned to one, by handoff": "assignee=2&sort=-handoff",
    "waiting, last due first": "due=waiting&sort=-next",
    "mine, by what is next": LeadFilter(assignee="me", sort="next").query(),
    "no answer yet": LeadFilter(due="no_answer", sort="next").query(),
    "all at once": "text=b&stage=won&assignee=3&archetype=two_silos&source=google&consult=no",
    "what never goes together": "separation=blended&handoff=smooth&archetype=baton_on_the_floor",
    "both bands": "separation=clear&handoff=smooth",
    "wants a consult": LeadFilter(consult="yes").query(),
    "demo": LeadFilter(demo="only").query(),
    "overdue": LeadFilter(due="overdue", sort="next").query(),
    "one day long ago": "since=2024-05-01&until=2024-05-01",
    "a quarter, won, by separation": "since=2024-04-01&until=2024-06-30&stage=won&sort=separation",
    "a rare word": LeadFilter(text=word(49_000)).query(),
    "a word of many": LeadFilter(text=word(0)).query(),
    "a letter": LeadFilter(text=word(0)[:1]).query(),
    "two words of many": LeadFilter(text=f"{word(0)} {word(1)}").query(),
    "two words of few": LeadFilter(text=f"{word(40)} {word(41)}").query(),
    "the start of an address": LeadFilter(text=f"{word(3)}.{word(5)[:2]}").query(),
    "a host": LeadFilter(text=f"@{word(1_000)}").query(),
    "a word of many, rare archetype": f"text={word(0)}&archetype={_RARE['archetype']}",
    "a word of many, further on": f"text={word(0)}+{word(30)}&after={_HALF}_500",
    "similar to a rare word": LeadFilter(similar=word(49_000)).query(),
    "similar to words of many": LeadFilter(similar=f"{word(30)} {word(1)}", sort="handoff").query(),
    "found in another spelling only": LeadFilter(text=f"{word(4_321)}hh").query(),
    "no such word": LeadFilter(text="zzz").query(),
}


def rows() -> list[Row]:
    """Pages of the list on both engines, and the medians of the pages and of the searches."""
    found: list[Row] = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        for engine, url in (("SQLite", None), ("PostgreSQL", server.create_database())):
            app = _filled(Path(folder, engine), url, LEADS)
            pages = _milliseconds(app, _page_getter(app), CASES)
            searches = _milliseconds(app, _searcher(app), CASES)
            services_of(app).database.close()
            found += [
                Row(f"{engine}: {case}", time, "ms", "at most", SLOWEST, 1.0)
                for case, time in pages.items()
            ]
            for name, times in (("a page", pages), ("a search", searches)):
                middle = median(times.values())
                found.append(Row(f"{engine}: {name}, median", middle, "ms", "at most", MEDIAN, 1.0))
    return found


def rows_of_today() -> list[Row]:
    """Today, and the slowest page of the list, with as many leads as an agency may get."""
    found: list[Row] = []
    with TemporaryDirectory() as folder, shared_server(Path(folder)) as server:
        for engine, url in (("SQLite", None), ("PostgreSQL", server.create_database())):
            app = _filled(Path(folder, engine), url, LEADS_OF_TODAY)
            today = _milliseconds(app, _page_getter(app, "/staff/"), {"Today": ""})
            pages = _milliseconds(app, _page_getter(app), CASES)
            services_of(app).database.close()
            slowest = max(pages, key=pages.__getitem__)
            for name, time in (("Today", today["Today"]), (f"slowest: {slowest}", pages[slowest])):
                found.append(Row(f"{engine}, 20,000: {name}", time, "ms", "at most", TODAY, 1.0))
    return found


def _filled(folder: Path, url: str | None, leads: int) -> Flask:
    if url:
        with closing(Database(url)) as database:
            migrate.upgrade(database)
    app = make_app(folder, **({"database_url": url} if url else {}))
    database = services_of(app).database
    make_user(app)
    fill(database, leads)
    database.forget_deleted()
    database.clock = lambda: many_leads.NOW
    return app


def _milliseconds(
    app: Flask, run: Callable[[str], None], cases: Mapping[str, str]
) -> dict[str, float]:
    """The computing time of each case: the shortest of some rounds."""
    run("")  # which opens the connections
    clock = computed_by(services_of(app).database)
    times: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(ROUNDS):
        for case, query in cases.items():
            start = clock()
            run(query)
            times[case].append((clock() - start) * 1_000)
    return {case: min(found) for case, found in times.items()}


def _page_getter(app: Flask, path: str = "/staff/leads") -> Callable[[str], None]:
    """Gets a page as a signed-in user.

    It calls the app as a server does. The test client would add about half a millisecond, to make
    the request and to keep cookies.
    """
    client = signed_in(app)._client
    client.get(path)  # which puts the token of forms into the cookie
    cookie = client.get_cookie("staff")
    headers = [("Cookie", f"staff={cookie.value if cookie else ''}")]
    request = EnvironBuilder(path, headers=headers).get_environ()

    def get(query: str) -> None:
        answer, status, _ = run_wsgi_app(app, request | {"QUERY_STRING": query})
        if status != "200 OK":
            raise RuntimeError(f"{query} answers {status}")
        b"".join(answer)

    return get


def _searcher(app: Flask) -> Callable[[str], None]:
    """Finds the leads of a page, without the page around them."""
    database, viewer = services_of(app).database, Viewer(1, UTC)

    def search(query: str) -> None:
        values = parse_qs(query)
        places = {name: values.pop(name, [""])[0] for name in ("after", "before")}
        with database.reading() as session:
            find(session, LeadFilter.from_query(values), viewer, limit=PAGE_SIZE, **places)

    return search
