"""The page of insights, as staff read it."""

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from consult.demo.generator import make_leads
from consult.questionnaire.editions import newest
from consult.staff.insights import chart_data
from consult.storage.insights.agency_numbers import ConsultStep
from consult.storage.insights.insights import Stats
from tests.support import staff_client
from tests.support.apps import make_app, services_of, statements
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.page import Page, classes_of, text_of
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT

URL = "/staff/insights"
SVG = "{http://www.w3.org/2000/svg}"


def app_with(folder: Path, *, demo: int = 0) -> tuple[Flask, PageClient]:
    app = make_app(folder)
    staff_client.make_user(app)
    made = services_of(app)
    if demo:
        office = made.settings.office
        list(make_leads(made.database, newest(), made.brand, office, demo, 7))
    return app, staff_client.signed_in(app)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> PageClient:
    """A browser of staff who have demo leads only."""
    _, client = app_with(tmp_path_factory.mktemp("insights"), demo=12)
    return client


def one_line(page: Page) -> str:
    return " ".join(page.text.split())


def test_a_view_without_a_start_draws_nothing(tmp_path: Path) -> None:
    app, client = app_with(tmp_path)
    assert "No visits in this period" in one_line(client.get(URL))
    says = "This link has filters that don’t exist here, so they were left out: "
    for query, left_out in (
        (
            "period=soon&since=x&until=9999-99-99&kind=all&depth=deep&source=%00",
            "period “soon”, since “x”, until “9999-99-99”, depth “deep”, kind “all”.",
        ),
        ("period=own&since=2026-02-01&until=1970-01-01", ""),
        ("period=own&since=0001-01-01&until=9000-12-31", "since “0001-01-01”."),
        ("period=30&since=&until=&kind=real&depth=&source=nowhere", ""),
    ):
        text = one_line(client.get(f"{URL}?{query}"))
        assert says + left_out in text if left_out else says not in text
    PageClient(app).get("/")
    assert "There’s nothing to count yet." in one_line(client.get(URL))


def test_an_owner_is_counted_from_start_to_contact(tmp_path: Path) -> None:
    app, client = app_with(tmp_path)
    owner = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers, query="?ref=fair")
    owner.to_result()
    form = owner.client.get(f"{owner.root}/contact").form("/contact")
    owner.client.submit(form.fill(**CONTACT))
    stopped = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    stopped.start()
    stopped.to_page(newest().structure.pages[2].id)
    page = client.get(URL)
    text = one_line(page)
    assert "Started a check 2" in text
    assert "Left contact info 1" in text
    assert "fair" in text
    assert "few" in text, "two are too few to compare"
    assert "Okafor" not in text, "numbers without names"


def test_demo_leads_are_shown_only_while_there_are_no_others(tmp_path: Path) -> None:
    app, client = app_with(tmp_path, demo=1)
    assert "This is demo data" in one_line(client.get(f"{URL}?period=365"))
    Journey(PageClient(app), BATON_ON_THE_FLOOR.answers).to_result()
    mine = one_line(client.get(f"{URL}?period=365"))
    assert "This is demo data" not in mine
    assert "Started a check 1" in mine
    assert "This is demo data" in one_line(client.get(f"{URL}?period=365&kind=demo"))


def test_custom_period_source_and_depth_filter_the_page(demo: PageClient) -> None:
    whole = demo.get(f"{URL}?period=365&kind=demo")
    for query in ("period=own&since=2020-01-01&until=2020-02-01", "period=365&source=nowhere"):
        assert "No visits" in one_line(demo.get(f"{URL}?kind=demo&{query}"))
    # Whoever changes a day in the form, and leaves the period as it is, means the day.
    changed = "since=2020-01-01&until=2020-02-01&was_since=2020-01-01&was_until=2026-01-01"
    assert "No visits" in one_line(demo.get(f"{URL}?kind=demo&period=365&{changed}"))
    newsletter = demo.get(f"{URL}?period=365&kind=demo&source=newsletter&depth=full")
    assert one_line(newsletter) != one_line(whole)


def test_a_source_with_the_name_of_none_is_another_one(tmp_path: Path) -> None:
    app, client = app_with(tmp_path)
    for source in ({}, {"utm_source": "Direct"}):
        PageClient(app).post("/start", source)
    for chosen in ("", "-", "Direct", "gone"):
        page = client.get(f"{URL}?source={chosen}")
        (field,) = [e for e in page.document.all("select") if e.attrib["id"] == "source"]
        options = page.document.all("option", within=field)
        assert sorted(option.attrib["value"] for option in options) == sorted(
            {"", "-", "Direct", chosen}
        )
        (picked,) = [one.attrib["value"] for one in options if "selected" in one.attrib] or [""]
        assert picked == chosen


def test_a_consult_follows_from_the_calendar_or_was_scheduled_some_other_way() -> None:
    day = 86_400
    steps = {
        "pressed": ConsultStep(40, 40, 100, 50),
        "booked": ConsultStep(25, 20, 40, 2 * day),
        "held": ConsultStep(10, 10, 25, 5 * 3600),
        "won": ConsultStep(0, 0, 10, None),
    }
    chart = chart_data.consult_steps(steps)
    assert chart.title == "50% of people who open the calendar book"
    assert [(row.label, row.value, row.cells[-1]) for row in chart.rows] == [
        ("Opened the calendar, under a minute later", "40 · 40%", "under a minute"),
        ("Consult scheduled, 2 days later", "25 · 50%", "2 days"),
        ("Consult done, 5 hours later", "10 · 40%", "5 hours"),
        ("Won after the consult", "0 · 0% · few", "–"),
    ]
    stats = Stats(steps=Counter(contact=30, consult=12))
    assert chart_data.consults_note(stats, steps["booked"]) == (
        "12 of 30 who left contact info requested a consult. "
        "5 consults were scheduled some other way, such as on the phone."
    )


def test_owners_that_are_reached_without_contact_info_are_no_share_of_the_contacts() -> None:
    steps = Counter(
        {"submitted": 80, "contact": 20, "reached": 30, "contact_reached": 15, "won": 6}
    )
    assert [(row.label, row.value) for row in chart_data.agency_steps(Stats(steps=steps))] == [
        ("Finished", "80"),
        ("Left contact info", "20 · 25%"),
        ("Reached", "30 · 75%"),
        ("Won, with or without a consult", "6 · 20%"),
    ]


def test_each_chart_is_an_image_with_title_description_and_table(demo: PageClient) -> None:
    with statements(demo.app) as queries:
        document = demo.get(f"{URL}?period=365").document
    # Five of them for our own handoff, whatever is chosen.
    assert len(queries) <= 18, queries
    figures = document.all("figure")
    drawn = {figure.attrib["id"].removesuffix("-chart") for figure in figures}
    assert drawn >= {
        "check",
        "agency",
        "consult",
        "stops",
        "seconds",
        "separation",
        "handoff",
        "waits",
    }
    for figure in figures:
        (picture,) = document.all(f"{SVG}svg", within=figure)
        assert picture.attrib["role"] == "img"
        named, described = (
            document.by_id[picture.attrib[attribute]]
            for attribute in ("aria-labelledby", "aria-describedby")
        )
        assert (named.tag, described.tag) == (f"{SVG}title", f"{SVG}desc")
        assert text_of(document.all("figcaption", within=figure)[0]) == named.text
        (table,) = document.all("table", within=figure)
        assert len(document.all("tr", within=table)) > 1
    assert document.by_id["own-performance"] is not None, "our own handoff is above it all"


def test_small_samples_are_drawn_hollow_and_marked(demo: PageClient) -> None:
    document = demo.get(f"{URL}?period=365").document
    chart = document.by_id["waits-chart"]
    points = document.all(f"{SVG}circle", within=chart)
    assert points
    assert all("is-few" in classes_of(point) for point in points)
    origins = document.by_id["origins-chart"]
    hollow = [
        bar for bar in document.all(f"{SVG}rect", within=origins) if "is-few" in classes_of(bar)
    ]
    marked = [
        text for text in document.all(f"{SVG}text", within=origins) if "few" in (text.text or "")
    ]
    assert 0 < len(hollow) <= len(marked)
