"""A lead, and two who work on it: on a Monday, by a clock that only a test moves."""

import pytest
from flask import Flask

from consult.storage.db.database import Database
from tests.support.client import PageClient
from tests.support.databases import Clock
from tests.support.lead_forms import BEN
from tests.support.staff_client import joined, make_lead
from tests.support.submissions import CONTACT


@pytest.fixture
def database(database: Database, clock: Clock) -> Database:
    database.clock = clock  # a Monday, at half past nine in the morning
    return database


@pytest.fixture
def grace(app: Flask, database: Database) -> PageClient:
    """The browser of an admin, who is assigned new leads."""
    return joined(app, admin=True)


@pytest.fixture
def ben(app: Flask, grace: PageClient) -> PageClient:
    return joined(app, BEN)


@pytest.fixture
def lead(app: Flask, grace: PageClient) -> int:
    return make_lead(app, contact=CONTACT)
