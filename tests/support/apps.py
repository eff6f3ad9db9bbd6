"""Apps for the tests: each with its own folder, database and settings."""

import atexit
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from consult.application import create_app
from consult.delivery.context import Context
from consult.delivery.handlers import handlers_with
from consult.delivery.worker import Worker
from consult.report.pdf.renderer import Renderer
from consult.settings.schema import Settings
from consult.settings.setting_sources import GivenSettings
from consult.staff.accounts import passwords
from consult.storage.db import engines, migrate
from consult.storage.db.database import Database
from consult.storage.db.engines import Synchronous
from consult.web.services import Services, services
from tests.support.templates import COMPILED

SECRET_KEY = "only-for-tests-" + "k" * 32


class KnownRule(Rule):
    """A URL rule that is compiled once for all apps of a run.

    Werkzeug parses each rule and compiles two functions for it, which took most of the time of
    creating an app. The result depends on the key only.
    """

    _known: ClassVar[dict[object, dict[str, Any]]] = {}
    _OWN = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")

    def compile(self) -> None:
        """Copy the result of an equal rule, or compile the rule."""
        key = (self.rule, self.subdomain, self.merge_slashes, repr(self.defaults))
        if key not in self._known:
            super().compile()
            self._known[key] = {name: getattr(self, name) for name in self._OWN}
        vars(self).update(self._known[key])


Flask.url_rule_class = KnownRule
Flask.jinja_options = {"bytecode_cache": COMPILED}

REAL_HASHER = passwords.hasher
"""Outside of the tests; in them, it would take most of the time."""
passwords.hasher = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)

_make_engine = engines.sqlite_engine


def _engine_that_waits_for_no_disk(url: str, synchronous: Synchronous) -> Engine:
    """An engine that on NORMAL does not wait for the disk even once.

    No test cuts the power, and to wait for the start of each log took longer than many tests.
    """
    engine = _make_engine(url, synchronous)
    if synchronous == "NORMAL":

        @event.listens_for(engine, "connect")
        def wait_for_no_disk(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA synchronous = OFF")

    return engine


engines.sqlite_engine = _engine_that_waits_for_no_disk


def make_settings(var_dir: Path, **changes: Any) -> Settings:
    """Settings that use nothing outside `var_dir`; `changes` replace the defaults here."""
    given: dict[str, Any] = {
        "var_dir": var_dir,
        "secret_key": SECRET_KEY,
        "sqlite_synchronous": "NORMAL",  # which is less still, see above
        # Nor does any wait for two seconds before it sends a form.
        "spam_timing": "off",
        # No test asks a name server.
        "spam_mail_server": "off",
    }
    return GivenSettings(**{**given, **changes})


def mail_settings(port: int = 1) -> dict[str, str]:
    """Settings to send mail through a server on this machine; at port 1, none listens."""
    sender = "Relay Check <relay@check.example>"
    return {"smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": sender}


def make_app(var_dir: Path, **changes: Any) -> Flask:
    """An app on a fresh embedded database under `var_dir`, with all migrations run.

    `changes` are settings by name. An existing database is used as it is.
    """
    settings = make_settings(var_dir, **changes)
    file = var_dir / "consult.db"
    if settings.embedded_database and not file.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated_database())
    return create_app(settings)


def services_of(app: Flask) -> Services:
    """The settings, database and so on of an app, outside of any request."""
    with app.app_context():
        return services()


def files_of(app: Flask) -> dict[str, bytes]:
    """Every file that the application stores, the database and its log among them."""
    var = services_of(app).settings.var_dir
    return {
        str(file.relative_to(var)): file.read_bytes() for file in var.rglob("*") if file.is_file()
    }


def is_anywhere(app: Flask, *texts: str) -> bool:
    """Whether one of the texts is in any file, also where it was deleted before."""
    services_of(app).database.forget_deleted()
    return any(text.encode() in content for content in files_of(app).values() for text in texts)


def stored(app: Flask) -> list[str]:
    """All that is in an embedded database, except for the counters of limits."""
    with closing(sqlite3.connect(services_of(app).settings.var_dir / "consult.db")) as now:
        return [line for line in now.iterdump() if "rate_limits" not in line]


def printed(html: str) -> bytes:
    """What stands in for a PDF where it only has to be there: the page itself, to be read."""
    return b"%PDF-" + html.encode()


def deliver(
    app: Flask, render: Callable[[str], bytes] = printed, priority: int | None = None
) -> int:
    """Run the jobs that are due, as the worker would; returns their number.

    For a PDF that is one, `render` is that of `real_renderer`. With a `priority`, only jobs that
    have this one: no PDF is made for a mail that needs none.
    """
    made = services_of(app)
    handlers = handlers_with(lambda: Context.of(made.settings, made.brand, made.database, render))
    return Worker(made.database, handlers).run_once(priority=priority)


@lru_cache(maxsize=1)
def real_renderer() -> Renderer:
    """One rendering process for all tests: it takes longer to start than to make a PDF."""
    renderer = Renderer()
    atexit.register(renderer.close)
    return renderer


class SharedRenderer:
    """Stands in for a `Renderer` that a page or command starts for one PDF, and has to close."""

    open = 0

    def __init__(self, _timeout: float, _memory_mb: int) -> None:
        self.render = real_renderer().render
        type(self).open += 1

    def close(self) -> None:
        type(self).open -= 1


@lru_cache(maxsize=1)
def _migrated_database() -> bytes:
    """An empty database with the newest schema: created once, and copied for each test."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "made.db")
        database = Database(f"sqlite:///{file}", synchronous="NORMAL")
        migrate.upgrade(database)
        database.forget_deleted()  # which leaves all of it in the one file
        database.close()
        return file.read_bytes()


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that an app's database is sent while the block runs.

    BEGIN is not included, nor the query for setting overrides, which runs every few seconds.
    """
    sent: list[str] = []
    engine = services_of(app).database.engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN" and "FROM setting_overrides" not in statement:
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
