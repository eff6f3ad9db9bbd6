"""The start page: what it promises, and what it carries along."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from consult.owner.questionnaire_pages import measured_minutes
from consult.questionnaire.editions import newest
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.personas import SOLO_STARTER
from tests.support.results import frozen, submit_check


def finish(app: Flask, minutes: float) -> None:
    database = services_of(app).database
    end = database.clock()
    with database.writing() as session:
        session.clock = lambda: end - timedelta(minutes=minutes)
        token = drafts.start(session, newest().name, "quick", {})
        session.clock = lambda: end
        submission.submit(session, token, frozen(SOLO_STARTER))


def test_the_time_is_an_estimate_until_twenty_owners_have_finished(app: Flask) -> None:
    client = PageClient(app)
    for _ in range(19):
        finish(app, 8)
    assert "Takes about 6 minutes" in client.get("/").text
    finish(app, 8)
    assert "Most owners take about 8 minutes" in client.get("/").text
    assert "Takes about 9 minutes" in client.get("/?depth=full").text


def test_minutes_are_rounded_and_never_nothing() -> None:
    assert [measured_minutes(seconds) for seconds in (20, 299, 331)] == [1, 5, 6]


def test_search_engines_are_told_one_address_for_all_campaigns(client: PageClient) -> None:
    for path in ("/", "/?utm_source=news&ref=ada", "/?depth=full", "/embed/"):
        links = client.get(path).document.all("link")
        found = [link.attrib["href"] for link in links if link.attrib["rel"] == "canonical"]
        assert found == ["http://127.0.0.1:8000/"], path


def test_depth_and_campaign_tags_are_carried_along_and_nonsense_is_not(client: PageClient) -> None:
    form = client.get('/?depth=full&utm_source="><script>&ref=ada&email=a@b.c').form("/start")
    values = {name: form.fields[name].values for name in ("depth", "utm_source", "ref")}
    assert values == {"depth": ["full"], "utm_source": ['"><script>'], "ref": ["ada"]}
    assert "email" not in form.fields
    assert client.get("/?depth=<b>").form("/start").fields["depth"].values == ["quick"]
    escaped = client.get("/?UTM_TERM=x&amp;Depth=full").form("/start")
    assert escaped.data == {**escaped.data, "utm_term": ["x"], "depth": ["full"]}


@pytest.mark.parametrize(
    ("before", "promise"),
    [
        ("pdf", "only ask for it if you want the PDF or want to talk"),
        ("nothing", "only ask for it if you want to talk with us"),
        ("result", "before you see your result"),
    ],
)
def test_it_says_truly_when_the_name_is_asked_for(
    tmp_path: Path, before: str, promise: str
) -> None:
    client = PageClient(make_app(tmp_path / "var", contact_before=before))
    assert promise in client.get("/").text


def test_each_start_is_a_check_of_its_own_and_they_are_limited_by_network(tmp_path: Path) -> None:
    client = PageClient(make_app(tmp_path / "var", limit_starts="2 per minute"))
    assert client.post("/start").location != client.post("/start").location
    client.post("/start", status=429)


def test_one_day_and_one_month_are_in_the_singular(tmp_path: Path) -> None:
    """What owners are told of how long their answers and details are kept."""
    app = make_app(tmp_path / "var", retention_days_drafts=1, retention_days_leads=30)
    client = PageClient(app)
    assert "that link works for 1 day." in client.get("/").text
    contact = client.get(f"{submit_check(app)}/contact")
    assert "for up to 1 month," in contact.text


def test_who_wants_answers_deleted_reads_where_to_write(tmp_path: Path) -> None:
    brand = tmp_path / "brand.toml"
    brand.write_text('email = "hello@northside.example"')
    app = make_app(tmp_path / "var", brand_file=brand)
    result = submit_check(app)
    for path in ("/", result, f"{result}/contact"):
        page = PageClient(app).get(path)
        assert "want your answers deleted? Write to hello@northside.example." in page.text, path
        assert page.link("hello@northside.example") == "mailto:hello@northside.example"
