"""What holds for every route of the app, public or not."""

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from consult.storage.db import database as database_module
from consult.storage.db.database import Database
from tests.staff.access_matrix import names_in_path
from tests.support.access_fixture import ADMIN, World
from tests.support.apps import services_of
from tests.support.databases import locked
from tests.support.results import public_tokens

CLOSING_QUOTE, ELLIPSIS = "\N{RIGHT DOUBLE QUOTATION MARK}", "\N{HORIZONTAL ELLIPSIS}"
COPIED_ALONG = (".", ",", ")", "/", ">", "/).", CLOSING_QUOTE, "%20", ELLIPSIS)


class Site:
    """An app with something behind each of its addresses, and an admin who may open them all."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.app = self.world.app
        invitation = self.world.objects(ADMIN)["token"]["own"]
        self.tokens = public_tokens(self.app) | {"/staff/": invitation}
        self.world.keep()

    def path_of(self, rule: Rule) -> str:
        objects = self.world.objects(ADMIN)
        values = {name: objects.get(name, {}).get("own") for name in names_in_path(rule)}
        token = next((t for start, t in self.tokens.items() if rule.rule.startswith(start)), None)
        known = {"token": token, "page_id": "who", "filename": "css/site.css", "name": "logo"}
        values |= {name: text for name, text in known.items() if name in values}
        return self.app.url_map.bind("localhost").build(rule.endpoint, values)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The address of every route that can be opened, by its rule."""
        rules = [rule for rule in self.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
        return {rule.rule: self.path_of(rule) for rule in rules}

    @cached_property
    def usual(self) -> dict[str, int]:
        """What each page answers while all is well, by its rule."""
        self.world.restore()
        usual = {}
        for rule, path in self.pages.items():
            with self.ask("GET", path) as answer:
                usual[rule] = answer.status_code
        self.world.restore()
        return usual

    def ask(self, method: str, path: str) -> TestResponse:
        return self.world.ask(ADMIN, method, path, {})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("every"))
    yield made
    made.world.close()


def test_head_is_get_without_a_body_and_stores_no_more(site: Site) -> None:
    """Such as a form whose fields are all empty: no HEAD has a form token."""
    kept = ("Content-Type", "Cache-Control", "Location", "Allow")
    for rule, path in site.pages.items():
        with site.ask("GET", path) as got:
            assert got.status_code < 500, rule
        before = site.world.version()
        with site.ask("HEAD", path) as answer:
            assert (answer.status_code, answer.data) == (got.status_code, b""), rule
        for name in kept:
            assert answer.headers.get(name) == got.headers.get(name), rule
        # What a GET stores each time: the audit entry of an export, and a row to see if it can.
        if not re.search("export|record.json|ready", rule):
            assert site.world.version() == before, rule


@pytest.mark.parametrize("more", COPIED_ALONG)
def test_a_private_link_opens_with_what_was_copied_along(site: Site, more: str) -> None:
    with_token = {rule: path for rule, path in site.pages.items() if "<token>" in rule}
    assert len(with_token) > 10
    for rule, path in with_token.items():
        for method in ("GET", "HEAD"):
            answer = site.ask(method, f"{path}{more}?a=b%20c")
            assert (answer.status_code, answer.location) == (303, f"{path}?a=b%20c"), rule


@pytest.mark.parametrize(
    "path", ["/result/.", "/result//", "/check/)", "/about.", "/static/css/site.css)"]
)
def test_an_address_without_a_token_is_not_shortened(site: Site, path: str) -> None:
    assert site.app.test_client().get(path).status_code in (404, 308)


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
    yield
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
