"""Every page can be read while nothing can be saved: a locked database, a full or failing disk."""

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from consult.storage.db import database as database_module
from consult.storage.db.database import Database
from tests.support.apps import services_of
from tests.support.databases import locked
from tests.support.every_route import Site

AUDITED = {
    *("/staff/export.csv", "/staff/export.xlsx", "/staff/leads/<id>", "/staff/leads/<id>/data"),
    *("/staff/leads/<id>/mails/<id>", "/staff/leads/<id>/record.json"),
    *("/staff/leads/<id>/anonymise", "/staff/leads/<id>/delete"),
}
"""What is shown only if the audit log can take an entry."""


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """As after a failing disk, or on a copy of the database that only follows another."""

    def forbid(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(database.engine, "connect", forbid)
    database.engine.dispose()
    yield
    event.remove(database.engine, "connect", forbid)
    database.engine.dispose()


@contextmanager
def full_disk(_database: Database) -> Iterator[None]:
    """No file can grow; as on a full disk, a transaction fails only when it is committed."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@pytest.mark.parametrize("outage", [read_only, full_disk, locked])
def test_every_page_can_be_read_while_nothing_can_be_saved(
    site: Site,
    outage: Callable[[Database], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = services_of(site.app).database
    monkeypatch.setattr(database, "busy_seconds", 0.001)
    monkeypatch.setattr(database_module, "_SPARE_SECONDS", 0.001)
    monkeypatch.setitem(site.app.config, "PROPAGATE_EXCEPTIONS", False)
    usual = site.usual
    site.world.restore()
    then = database.clock() + timedelta(minutes=5)  # since then, "last seen" would be stored
    monkeypatch.setattr(database, "clock", lambda: then)
    refused = set()
    with outage(database):
        for rule, path in site.pages.items():
            with site.ask("GET", path) as answer:
                if answer.status_code != usual[rule]:
                    refused.add(re.sub(r"<int[^>]*>", "<id>", rule))
                    assert answer.status_code == 503, rule
                    assert answer.headers["Retry-After"], rule
                    assert (
                        "be opened right now" in answer.get_data(as_text=True) or "health" in rule
                    ), rule
    assert refused == AUDITED | {"/health/ready"}


def test_all_of_it_works_again_afterwards(site: Site) -> None:
    site.world.restore()
    for path in ("/health/ready", "/staff/leads/1", "/staff/export.csv"):
        assert site.ask("GET", path).status_code == 200
