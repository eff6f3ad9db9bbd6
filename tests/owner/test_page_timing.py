"""What the public pages record about themselves: counts and times, and nothing about a person."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from consult.storage.insights import insights
from consult.storage.insights.insights import STARTED_FRAMED, VIEWED, VIEWED_FRAMED, ResponseFilter
from consult.storage.tables.submission_tables import PageVisitRow
from tests.support.apps import make_app, services_of, stored
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, MOSTLY_UNKNOWN, AnswerValue
from tests.support.results import submit_check

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148"}
PROGRAMS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "facebookexternalhit/1.1",
    "curl/8.5.0",
    "Mozilla/5.0 HeadlessChrome/120",
    "",
)


def started(app: Flask, answers: Mapping[str, AnswerValue], query: str = "") -> Journey:
    journey = Journey(PageClient(app), answers, query=query)
    journey.start()
    return journey


def pages(app: Flask, depth: str = "quick") -> list[PageVisitRow]:
    return rows(services_of(app).database, PageVisitRow, PageVisitRow.depth == depth)


def steps(app: Flask) -> dict[tuple[str, str], int]:
    """What was counted of the start page, by source."""
    with services_of(app).database.reading() as session:
        today = session.now().date()
        found = insights.collect(session, ResponseFilter("real", today, today)).sources
    names = (VIEWED, VIEWED_FRAMED, STARTED_FRAMED)
    return {(n, source): c[n] for source, c in found.items() for n in names if c[n]}


def test_each_page_is_recorded_by_the_save_before_it_and_viewing_one_writes_nothing(
    app: Flask,
) -> None:
    journey = started(app, BATON_ON_THE_FLOOR.answers)
    assert [(page.page, page.is_last) for page in pages(app)] == [("trouble", True)]
    journey.to_page("sort-2")
    found = pages(app)
    assert [page.page for page in found] == ["trouble", "who", "buyers", "sort-1", "sort-2"]
    assert [page.is_last for page in found] == [False, False, False, False, True]
    assert all("-" not in page.questions for page in found[:3])
    assert found[4].questions.count("-") == 5
    before = stored(app)
    for name in ("who", "buyers", "sort-2"):
        journey.go(f"{journey.root}/{name}")
    assert stored(app) == before


def test_a_page_that_came_back_is_where_they_stopped(app: Flask) -> None:
    journey = started(app, {"marketing_by": "me"})
    journey.to_page("who")
    journey.refuse()
    _, who = pages(app)
    assert (who.refused, who.saves, who.is_last) == (1, 0, True)
    assert "selling_by-" in who.questions
    assert "marketing_by-" not in who.questions


def test_unknown_is_recorded_apart_from_unanswered(app: Flask) -> None:
    started(app, MOSTLY_UNKNOWN.answers).to_review()
    by_page = {page.page: page for page in pages(app)}
    assert "first_reply?" in by_page["keep-going"].questions
    assert by_page["review"].is_last


def test_a_submitted_response_was_left_on_no_page(app: Flask) -> None:
    journey = started(app, BATON_ON_THE_FLOOR.answers, query="?ref=fair")
    journey.to_review()
    shown = [page.page for page in pages(app)]
    journey.submit()
    assert [page.page for page in pages(app)] == shown
    assert {(page.is_last, page.source) for page in pages(app)} == {(False, "fair")}


def test_going_on_from_a_quick_look_records_only_what_is_shown(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.go(submit_check(app))
    page = journey.client.submit(journey.page.form("/full-depth"))
    journey.page = journey.client.follow(page)
    first = journey.page.path.split("/")[-1]
    assert [page.page for page in pages(app, "full")] == [first]


def test_people_are_counted_by_source_and_programs_are_not(app: Flask) -> None:
    client = PageClient(app)
    for program in PROGRAMS:
        client.get("/", headers={"User-Agent": program})
    client.get("/", headers={**PHONE, "Sec-Purpose": "prefetch;prerender"})
    client.send("HEAD", "/", status=200, headers=PHONE)
    assert steps(app) == {}
    for query in ("?ref=fair", "?ref=fair"):
        client.get(f"/{query}", headers=PHONE)
    cubot = "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 50) Chrome/120.0 Mobile"
    client.get("/", headers={"User-Agent": cubot})
    assert steps(app) == {(VIEWED, ""): 1, (VIEWED, "fair"): 2}


def test_a_page_in_a_frame_counts_as_such_too(app: Flask) -> None:
    client = PageClient(app)
    framed = {**PHONE, "Sec-Fetch-Dest": "iframe"}
    assert client.get("/", status=303, headers=framed).location == "/embed/"
    client.get("/embed/", headers=framed)
    client.post("/embed/start", {"depth": "quick"}, headers=framed)
    assert steps(app) == {(VIEWED, ""): 1, (VIEWED_FRAMED, ""): 1, (STARTED_FRAMED, ""): 1}


def test_a_frame_that_no_visitor_sees_is_no_view(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", embed_origins="https://www.example.com")
    own = services_of(app).settings.base_url
    client = PageClient(app)
    for site, views in (
        ("https://www.example.com/", 1),
        (f"{own}/check/x/who", 2),
        ("https://example.com/", 2),
        ("http://www.example.com/", 2),
        (f"{own}/staff/settings/website/try", 2),
        ("https://[", 3),
    ):
        framed = {**PHONE, "Sec-Fetch-Dest": "iframe", "Referer": site}
        client.get("/embed/", headers=framed)
        assert steps(app) == {(VIEWED, ""): views, (VIEWED_FRAMED, ""): views}, site


def test_the_start_page_comes_also_where_its_view_cannot_be_counted(app: Flask) -> None:
    client = PageClient(app)
    with services_of(app).database.engine.begin() as connection:
        connection.execute(text("DROP TABLE start_page_views"))
    client.get("/", headers=PHONE)


def test_the_start_page_does_not_wait_for_another_writer(app: Flask) -> None:
    database = services_of(app).database
    other = make_app(Path(str(database.sqlite_file)).parent)
    with services_of(other).database.writing() as session:
        session.execute(text("SELECT 1"))  # which starts it
        PageClient(app).get("/", headers=PHONE)
    assert steps(app) == {}
