"""The start page: what it promises, and what it carries along."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from consult.owner.open_draft import freeze
from consult.owner.questionnaire_pages import measured_minutes
from consult.questionnaire import read_answers, walk
from consult.questionnaire.editions import newest
from consult.settings.brand import Brand
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.personas import SOLO_STARTER


def finish(app: Flask, minutes: float) -> None:
    """Finish one real check that took this long."""
    database = services_of(app).database
    answers = read_answers(newest(), SOLO_STARTER.payload("quick")["answers"])
    end = database.clock()
    with database.writing() as session:
        session.clock = lambda: end - timedelta(minutes=minutes)
        token = drafts.start(session, newest().name, "quick", {})
        session.clock = lambda: end
        submission.submit(session, token, freeze(walk(newest(), answers, "quick"), Brand()))


def test_the_time_is_an_estimate_until_twenty_owners_have_finished(app: Flask) -> None:
    client = PageClient(app)
    for _ in range(19):
        finish(app, 8)
    assert "Takes about 5 minutes" in client.get("/").text
    finish(app, 8)
    assert "Most owners take about 8 minutes" in client.get("/").text
    assert "Takes about 10 minutes" in client.get("/?depth=full").text


@pytest.mark.parametrize(("seconds", "minutes"), [(20, 1), (299, 5), (331, 6)])
def test_minutes_are_rounded_and_never_nothing(seconds: int, minutes: int) -> None:
    assert measured_minutes(seconds) == minutes


def test_the_depth_is_carried_along_and_nonsense_is_not(client: PageClient) -> None:
    assert client.get("/?depth=full").form("/start").fields["depth"].values == ["full"]
    assert client.get("/?depth=<b>").form("/start").fields["depth"].values == ["quick"]


def test_campaign_tags_travel_in_the_form(client: PageClient) -> None:
    form = client.get('/?utm_source="><script>&ref=ada&email=a@b.c').form("/start")
    assert form.fields["utm_source"].values == ['"><script>']
    assert form.fields["ref"].values == ["ada"]
    assert "email" not in form.fields


@pytest.mark.parametrize(
    ("before", "promise"),
    [
        ("pdf", "only if you want the PDF or a talk"),
        ("nothing", "only if you want a talk"),
        ("result", "before you see your result"),
    ],
)
def test_it_says_truly_when_the_name_is_asked_for(
    tmp_path: Path, before: str, promise: str
) -> None:
    client = PageClient(make_app(tmp_path / "var", contact_before=before))
    assert promise in client.get("/").text


def test_starts_are_limited_by_network(tmp_path: Path) -> None:
    client = PageClient(make_app(tmp_path / "var", limit_starts="2 per minute"))
    client.post("/start")
    client.post("/start")
    client.post("/start", status=429)


def test_each_start_is_a_check_of_its_own(client: PageClient) -> None:
    assert client.post("/start").location != client.post("/start").location
