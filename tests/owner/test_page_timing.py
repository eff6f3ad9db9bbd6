"""What the public pages leave behind about themselves: counts and times, and nothing of anybody."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Draft
from consult.storage.insights.page_times import PageTrace, pages_of
from consult.storage.tables.insight_tables import FunnelDayRow, PageDayRow, QuestionDayRow
from consult.storage.tables.submission_tables import DraftRow
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, MOSTLY_UNKNOWN

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148"}
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "facebookexternalhit/1.1",
    "curl/8.5.0",
    "Mozilla/5.0 HeadlessChrome/120",
    "",
)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def held(app: Flask, token: str) -> Draft:
    with services_of(app).database.writing() as session:
        check = drafts.load(session, token, hold=True)
    assert check is not None
    return check


def pages(app: Flask, journey: Journey) -> list[PageTrace]:
    return pages_of(held(app, journey.token).trace, handed_in=False)


def steps(app: Flask) -> dict[tuple[str, str], int]:
    services_of(app).views.write()
    with services_of(app).database.reading() as session:
        return {(row.step, row.source): row.count for row in session.scalars(select(FunnelDayRow))}


def test_each_page_is_noted_by_the_save_before_it(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.start()
    assert [(page.page, page.left) for page in pages(app, journey)] == [("who", True)]
    journey.to_page("sort-2")
    found = pages(app, journey)
    assert [page.page for page in found] == ["who", "buyers", "sort-1", "sort-2"]
    assert [page.left for page in found] == [False, False, False, True]
    assert all(not page.open for page in found[:2])
    assert len(found[3].asked) == len(found[3].open) == 4


def test_looking_writes_nothing(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.start()
    journey.to_page("sort-1")
    with services_of(app).database.reading() as session:
        before = session.execute(select(DraftRow.trace, DraftRow.updated_at)).one()
    for page in ("who", "buyers", "sort-1"):
        journey.go(f"{journey.root}/{page}")
    with services_of(app).database.reading() as session:
        assert session.execute(select(DraftRow.trace, DraftRow.updated_at)).one() == before


def test_a_page_that_came_back_is_where_they_stopped(app: Flask) -> None:
    journey = Journey(PageClient(app), {"marketing_by": "me"})
    journey.start()
    journey.refuse()
    (who,) = pages(app, journey)
    assert (who.refused, who.saves, who.left) == (1, 0, True)
    assert list(who.open) == ["selling_by"]


def test_what_is_not_known_is_told_from_what_is_not_answered(app: Flask) -> None:
    journey = Journey(PageClient(app), MOSTLY_UNKNOWN.answers)
    journey.start()
    journey.to_review()
    by_page = {page.page: page for page in pages(app, journey)}
    assert "first_reply" in by_page["catch"].unsure
    assert by_page["review"].left


def test_handing_in_makes_the_pages_numbers(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers, query="?ref=fair")
    journey.start()
    journey.to_review()
    shown = [page.page for page in pages(app, journey)]
    asked = [question for page in pages(app, journey) for question in page.asked]
    journey.submit()
    with services_of(app).database.reading() as session:
        page_rows = session.scalars(select(PageDayRow)).all()
        question_rows = session.scalars(select(QuestionDayRow)).all()
    assert {row.page for row in page_rows} == set(shown)
    assert {(row.shown, row.left, row.source) for row in page_rows} == {(1, 0, "fair")}
    assert {row.question for row in question_rows} == set(asked)


def test_going_on_from_a_quick_look_notes_only_what_is_shown(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.to_result()
    page = journey.client.submit(journey.page.form("/full-depth"))
    journey.page = journey.client.follow(page)
    first = journey.page.path.split("/")[-1]
    assert [page.page for page in pages(app, journey)] == [first]


def test_views_and_starts_are_counted_by_source(app: Flask) -> None:
    client = PageClient(app)
    for query in ("", "?ref=fair", "?ref=fair"):
        client.get(f"/{query}", headers=PHONE)
    assert steps(app) == {("viewed", ""): 1, ("viewed", "fair"): 2}


def test_a_phone_is_no_program_whatever_its_make(app: Flask) -> None:
    cubot = "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 50) Chrome/120.0 Mobile"
    PageClient(app).get("/", headers={"User-Agent": cubot})
    assert steps(app) == {("viewed", ""): 1}


def test_programs_are_not_counted(app: Flask) -> None:
    client = PageClient(app)
    for robot in ROBOTS:
        client.get("/", headers={"User-Agent": robot})
    client.get("/", headers={**PHONE, "Sec-Purpose": "prefetch;prerender"})
    client.send("HEAD", "/", status=200, headers=PHONE)
    assert steps(app) == {}


def test_a_page_in_a_frame_counts_as_such_too(app: Flask) -> None:
    client = PageClient(app)
    framed = {**PHONE, "Sec-Fetch-Dest": "iframe"}
    client.get("/", headers=framed)
    client.post("/start", {"depth": "quick"}, headers=framed)
    assert steps(app) == {("viewed", ""): 1, ("viewed_framed", ""): 1, ("started_framed", ""): 1}


def test_made_up_sources_cannot_fill_the_table(app: Flask) -> None:
    views = services_of(app).views
    for number in range(205):
        views.count("quick", {"ref": f"source {number}"}, framed=False)
        views.write()
    found = steps(app)
    assert len(found) == 201
    assert found["viewed", "other"] == 5
