"""What staff set, over what the environment leaves open: which settings are in force."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.settings import describe, load_settings, overridable, override_errors
from consult.settings.brand import Brand, Logo
from consult.storage.db.database import Database
from consult.storage.settings import setting_overrides as stored
from consult.storage.settings.setting_overrides import CHECK_SECONDS, SettingsProvider
from tests.support.apps import make_app, make_settings, services_of
from tests.support.client import PageClient


class Timer:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def provider(database: Database, timer: Timer, tmp_path: Path) -> SettingsProvider:
    return SettingsProvider(make_settings(tmp_path), database, timer)


def paper_of(provider: SettingsProvider) -> str:
    return provider.settings.paper


def choose(database: Database, **chosen: Any) -> None:
    with database.writing() as session:
        for name, value in chosen.items():
            stored.set_override(session, name.replace("__", "."), value, None)


def test_a_choice_counts_where_the_environment_is_silent(
    provider: SettingsProvider, database: Database
) -> None:
    assert paper_of(provider) == "letter"
    choose(database, paper="a4", brand__name="Northside")
    provider.refresh()
    assert paper_of(provider) == "a4"
    assert provider.brand.name == "Northside"
    assert provider.brand.product == Brand().product


def test_what_another_process_chose_counts_a_moment_later(
    provider: SettingsProvider, database: Database, timer: Timer
) -> None:
    assert paper_of(provider) == "letter"
    choose(database, paper="a4")
    timer.seconds = CHECK_SECONDS * 0.9
    assert paper_of(provider) == "letter"
    timer.seconds = CHECK_SECONDS
    assert paper_of(provider) == "a4"


def test_a_choice_can_be_changed_and_taken_back(
    provider: SettingsProvider, database: Database
) -> None:
    choose(database, retention_days_leads=90)
    database.clock.go_on(seconds=1)  # type: ignore[attr-defined]
    choose(database, retention_days_leads=91)
    assert provider.settings.retention_days_leads == 91
    with database.writing() as session:
        stored.delete_override(session, "retention_days_leads")
        stored.delete_override(session, "never_chosen")
    provider.refresh()
    assert provider.settings.retention_days_leads == 730


def test_what_is_fixed_stays(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "brand.toml"
    file.write_text('name = "Fixed"\n[colours]\nsales = "#0b3d2e"\n')
    provider = SettingsProvider(make_settings(tmp_path, paper="letter", brand_file=file), database)
    choose(database, paper="a4", brand__name="Chosen", brand__colours__sales="#1c4f8f")
    choose(database, brand__product="Chosen check", brand__colours__marketing="#8a2be2")
    assert paper_of(provider) == "letter"
    assert provider.brand.name == "Fixed"
    assert provider.brand.product == "Chosen check"
    assert provider.brand.colours.sales == "#0b3d2e"
    assert provider.brand.colours.marketing == "#8a2be2"
    fixed = ["paper", "brand.name", "brand.colours.sales"]
    assert all(map(provider.is_fixed, fixed))
    assert not provider.is_fixed("brand.colours.marketing")
    assert not provider.is_fixed("contact_before")


def test_only_settings_marked_for_staff_can_be_chosen(
    provider: SettingsProvider, database: Database
) -> None:
    before = provider.base.model_dump()
    choose(database, base_url="https://evil.example", proxy_hops=3, secret_key="x" * 32, nothing=1)
    assert provider.settings.model_dump() == before
    assert not overridable() & {"base_url", "proxy_hops", "secret_key", "database_url", "var_dir"}


def test_a_choice_that_is_no_longer_possible_is_passed_over(
    provider: SettingsProvider, database: Database
) -> None:
    choose(database, paper="a5", retention_days_leads=90, brand__currency="DOGE")
    assert paper_of(provider) == "letter"
    assert provider.settings.retention_days_leads == 90
    assert provider.brand == Brand()


def test_the_logo_comes_back_as_it_was(provider: SettingsProvider, database: Database) -> None:
    data = base64.b64encode(b"\x89PNG").decode()
    choose(database, brand__logo={"media_type": "image/png", "data": data})
    assert provider.brand.logo == Logo("image/png", b"\x89PNG")


def test_without_a_database_what_counted_before_goes_on(
    provider: SettingsProvider, database: Database, timer: Timer, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(database, paper="a4")
    assert paper_of(provider) == "a4"
    with database.migrating() as connection:
        connection.exec_driver_sql("ALTER TABLE setting_overrides RENAME TO elsewhere")
    timer.seconds = CHECK_SECONDS
    try:
        assert paper_of(provider) == "a4"
    finally:
        with database.migrating() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO setting_overrides")


def test_problems_are_told_in_words(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    problems = override_errors(settings, {"retention_days_leads": 0, "paper": "a5"})
    assert problems.keys() == {"retention_days_leads", "paper"}
    assert "greater than or equal to 1" in problems["retention_days_leads"]
    assert override_errors(settings, {"retention_days_leads": 1}) == {}


def test_the_reference_tells_that_staff_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(env_file=None)
    found = {
        line.variable: line
        for line in describe(settings, {}, None, {"paper": "a4", "base_url": "https://x.example"})
    }
    assert (found["CONSULT_PAPER"].value, found["CONSULT_PAPER"].origin) == ("a4", "staff area")
    assert found["CONSULT_BASE_URL"].origin == "default"


@pytest.fixture
def chosen(tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path)
    yield app
    services_of(app).database.close()


def test_the_pages_show_the_brand_that_was_chosen_while_they_run(chosen: Flask) -> None:
    client = PageClient(chosen)
    assert "from Marketing Maven" in client.get("/").text
    choose(services_of(chosen).database, brand__name="Northside", brand__colours__sales="#0b3d2e")
    services_of(chosen).settings_provider.refresh()
    page = client.get("/")
    assert "from Northside" in page.text
    (sheet,) = [
        href
        for link in page.document.all("link")
        if (href := link.attrib["href"]).startswith("/brand.css")
    ]
    assert b"--sales: #0b3d2e" in client.get(sheet).body


def test_drafts_expire_by_the_days_that_were_chosen(chosen: Flask) -> None:
    made = services_of(chosen)
    choose(made.database, retention_days_drafts=3)
    made.settings_provider.refresh()
    assert made.settings.retention_days_drafts == 3
    with made.database.reading() as session:
        assert session.draft_life.days == 3
