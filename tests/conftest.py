"""Fixtures that every test may use. Helpers are in `tests/support`: import them from there."""

import gc
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings

from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.compiled_sql import share_statements
from tests.support.reverse_unordered_selects import reverse_what_nobody_ordered

pytest_plugins = ["tests.support.databases"]

_GENERATES = re.compile(r"@given\(|run_state_machine_as_test\(")

# An app leaves many objects behind; checking all of them often took a fifth of the time.
gc.set_threshold(100_000, 20, 50)

share_statements()
reverse_what_nobody_ordered()

# The suite tries the same generated examples in every run, so it never fails by luck.
# `./run explore` looks for new ones and prints how to reproduce a failure. Slowness is not one.
hypothesis_settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis_settings.register_profile(
    "explore", deadline=None, derandomize=False, max_examples=300, print_blob=True
)
hypothesis_settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of `./run test` beside pytest's own."""
    parser.addoption(
        "--every-look",
        action="store_true",
        help="have axe look at every page state in all widths and colours, not by turns",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark also the tests that generate examples inside, on a database of their own."""
    for item in items:
        function = getattr(item, "function", None)
        if function and _GENERATES.search(inspect.getsource(function)):
            item.add_marker("hypothesis")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """A developer's own settings have no say in what the tests find."""
    for name in [name for name in os.environ if name.startswith("CONSULT_")]:
        del os.environ[name]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An app of its own for each test, with an empty database."""
    made = make_app(tmp_path / "var")
    yield made
    services_of(made).database.close()


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A client of `app` that inspects every page it fetches."""
    return PageClient(app)
