"""While the database is away, locked or full: a bounded wait, words, and nothing typed is lost."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, TimeoutError

from consult.questionnaire.editions import newest
from consult.storage.db import database as database_module
from consult.storage.db import engines
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.tables.submission_tables import RateLimitRow
from consult.web import monitoring
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import locked, read, rows
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.staff_client import EMAIL, make_user, sign_in

RIGHT_AWAY = 5.0
"""Seconds, on a busy machine, in which nothing that waits for an outage would be done."""

TYPED = 'Fliers & "coupons"\nand <more>'


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def test_what_was_typed_is_in_the_page_and_is_sent_again_from_it(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.start()
    filled = journey.fill()
    typed = {**filled.data, "more": [TYPED]}
    services_of(app).database.busy_seconds = 0.2
    with locked(services_of(app).database):
        page = journey.client.post(filled.action, typed, status=503)
        assert int(page.headers["Retry-After"]) > 0
        again = page.form(filled.action)
        assert again.data == typed
    assert journey.client.submit(again).location != journey.page.path


def test_a_form_that_is_only_a_button_is_sent_again_too(app: Flask) -> None:
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.start()
    review = journey.skip_to("review").form("/review")
    assert not review.fields
    services_of(app).database.busy_seconds = 0.2
    with locked(services_of(app).database):
        page = journey.client.submit(review, status=503)
    assert "What you entered" not in page.text
    assert journey.client.submit(page.form("/review")).location.startswith("/result/")


def test_a_password_is_not_put_into_a_page(app: Flask) -> None:
    make_user(app)
    client = PageClient(app)
    services_of(app).database.busy_seconds = 0.2
    with locked(services_of(app).database):
        page = sign_in(client, EMAIL, "never shown", status=503)
    assert "never shown" not in page.html
    assert not page.forms


def test_nobody_waits_behind_a_writer_who_is_stuck_and_readers_go_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_STUCK_SECONDS", 0.3)
    database = services_of(app).database
    database.busy_seconds = 30
    with database.writing() as session:
        token = drafts.start(session, newest().name, "quick", {})

    def post(_number: int) -> float:
        start = time.monotonic()
        answer = app.test_client().post("/start")
        assert answer.status_code == 503
        return time.monotonic() - start

    with ThreadPoolExecutor(8) as threads, locked(services_of(app).database):
        waiting = [threads.submit(post, number) for number in range(8)]
        deadline = time.monotonic() + 25
        while sum(one.done() for one in waiting) < 7 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sum(one.done() for one in waiting) == 7, "one waits for the lock, the others do not"
        assert app.test_client().get(f"/check/{token}/who").status_code == 200
        late = threads.submit(post, 9).result()
    assert late < RIGHT_AWAY
    assert PageClient(app).post("/start").is_redirect


def test_a_wait_for_a_turn_ends(database: Database) -> None:
    """Also for one who nests two writing sessions by mistake."""
    turns = 1 if database.is_sqlite else 3
    with ThreadPoolExecutor(1) as other:
        held = [database._write_turn(1) for _ in range(turns)]
        for turn in held:
            turn.__enter__()
        with pytest.raises(TimeoutError) as raised:
            other.submit(lambda: database._write_turn(0.2).__enter__()).result()
        for turn in held:
            turn.__exit__(None, None, None)
    assert engines.outage(raised.value) == "busy"


def test_ready_means_that_it_can_save_and_leaves_nothing_behind(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = services_of(app).database
    monkeypatch.setattr(monitoring, "_PROBE_SECONDS", 0.05)
    assert client.get("/health/ready").body == b"ok\n"
    assert rows(database, RateLimitRow) == []
    with locked(services_of(app).database):
        page = client.get("/health/ready", status=503)
        assert page.body == b"nothing can be saved: SQLITE_BUSY\n"
        assert page.headers["Retry-After"]
        client.get("/health/live")
    client.get("/health/ready")
    almost_full = SimpleNamespace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: almost_full)
    assert b"the disk is full" in client.get("/health/ready", status=503).body


@pytest.fixture
def on_postgres(postgres_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path / "var", database_url=postgres_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    services_of(app).database.close()


def test_a_postgresql_that_only_follows_another_can_be_read(on_postgres: Flask) -> None:
    client, database = PageClient(on_postgres), services_of(on_postgres).database
    with database.writing() as session:
        token = drafts.start(session, newest().name, "quick", {})
    database.engine.dispose()

    @event.listens_for(database.engine, "connect")
    def follow(connection: Any, _record: object) -> None:
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()

    client.get("/")
    client.get(f"/check/{token}/who")
    assert b"PostgreSQL 25006" in client.get("/health/ready", status=503).body
    again = client.post("/start", {"depth": "full"}, status=503).form("/start")
    event.remove(database.engine, "connect", follow)
    database.engine.dispose()
    client.get("/health/ready")
    client.submit(again)


def test_a_statement_that_takes_too_long_is_ended(postgres_url: str) -> None:
    with closing(Database(postgres_url, statement_seconds=1)) as database:
        with pytest.raises(OperationalError) as ended, database.reading() as session:
            session.execute(text("SELECT pg_sleep(60)"))
        assert engines.outage(ended.value) == "PostgreSQL 57014"
        with database.reading() as session:
            assert session.scalar(text("SELECT 1")) == 1


def test_a_postgresql_that_is_frozen_holds_nobody_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_LATE_SECONDS", 0)
    with closing(Database(postgres_url, statement_seconds=1)) as database:
        with database.reading() as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(2):  # the second finds out without waiting
                with pytest.raises(OperationalError) as away:
                    read(database, drafts.load, "x")
                assert engines.outage(away.value).startswith("PostgreSQL")
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_accepts_and_says_nothing_is_tried_by_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # By itself, the library waits for at least two seconds.
    sooner = "psycopg.connection.timeout_from_conninfo"
    monkeypatch.setattr(sooner, lambda given: given["connect_timeout"])
    monkeypatch.setattr(engines, "_CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(engines, "_RETRY_SECONDS", 60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql+psycopg://me@127.0.0.1:{port}/x"
        with closing(Database(url, statement_seconds=1)) as database:
            for _ in range(2):
                with pytest.raises(OperationalError) as away:
                    read(database, drafts.load, "x")
                assert engines.outage(away.value) == "PostgreSQL does not answer"
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()  # the second did not try
