"""Fixtures for the tests of the staff pages."""

from collections.abc import Iterator

import pytest
from flask import Flask

from consult.staff.privacy import privacy_pages
from consult.storage.db.database import Database
from tests.support.access_fixture import World
from tests.support.apps import printed, services_of
from tests.support.client import PageClient
from tests.support.staff_client import ADMIN, joined, signed_in


@pytest.fixture
def database(app: Flask) -> Database:
    """That of the app, which is SQLite."""
    return services_of(app).database


@pytest.fixture
def staff(app: Flask) -> PageClient:
    """A browser in which a member of the staff, the first account there is, is signed in."""
    return joined(app)


@pytest.fixture
def admin(app: Flask) -> PageClient:
    """A browser in which an admin, the first account there is, is signed in."""
    return joined(app, ADMIN, admin=True)


@pytest.fixture
def grace(app: Flask) -> PageClient:
    """A browser in which Grace is signed in; the module's `app` has an account for her."""
    return signed_in(app)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("attacked"))
    with pytest.MonkeyPatch.context() as patch:
        # Who gets a PDF is asked here, and not what is in it.
        patch.setattr(privacy_pages, "Renderer", Printer)
        yield made
    made.close()


class Printer:
    """What stands in for the process that makes a PDF."""

    def __init__(self, *_limits: int) -> None:
        self.render = printed

    def close(self) -> None:
        """There is none to end."""
