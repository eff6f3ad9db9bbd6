"""Webhooks: what they say and don’t say, how they are signed, retried and disabled."""

import hmac
import json
import logging
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from consult.crypto import new_salt
from consult.delivery.network import HttpClient
from consult.delivery.webhooks.webhook_delivery import derive_secret, hash_secret, signature_headers
from consult.storage import deliveries, jobs
from consult.storage.db.database import Database, utc_now
from consult.storage.leads.submission import NewSubmission
from consult.storage.privacy import erasure, retention
from consult.storage.tables.delivery_tables import (
    Attempt,
    DeliveryRow,
    EndpointRow,
    JobRow,
    NotificationRow,
)
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.delivery.notifications.test_dispatch import notify
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import colleague, set_lead
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.results import frozen
from tests.support.submissions import CONTACT, lead_of, left_contact, save_contact, submitted
from tests.support.webhook_receiver import HOST, URL, Received, Receiver
from tests.support.workers import BASE_URL, BRAND, SECRET_KEY, Box, drop_jobs, make_worker

FIXED_SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def listen(
    database: Database, *events: str, includes_contact: bool = False, url: str = URL, **more: Any
) -> tuple[int, str]:
    """Add an endpoint for these events (finished), at the usual URL; its id and its secret."""
    salt = new_salt()
    secret = derive_secret(SECRET_KEY, salt)
    id = write(
        database,
        endpoints.add,
        url,
        events or ("finished",),
        includes_contact=includes_contact,
        salt=salt,
        secret_hash=hash_secret(secret),
        **more,
    )
    return id, secret


def work(database: Database, hooks: Receiver, environment: tuple[str, str] | None = None) -> None:
    """Do what is due, but make no PDFs."""
    drop_jobs(database, *jobs.PDF_JOBS)
    make_worker(database, http=hooks.client(), environment=environment).run_once()


def with_own_words() -> NewSubmission:
    """What is stored of a check in which an owner wrote a sentence of their own."""
    given = {**BATON_ON_THE_FLOOR.given, "own_words": "Zebras marching"}
    return frozen(replace(BATON_ON_THE_FLOOR, given=given), brand=BRAND)


def endpoint(database: Database, endpoint_id: int) -> EndpointRow:
    with database.reading() as session:
        return session.get_one(EndpointRow, endpoint_id)


def log(database: Database, endpoint_id: int) -> list[DeliveryRow]:
    return list(read(database, deliveries.for_endpoint, endpoint_id, 50))


def states(database: Database, endpoint_id: int) -> list[str]:
    return [deliveries.delivery_status(logged).state for logged in log(database, endpoint_id)]


def attempt(at: datetime, milliseconds: int, status: int | None, error: str) -> Attempt:
    return Attempt(
        at=at.isoformat(), milliseconds=milliseconds, status=status, error=error, response=""
    )


def is_signed(secret: str, got: Received) -> bool:
    """Whether this secret signed a message; by the standard and not by the library that signs."""
    signed = ".".join((got.headers["webhook-id"], got.headers["webhook-timestamp"], got.body))
    mac = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed.encode(), "sha256")
    return f"v1,{b64encode(mac).decode()}" in got.headers["webhook-signature"].split()


def test_the_log_has_pages_and_a_filter_for_what_failed(database: Database) -> None:
    id, _ = listen(database)
    other, _ = listen(database)
    with database.writing() as session:
        deliveries.enqueue_webhook(session, other)
        sent = [deliveries.enqueue_webhook(session, id) for _ in range(6)]
        for message, status in zip(sent, (200, 503, None, 200), strict=False):
            error = "" if status == 200 else "Refused."
            endpoints.record_attempt(session, message, attempt(session.now(), 5, status, error))
        failing = select(DeliveryRow.job_id).where(DeliveryRow.id == sent[4])
        mark_failed = update(JobRow).where(JobRow.id.in_(failing))
        session.execute(mark_failed.values(state="failed", finished_at=session.now()))
    arrived, refused, silent, late, failed, waiting = sent
    with database.reading() as session:

        def ids(**asked: Any) -> list[int]:
            return [
                found.id for found in deliveries.for_endpoint(session, id, **{"limit": 50, **asked})
            ]

        assert ids() == [waiting, failed, late, silent, refused, arrived]
        assert ids(failed=True) == [failed, silent, refused]
        pages, before = [], None
        while page := ids(limit=2, failed=True, before=before):
            pages.append(page)
            before = page[-1]
        assert pages == [[failed, silent], [refused]]
        assert ids(before=arrived) == []


# --- What they say ------------------------------------------------------------------------------


@ON_SQLITE
def test_a_submission_is_signed_and_names_no_person(database: Database, hooks: Receiver) -> None:
    endpoint_id, secret = listen(database)
    lead_id = lead_of(database, submitted(database)).id
    work(database, hooks)
    (got,) = hooks.received
    assert is_signed(secret, got)
    assert got.headers["content-type"] == "application/json"
    assert json.loads(got.body) == {
        "type": "lead.finished",
        "timestamp": "2026-03-02T09:30:00Z",
        "data": {
            "lead": {
                "id": lead_id,
                "url": f"{BASE_URL}/staff/leads/{lead_id}",
                "submitted_at": "2026-03-02T09:30:00Z",
                "stage": "new",
                "archetype": "baton_on_the_floor",
                "separation": 41.7,
                "handoff": 31.2,
                "depth": "quick",
                "edition": "2026-12",
                "source": None,
                "has_contact": False,
                "wants_consult": False,
                "due_at": None,
                "consult_at": None,
                "won_amount": None,
                "won_currency": None,
            }
        },
    }
    stored = repr(endpoint(database, endpoint_id))
    assert secret.removeprefix("whsec_") not in stored, "no secret is in the database"


@ON_SQLITE
def test_what_owners_write_is_in_no_message_subject_or_log(
    database: Database, hooks: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    listen(database, *WEBHOOK_EVENTS, includes_contact=True)
    colleague(database, "grace")
    made = with_own_words()
    assert "Zebras marching" in json.dumps(made.report)
    box = Box()
    with caplog.at_level(logging.DEBUG):
        token = submitted(database, answers=made.answers, report=made.report)
        save_contact(database, token, f"{BASE_URL}/result/{token}", wants_consult=True)
        make_worker(database, transport=box, http=hooks.client()).run_once()
    assert box.mails
    assert hooks.received
    said = [*(got.body for got in hooks.received), *(mail["Subject"] for mail in box.mails)]
    assert "Zebras" not in "\n".join([*said, caplog.text])


@ON_SQLITE
def test_probable_spam_is_named_in_no_message(database: Database, hooks: Receiver) -> None:
    """Also where it was requested before the robot said who it is."""
    listen(database, "finished", includes_contact=True)
    colleague(database, "grace", finished="all")
    set_lead(database, left_contact(database, business="Buy now"), suspect=True)
    box = Box()
    make_worker(database, transport=box, http=hooks.client()).run_once()
    sent = [*(got.body for got in hooks.received), *(mail.as_string() for mail in box.mails)]
    assert len(sent) >= 2
    assert not [text for text in ("Buy now", CONTACT.email, CONTACT.name) if text in str(sent)]
    assert '"has_contact": false' in sent[0]


@ON_SQLITE
@pytest.mark.parametrize("with_contact", [False, True])
def test_contact_info_if_chosen(database: Database, hooks: Receiver, with_contact: bool) -> None:
    endpoint_id, secret = listen(database, *WEBHOOK_EVENTS, includes_contact=with_contact)
    hooks.answer = b"I got ada@example.com"
    business = 'Żółć "Zelte" 🦔\n</script>'
    left_contact(database, wants_consult=True, business=business, best_time="Weekdays after 3")
    work(database, hooks)
    messages = [json.loads(got.body) for got in hooks.received]
    kinds = [message["type"] for message in messages]
    assert kinds == ["lead.finished", "lead.contact_given", "lead.consult_wanted"]
    lead = messages[-1]["data"]["lead"]
    assert (lead["has_contact"], lead["wants_consult"]) == (True, True)
    named = {"name": CONTACT.name, "email": CONTACT.email, "business": business, "phone": None}
    named["best_time"] = "Weekdays after 3"
    assert lead.get("contact") == (named if with_contact else None)
    for got in hooks.received:
        assert (CONTACT.email in got.body) is with_contact
        assert is_signed(secret, got)
    # A response may repeat what it was sent, so it is stored only where no person was named.
    responses = {
        each["response"] for logged in log(database, endpoint_id) for each in logged.attempts
    }
    assert responses == ({""} if with_contact else {"I got ada@example.com"})


@ON_SQLITE
def test_each_event_is_sent_once(database: Database, hooks: Receiver, clock: Clock) -> None:
    """Handovers and demo leads are no events."""
    ada = colleague(database, "ada")
    listen(database, "overdue")
    lead_id = left_contact(database)
    set_lead(database, lead_id, due_at=clock())
    for _ in range(2):
        notify(database, lead_id, "overdue")
        work(database, hooks)
    (got,) = hooks.received
    message = json.loads(got.body)
    assert message["type"] == "lead.overdue"
    assert message["data"]["lead"]["due_at"] == "2026-03-02T09:30:00Z"
    listen(database, *WEBHOOK_EVENTS)
    notify(database, lead_id, "handed_over", recipient_id=ada, occasion="1")
    submitted(database, demo=True)
    work(database, hooks)
    assert hooks.received == [got]


@ON_SQLITE
def test_a_test_is_for_one_endpoint_and_no_lead(database: Database, hooks: Receiver) -> None:
    endpoint_id, secret = listen(database, includes_contact=True)
    listen(database)
    write(database, deliveries.enqueue_webhook, endpoint_id)
    work(database, hooks)
    (got,) = hooks.received
    message = json.loads(got.body)
    assert message["type"] == "test"
    assert list(message["data"]) == ["text"]
    assert is_signed(secret, got)


# --- Secrets ------------------------------------------------------------------------------------


@ON_SQLITE
def test_an_old_secret_signs_for_a_day(database: Database, hooks: Receiver, clock: Clock) -> None:
    endpoint_id, old = listen(database)
    salt = new_salt()
    new = derive_secret(SECRET_KEY, salt)
    write(database, endpoints.rotate_secret, endpoint_id, salt, hash_secret(new))
    for _ in range(2):
        submitted(database)
        work(database, hooks)
        clock.go_on(hours=24)
    signatures = [got.headers["webhook-signature"].split() for got in hooks.received]
    assert [len(each) for each in signatures] == [2, 1]
    signed = [[is_signed(secret, got) for secret in (old, new)] for got in hooks.received]
    assert signed == [[True, True], [False, True]]


def test_the_receiver_in_the_handbook_checks_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = derive_secret(SECRET_KEY, new_salt())
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    handbook = (Path(__file__).parents[3] / "docs" / "integrations.md").read_text("utf-8")
    code = handbook.partition("```python\n")[2].partition("HTTPServer((")[0]
    there: dict[str, Any] = {}
    exec(code, there)  # noqa: S102 - it is ours
    accepted: list[str] = []
    there["print"] = lambda type, _data: accepted.append(type)
    monkeypatch.setattr(there["Receiver"], "log_message", lambda *_: None)
    with HTTPServer(("127.0.0.1", 0), there["Receiver"]) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        client = HttpClient(allow_loopback=True)
        url = f"http://127.0.0.1:{server.server_port}/"
        now = utc_now()
        body = '{"type": "test", "data": {}}'
        good = signature_headers([secret], "msg_1", now, body)
        old = signature_headers([secret], "msg_2", now - timedelta(hours=1), body)
        wrong = signature_headers([FIXED_SECRET], "msg_3", now, body)
        answers = [client.send(url, body.encode(), sent) for sent in (good, good, old, wrong)]
        server.shutdown()
    assert [answer.status for answer in answers] == [204, 204, 400, 400]
    assert accepted == ["test"]


@ON_SQLITE
def test_nothing_is_signed_with_a_wrong_secret(database: Database, hooks: Receiver) -> None:
    endpoint_id, _ = listen(database)
    salt = endpoint(database, endpoint_id).salt
    with database.writing() as session:
        other_hash = hash_secret(derive_secret("another key", salt))
        endpoints.rotate_secret(session, endpoint_id, salt, other_hash)
    submitted(database)
    work(database, hooks)
    assert hooks.received == []
    assert states(database, endpoint_id) == ["failed"]


def test_the_endpoint_of_the_environment(database: Database, hooks: Receiver) -> None:
    left_contact(database)
    work(database, hooks, (URL, FIXED_SECRET))
    assert len(hooks.received) == 2
    for got in hooks.received:
        assert is_signed(FIXED_SECRET, got)
        assert CONTACT.email not in got.body
    (fixed,) = read(database, endpoints.all_endpoints)
    assert (fixed.from_environment, fixed.url, fixed.includes_contact) == (True, URL, False)
    submitted(database)
    work(database, hooks)
    assert len(hooks.received) == 2, "the setting was removed"
    assert not endpoint(database, fixed.id).active
    submitted(database)
    work(database, hooks, (URL, FIXED_SECRET))
    assert len(hooks.received) == 3
    assert len(log(database, fixed.id)) == 3


# --- Retries ------------------------------------------------------------------------------------


@ON_SQLITE
def test_failed_attempts(database: Database, hooks: Receiver, clock: Clock) -> None:
    statuses = (301, 400, 404, 429, 500, 503)
    listening = {status: listen(database, url=f"https://{HOST}/{status}") for status in statuses}
    submitted(database)
    text = b"<script>\x00down\n for now</script>" + b"y" * 300
    hooks.respond = lambda got: (int(got.path[1:]), {}, text)
    work(database, hooks)
    clock.go_on(minutes=1)
    assert [states(database, id) for id, _ in listening.values()] == [["retrying"]] * len(statuses)
    hooks.respond, hooks.status, hooks.answer = None, 204, b""
    for _ in range(2):
        work(database, hooks)
    for status, (endpoint_id, secret) in listening.items():
        first, second = (got for got in hooks.received if got.path == f"/{status}")
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        stamps = [int(got.headers["webhook-timestamp"]) for got in (first, second)]
        assert stamps[1] - stamps[0] == 60
        assert is_signed(secret, second)
        (logged,) = log(database, endpoint_id)
        assert logged.sent_at == clock()
        reason = "receiver didn’t accept it."
        if status == 301:
            reason = "receiver redirects. We don’t follow redirects."
        assert [(made["status"], made["error"]) for made in logged.attempts] == [
            (status, f"{status}: the {reason}"),
            (204, ""),
        ]
        assert logged.attempts[0]["response"].startswith("<script>down for now</script>yyy")
        assert len(logged.attempts[0]["response"]) == 200


@ON_SQLITE
def test_a_hung_endpoint_is_paused(database: Database, hooks: Receiver, clock: Clock) -> None:
    endpoint_id, _ = listen(database)
    with database.writing() as session:
        hung = attempt(session.now(), 9_900, None, "No response in time.")
        endpoints.record_attempt(session, deliveries.enqueue_webhook(session, endpoint_id), hung)
        session.execute(delete(JobRow))
    for _ in range(3):
        submitted(database)
    work(database, hooks)
    assert hooks.received == []
    waiting = rows(database, JobRow, JobRow.kind == jobs.WEBHOOK, JobRow.state == "ready")
    assert [job.attempts for job in waiting] == [0, 0, 0], "it was no attempt"
    write(database, deliveries.enqueue_webhook, endpoint_id)
    work(database, hooks)
    assert len(hooks.received) == 1, "a test is sent at once"
    clock.go_on(minutes=1, seconds=1)
    work(database, hooks)
    assert len(hooks.received) == 4


@ON_SQLITE
def test_it_fails_after_eight_attempts(database: Database, hooks: Receiver, clock: Clock) -> None:
    endpoint_id, _ = listen(database)
    submitted(database)
    hooks.status = 500
    for _ in range(9):
        work(database, hooks)
        clock.go_on(hours=2)
    (logged,) = log(database, endpoint_id)
    assert (states(database, endpoint_id), len(logged.attempts)) == (["failed"], 8)
    hooks.status = 200
    for _ in range(2):  # a double click
        write(database, deliveries.resend_webhook, logged.id)
    work(database, hooks)
    (logged,) = log(database, endpoint_id)
    assert (states(database, endpoint_id), len(logged.attempts)) == (["sent"], 9)
    assert len({got.headers["webhook-id"] for got in hooks.received}) == 1
    write(database, deliveries.resend_webhook, logged.id)
    work(database, hooks)
    assert len(hooks.received) == 10, "what was accepted can be sent again as well"


def test_no_message_is_sent_again_after_a_crash(database: Database, hooks: Receiver) -> None:
    listen(database)
    submitted(database)
    work(database, hooks)
    with database.writing() as session:  # as if it had died before the job was done
        again = update(JobRow).where(JobRow.kind == jobs.WEBHOOK)
        session.execute(again.values(state="ready", finished_at=None, run_at=session.now()))
    work(database, hooks)
    (webhook,) = rows(database, JobRow, JobRow.kind == jobs.WEBHOOK)
    assert (webhook.state, webhook.attempts) == ("done", 2)
    assert len(hooks.received) == 1


# --- The end ------------------------------------------------------------------------------------


@ON_SQLITE
def test_a_receiver_that_is_gone_is_disabled(database: Database, hooks: Receiver) -> None:
    colleague(database, "boss", admin=True, digest="off")
    colleague(database, "ada")
    endpoint_id, _ = listen(database)
    submitted(database)
    submitted(database)
    hooks.status, box = 410, Box()
    make_worker(database, http=hooks.client(), transport=box).run_once()
    assert len(hooks.received) == 1
    disabled = endpoint(database, endpoint_id)
    assert (disabled.active, disabled.disabled_reason) == (False, "gone")
    assert states(database, endpoint_id) == ["not_sent", "failed"]
    mails = [(mail["To"], mail["Subject"]) for mail in box.mails]
    assert mails == [("boss@agency.example", "A webhook was disabled")]


@ON_SQLITE
def test_five_days_of_failures_disable(database: Database, hooks: Receiver, clock: Clock) -> None:
    colleague(database, "boss", admin=True)
    colleague(database, "ada")
    endpoint_id, _ = listen(database)
    days = 0
    while endpoint(database, endpoint_id).active and days < 9:
        hooks.status = 200 if days == 1 else 500
        submitted(database)
        work(database, hooks)
        days += 1
        clock.go_on(days=1)
    assert days == 8, "five days after the first failure since its last success"
    disabled = endpoint(database, endpoint_id)
    assert (disabled.active, disabled.disabled_reason) == (False, "failing")
    is_mail = DeliveryRow.kind == deliveries.WEBHOOK_DISABLED
    assert len(rows(database, DeliveryRow, is_mail)) == 1
    with database.writing() as session:
        endpoints.set_disabled(session.get_one(EndpointRow, endpoint_id), None)
    assert endpoint(database, endpoint_id).failing_since is None


@ON_SQLITE
def test_a_private_address_fails_at_once(database: Database, hooks: Receiver) -> None:
    endpoint_id, _ = listen(database)
    hooks.internet.names["hooks.example"] = ["169.254.169.254"]
    submitted(database)
    work(database, hooks)
    assert states(database, endpoint_id) == ["failed"]
    assert "private network" in log(database, endpoint_id)[0].attempts[0]["error"]
    assert hooks.internet.connected == []


def test_the_log_is_deleted_in_time(database: Database, hooks: Receiver, clock: Clock) -> None:
    endpoint_id, _ = listen(database, *WEBHOOK_EVENTS)
    lead_id = left_contact(database)
    work(database, hooks)
    assert len(log(database, endpoint_id)) == 2
    clock.go_on(days=31)
    write(database, retention.purge)
    assert log(database, endpoint_id) == []
    assert len(rows(database, NotificationRow)) == 2, "so none is sent twice"
    other = lead_of(database, submitted(database)).id
    work(database, hooks)
    clock.go_on(days=1)
    write(database, erasure.erase, [lead_id, other], "delete", by=None, reason="retention")
    assert [logged.kind for logged in log(database, endpoint_id)] == ["deleted", "deleted"]
