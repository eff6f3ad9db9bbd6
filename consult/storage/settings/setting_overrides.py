"""Settings and brand values set in the staff area, and the settings in effect with them.

A value that the environment or the brand file sets is fixed. What they leave unset, of the
fields that `Settings` adds to `ServerSettings`, can be overridden in the staff area.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from consult.settings import brand as brands
from consult.settings.brand import Brand, BrandError
from consult.settings.schema import Settings
from consult.settings.setting_sources import with_overrides
from consult.storage.db.database import Database, Session, insert_into
from consult.storage.tables.account_tables import SettingOverrideRow

log = logging.getLogger(__name__)

# How long another process may use outdated overrides. Reading them takes about as long as a small
# part of a page view, so it is not done for every request.
CHECK_SECONDS = 2.0

BRAND = "brand."
"""The prefix of the names of brand values."""

SEEN = "seen."
"""The prefix of what an admin has seen to, such as a page of settings that they saved as it was."""

Version = tuple[tuple[str, datetime], ...]


def all_overrides(session: Session) -> Mapping[str, Any]:
    return {row.name: row.value for row in session.scalars(select(SettingOverrideRow))}


def set_override(session: Session, name: str, value: object) -> None:
    columns = {"value": value, "changed_at": session.now()}
    session.execute(
        insert_into(session, SettingOverrideRow)
        .values(name=name, **columns)
        .on_conflict_do_update(index_elements=["name"], set_=columns)
    )


def delete_override(session: Session, name: str) -> None:
    session.execute(delete(SettingOverrideRow).where(SettingOverrideRow.name == name))


@dataclass(frozen=True)
class EffectiveSettings:
    """The settings and the brand in effect, and the version of the overrides they include."""

    version: Version | None
    settings: Settings
    brand: Brand


class SettingsProvider:
    """Returns the settings and the brand in effect; cached for a short time, thread-safe.

    `base` are the settings from the environment. While the database with the overrides cannot be
    read, the last known values are used. Raises BrandError for a brand file that cannot be used.
    """

    def __init__(
        self, base: Settings, database: Database, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.base = base
        self.base_brand = brands.load_brand(base.brand_file)
        self._fixed_brand = brands.given_keys(base.brand_file)
        self._database = database
        self._timer = timer
        self._cached = EffectiveSettings(None, base, self.base_brand)
        self._checked_at: float | None = None

    @property
    def settings(self) -> Settings:
        return self._current().settings

    @property
    def brand(self) -> Brand:
        return self._current().brand

    def is_fixed(self, name: str) -> bool:
        """Whether the environment or the brand file sets this value, so that staff cannot."""
        if name.startswith(BRAND):
            return name.removeprefix(BRAND) in self._fixed_brand
        return name in self.base.model_fields_set

    @property
    def overridden(self) -> frozenset[str]:
        """The names of what is stored, values of the staff area and `SEEN` pages."""
        return frozenset(name for name, _ in self._current().version or ())

    def refresh(self) -> None:
        """Read the overrides again at the next use: this process has changed them."""
        self._checked_at = None

    def brand_with(self, overrides: Mapping[str, Any]) -> Brand:
        """The brand with these overrides; raises BrandError for values that are not valid."""
        own = {
            name.removeprefix(BRAND): value
            for name, value in overrides.items()
            if name.startswith(BRAND) and not self.is_fixed(name)
        }
        return brands.with_overrides(self.base_brand, own)

    def _current(self) -> EffectiveSettings:
        now = self._timer()
        if self._checked_at is not None and now - self._checked_at < CHECK_SECONDS:
            return self._cached
        self._checked_at = now  # first, so that other threads do not query as well
        try:
            with self._database.reading() as session:
                version = _version(session)
                if version != self._cached.version:
                    self._cached = self._effective(version, all_overrides(session))
        except SQLAlchemyError as error:
            log.error("the settings of the staff area cannot be read: %s", type(error).__name__)
            self._checked_at = self._timer()  # it may have waited; the page's error page need not
        return self._cached

    def _effective(self, version: Version, overrides: Mapping[str, Any]) -> EffectiveSettings:
        settings = with_overrides(self.base, overrides)
        try:
            brand = self.brand_with(overrides)
        except BrandError as error:
            log.error("the brand set in the staff area cannot be used: %s", error)
            brand = self.base_brand
        self._database.draft_life = timedelta(days=settings.retention_days_drafts)
        return EffectiveSettings(version, settings, brand)


def _version(session: Session) -> Version:
    """A value that changes whenever an override is added, changed or deleted."""
    query = select(SettingOverrideRow.name, SettingOverrideRow.changed_at).order_by(
        SettingOverrideRow.name
    )
    return tuple((name, changed_at) for name, changed_at in session.execute(query))
