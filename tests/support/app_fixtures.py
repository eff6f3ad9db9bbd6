"""Fixtures of an application with its own database, and what all databases of a test run share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.compiled_sql import share_statements
from tests.support.reverse_unordered_selects import reverse_unordered_selects

share_statements()
reverse_unordered_selects()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An application with an empty database of its own."""
    made = make_app(tmp_path / "var")
    yield made
    services_of(made).database.close()


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A client of `app` that inspects every page it requests."""
    return PageClient(app)
