"""The settings and the brand that are in force: what the staff chose, under what is fixed.

A setting that the environment or the brand file gives is fixed. One that they leave open, and that
is marked as the staff's (`STAFF` in `consult.settings`), may be chosen in the staff area.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from consult.settings import Settings, with_choices
from consult.settings import brand as brands
from consult.settings.brand import Brand, BrandError
from consult.storage.db.database import Database
from consult.storage.settings import setting_overrides as stored

log = logging.getLogger(__name__)

# How long another process may go on with what was chosen before. Asking takes about as long as a
# small part of a page view, so not with every look.
CHECK_SECONDS = 2.0

BRAND = "brand."
"""What the names of choices about the brand start with."""


@dataclass(frozen=True)
class InForce:
    """One state of affairs: what counts, and which choices made it so."""

    version: stored.Version | None
    settings: Settings
    brand: Brand


class Choices:
    """Gives the settings and the brand in force; kept for a moment, shared by all threads.

    Args:
        base: the settings as the environment gives them.
        database: where the choices are. While it cannot be read, what counted before goes on.
        timer: seconds from an arbitrary start.

    Raises:
        BrandError: the brand file of `base` cannot be used.
    """

    def __init__(
        self, base: Settings, database: Database, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.base = base
        self.base_brand = brands.load_brand(base.brand_file)
        self._fixed_brand = brands.given_keys(base.brand_file)
        self._database = database
        self._timer = timer
        self._now = InForce(None, base, self.base_brand)
        self._checked_at: float | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._current().settings

    @property
    def brand(self) -> Brand:
        """The brand in force."""
        return self._current().brand

    def is_fixed(self, name: str) -> bool:
        """Whether the environment or the brand file decides, and nobody in the staff area."""
        if name.startswith(BRAND):
            return name.removeprefix(BRAND) in self._fixed_brand
        return name in self.base.model_fields_set

    def look_again(self) -> None:
        """Take note of choices that this process just stored."""
        self._checked_at = None

    def brand_with(self, chosen: Mapping[str, Any]) -> Brand:
        """The brand as it would be with these choices, by their full names.

        Raises BrandError for what a brand cannot be.
        """
        own = {name.removeprefix(BRAND): v for name, v in chosen.items() if self._may(name, BRAND)}
        return brands.with_choices(self.base_brand, own)

    def _current(self) -> InForce:
        now = self._timer()
        if self._checked_at is not None and now - self._checked_at < CHECK_SECONDS:
            return self._now
        self._checked_at = now  # first, so that other threads do not ask as well
        try:
            with self._database.reading() as session:
                version = stored.version(session)
                if version != self._now.version:
                    self._now = self._made(version, stored.all_choices(session))
        except SQLAlchemyError as fault:
            log.error("the choices of the staff cannot be read: %s", type(fault).__name__)
        return self._now

    def _made(self, version: stored.Version, chosen: Mapping[str, Any]) -> InForce:
        settings = with_choices(self.base, chosen)
        try:
            brand = self.brand_with(chosen)
        except BrandError as fault:
            log.error("the brand that was chosen cannot be used: %s", fault)
            brand = self.base_brand
        self._database.keep_drafts_for(settings.retention_days_drafts)
        return InForce(version, settings, brand)

    def _may(self, name: str, prefix: str) -> bool:
        return name.startswith(prefix) and not self.is_fixed(name)
