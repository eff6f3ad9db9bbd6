"""Overrides from the staff area: which settings are in effect with them."""

import base64
from pathlib import Path
from typing import Any

import pytest

from consult.settings.brand import Brand, Logo
from consult.settings.setting_sources import overridable
from consult.storage.db.database import Database
from consult.storage.settings.setting_overrides import (
    CHECK_SECONDS,
    SettingsProvider,
    delete_override,
    set_override,
)
from tests.support.apps import make_settings
from tests.support.databases import Clock, write


class Timer:
    """Seconds that pass when a test says so."""

    seconds = 0.0

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


def override(database: Database, **values: Any) -> None:
    for name, value in values.items():
        write(database, set_override, name.replace("__", "."), value)


def test_overrides_apply(provider: SettingsProvider, database: Database, clock: Clock) -> None:
    assert paper_of(provider) == "letter"
    logo = {"media_type": "image/png", "data": base64.b64encode(b"\x89PNG").decode()}
    override(database, paper="letter", brand__name="Northside", brand__logo=logo)
    clock.go_on(seconds=1)
    override(database, paper="a4")
    provider.refresh()
    assert paper_of(provider) == "a4"
    assert provider.brand.name == "Northside"
    assert provider.brand.product == Brand().product
    assert provider.brand.logo == Logo("image/png", b"\x89PNG")
    for name in ("paper", "never_set"):
        write(database, delete_override, name)
    provider.refresh()
    assert paper_of(provider) == "letter"


def test_overrides_are_cached(provider: SettingsProvider, database: Database, timer: Timer) -> None:
    """And stays in effect while the database is away."""
    assert paper_of(provider) == "letter"
    override(database, paper="a4")
    timer.seconds = CHECK_SECONDS * 0.9
    assert paper_of(provider) == "letter"
    timer.seconds = CHECK_SECONDS
    assert paper_of(provider) == "a4"
    with database.migrating() as connection:
        connection.exec_driver_sql("ALTER TABLE setting_overrides RENAME TO elsewhere")
    timer.seconds = CHECK_SECONDS * 2
    try:
        assert paper_of(provider) == "a4"
    finally:
        with database.migrating() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO setting_overrides")


def test_fixed_values_cannot_be_overridden(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "brand.toml"
    file.write_text('name = "Fixed"\n[colours]\nsales = "#0b3d2e"\n')
    provider = SettingsProvider(make_settings(tmp_path, paper="letter", brand_file=file), database)
    override(database, paper="a4", brand__name="Other", brand__colours__sales="#1c4f8f")
    override(database, brand__product="Other check", brand__colours__marketing="#8a2be2")
    assert paper_of(provider) == "letter"
    assert (provider.brand.name, provider.brand.product) == ("Fixed", "Other check")
    assert provider.brand.colours.sales == "#0b3d2e"
    assert provider.brand.colours.marketing == "#8a2be2"
    assert all(map(provider.is_fixed, ["paper", "brand.name", "brand.colours.sales"]))
    assert not any(map(provider.is_fixed, ["brand.colours.marketing", "contact_before"]))


def test_only_staff_settings_are_overridden(provider: SettingsProvider, database: Database) -> None:
    before = provider.base.model_dump()
    override(
        database, base_url="https://evil.example", proxy_hops=3, secret_key="x" * 32, nothing=1
    )
    assert provider.settings.model_dump() == before
    assert not overridable() & {"base_url", "proxy_hops", "secret_key", "database_url", "var_dir"}


def test_an_invalid_override_is_ignored(provider: SettingsProvider, database: Database) -> None:
    override(database, paper="a5", retention_days_leads=90, brand__currency="DOGE")
    assert paper_of(provider) == "letter"
    assert provider.settings.retention_days_leads == 90
    assert provider.brand == Brand()


def test_drafts_expire_by_the_override(
    provider: SettingsProvider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "draft_life", database.draft_life)  # put back afterwards
    override(database, retention_days_drafts=3)
    assert provider.settings.retention_days_drafts == 3
    with database.reading() as session:
        assert session.draft_life.days == 3
