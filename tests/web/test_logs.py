"""What people type, and the links that only they have, never reach a log."""

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, abort
from sqlalchemy import delete

from consult.storage.tables.delivery_tables import JobRow
from consult.web.monitoring import PrivateFormatter, configure_logging
from tests.support.api import LEADS, ApiClient, make_token
from tests.support.apps import deliver, make_app, services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.staff_client import joined, make_lead, make_user, post, sign_in, signed_in
from tests.support.submissions import CONTACT

MARK = "zanzibar"
"""Stands in everything that the test types."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that a real process would log, as it would write it."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logging(stream)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
    yield stream
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    root.handlers[:] = before
    root.setLevel(level)


def failing_app(folder: Path) -> Flask:
    app = make_app(folder)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.route("/check/<token>/broken", methods=["GET", "POST"])
    def broken(token: str) -> str:
        try:
            raise ValueError(f"the owner typed {MARK}")
        except ValueError as cause:
            raise RuntimeError(f"{token} of {MARK}") from cause

    @app.get("/gone/<name>")
    def gone(name: str) -> str:
        abort(410, f"{name} has gone")

    return app


def test_nothing_an_owner_types_and_no_token_is_logged(tmp_path: Path, log: io.StringIO) -> None:
    client = PageClient(failing_app(tmp_path / "var"))
    journey = Journey(client, BATON_ON_THE_FLOOR.answers, query=f"?utm_source={MARK}&q={MARK}")
    journey.start()
    tokens = {journey.token}
    client.post(f"{journey.root}/who", {"marketing_by": MARK}, status=422)
    client.get(f"/{MARK}@example.com?email={MARK}", status=404)
    client.get(f"/gone/{MARK}", status=410)
    client.post(f"/start?{MARK}", status=403, headers={"Origin": f"https://{MARK}.example"} | CROSS)
    client.post(f"{journey.root}/broken", {"name": MARK}, status=500)
    journey.to_review()
    journey.submit()
    tokens.add(journey.token)
    contact = {"name": MARK, "email": f"{MARK}@example.com", "business": MARK, "phone": MARK}
    client.post(f"{journey.root}/contact", contact, status=422)
    client.post(f"{journey.root}/contact", {**contact, "consent": "y"})
    client.get(f"{journey.root}/report.pdf", status=202)
    client.get("/staff/", status=303)
    written = log.getvalue()
    assert "POST /check/<token>/<page_id> 303" in written
    assert "RuntimeError" in written
    assert MARK not in written
    assert not [token for token in tokens if token in written]


CROSS = {"Sec-Fetch-Site": "cross-site"}


def test_nothing_that_staff_type_or_read_is_logged(tmp_path: Path, log: io.StringIO) -> None:
    mails = {"smtp_url": f"smtp://{MARK}:x@127.0.0.1:1", "mail_from": "Us <us@example.com>"}
    app = make_app(tmp_path / "var", **mails)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    email = f"{MARK}@example.com"
    make_user(app, email, admin=True)
    contact = replace(CONTACT, name=MARK, email=email, business=MARK, phone=MARK)
    make_lead(app, contact=contact, source={"utm_source": MARK, "referrer": f"{MARK}.example"})
    with services_of(app).database.writing() as session:
        session.execute(delete(JobRow).where(JobRow.kind.startswith("render")))  # takes seconds
    sign_in(PageClient(app), email, MARK, status=422)
    sign_in(PageClient(app), f"unknown-{MARK}@example.com", status=422)
    client = signed_in(app, email)
    client.get("/staff/leads/1")
    client.get(f"/staff/leads?text={MARK}&source={MARK}")
    client.get(f"/staff/export.csv?{MARK}")
    client.get(f"/staff/leads/1/record.json?{MARK}")
    client.get(f"/staff/{MARK}/{MARK}", status=404)
    post(client, "/staff/leads/1", "/leads/1/notes", text=MARK)
    post(client, "/staff/person", "/person", address=email)
    page = "/staff/settings/people"
    post(client, page, "/invite", status=200, email=f"new-{MARK}@example.com", mail="y")
    post(client, page, "/invite", status=422, email=MARK)
    post(client, "/staff/settings/brand", "/settings/brand", status=422, **{"brand-email": MARK})
    hook = f"https://{MARK}.invalid/{MARK}"
    post(client, "/staff/settings/webhooks/new", "/new", status=201, url=hook)
    post(client, "/staff/settings/webhooks/1", "/webhooks/1/test")
    token = make_token(app, by=email)
    program = ApiClient(app, token)
    program.get(f"{LEADS}/1")
    program.get(f"{LEADS}?stage={MARK}&{MARK}={token}", status=400)
    program.move(1, status=422, stage=MARK, key=MARK)
    ApiClient(app, f"rc_{MARK}").get(f"{LEADS}?token={token}", status=401)
    deliver(app)
    written = log.getvalue()
    assert "POST /staff/leads/<int" in written
    assert "GET /api/v1/leads/<int:lead_id> 200" in written
    assert token[:20] not in written
    assert "(email_staff) failed" in written
    assert "(webhook) failed" in written
    assert MARK not in written.lower()


def test_an_error_is_logged_with_its_causes_places_and_request(
    tmp_path: Path, log: io.StringIO
) -> None:
    page = PageClient(failing_app(tmp_path / "var")).get("/check/x/broken", status=500)
    written = log.getvalue()
    assert "error in GET /check/<token>/broken" in written
    assert "builtins.RuntimeError" in written
    assert "builtins.ValueError" in written
    assert "test_logs.py:" in written
    assert written.count(page.headers["X-Request-Id"]) >= 2


def test_anything_as_long_as_a_token_is_removed() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "see /check/%s/who", ("A-_" * 15,), None)
    assert PrivateFormatter("%(message)s").format(record) == "see /check/[token]/who"


def test_a_library_may_log_warnings_only(log: io.StringIO) -> None:
    logging.getLogger("some.library").info("hello")
    logging.getLogger("some.library").warning("look out")
    assert "hello" not in log.getvalue()
    assert "look out" in log.getvalue()


def test_a_record_is_one_line_with_its_time_in_utc() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "a\nb \x1b[2J\u2028c", None, None)
    record.created, record.msecs = 1_764_126_000.0, 0
    made = PrivateFormatter("%(asctime)s %(message)s").format(record)
    assert made == "2025-11-26T03:00:00.000Z a?b ?[2J?c"


def test_a_request_of_staff_names_the_account_by_number(tmp_path: Path, log: io.StringIO) -> None:
    app = make_app(tmp_path / "var")
    client = joined(app, MARK + "@example.com")
    client.get("/staff/settings/people", status=403)
    client.get("/staff/leads/77", status=404)
    PageClient(app).get("/staff/", status=303)
    lines = [line for line in log.getvalue().splitlines() if "consult.requests" in line][-3:]
    assert "people 403" in lines[0]
    assert "lead_id> 404" in lines[1]
    assert [line.endswith(" ms account 1") for line in lines] == [True, True, False]
