"""Fixtures for the tests of the staff pages."""

import pytest
from flask import Flask

from consult.storage.db.database import Database
from tests.support.apps import services_of
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
