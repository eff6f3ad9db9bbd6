"""Webhooks: what they say and do not say, how they are signed, tried again, and given up."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from standardwebhooks import Webhook

from consult.delivery.webhooks import signing
from consult.delivery.webhooks.http_client import HttpClient, NoResponseError
from consult.delivery.worker import Handler
from consult.storage import deliveries, jobs
from consult.storage.db.database import Database, utc_now
from consult.storage.leads import submission
from consult.storage.notifications import notifications
from consult.storage.privacy import retention
from consult.storage.tables.delivery_tables import Attempt, DeliveryRow, EndpointRow, JobRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.delivery.notifications.test_dispatch import left_contact, note, told
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, lead_of, submitted
from tests.support.user_factories import change_desk, colleague
from tests.support.webhook_receiver import URL, Received, Receiver, receiver
from tests.support.workers import BASE_URL, SECRET_KEY, make_worker

FIXED_SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path) as running:
        yield running


def listen(
    database: Database, *, includes_contact: bool = False, kinds: tuple[str, ...] = WEBHOOK_EVENTS
) -> tuple[int, str]:
    """Add an endpoint at the usual address; its id and its secret."""
    salt = signing.new_salt()
    secret = signing.secret_of(SECRET_KEY, salt)
    with database.writing() as session:
        id = endpoints.add(
            session,
            URL,
            kinds,
            includes_contact=includes_contact,
            salt=salt,
            secret_hash=signing.hash_of(secret),
            by=None,
        )
    return id, secret


def work(database: Database, http: HttpClient, environment: tuple[str, str] | None = None) -> None:
    make_worker(database, http=http, environment=environment).run_once()


def endpoint(database: Database, endpoint_id: int) -> EndpointRow:
    with database.reading() as session:
        found = endpoints.by_id(session, endpoint_id)
    assert found is not None
    return found


def log(database: Database, endpoint_id: int) -> list[DeliveryRow]:
    with database.reading() as session:
        return list(deliveries.for_endpoint(session, endpoint_id, 50))


def state(delivery: DeliveryRow) -> str:
    return deliveries.delivery_status(delivery).state


def attempt(at: datetime, milliseconds: int, status: int | None, error: str) -> Attempt:
    return Attempt(
        at=at.isoformat(), milliseconds=milliseconds, status=status, error=error, response=""
    )


def _fits(secret: str, got: Received) -> bool:
    """Whether a receiver with this secret would believe what it got, at the time it was sent."""
    moment = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    right = Webhook(secret).sign(got.headers["webhook-id"], moment, got.body)
    return right in got.headers["webhook-signature"].split()


def test_the_log_comes_in_pages_and_by_what_did_not_arrive(database: Database) -> None:
    id, _ = listen(database)
    other, _ = listen(database)
    with database.writing() as session:
        deliveries.enqueue_webhook(session, other)
        sent = [deliveries.enqueue_webhook(session, id) for _ in range(6)]
        for message, status in zip(sent, (200, 503, None, 200), strict=False):
            error = "" if status == 200 else "It did not take it."
            endpoints.record_attempt(session, message, attempt(session.now(), 5, status, error))
        failing = select(DeliveryRow.job_id).where(DeliveryRow.id == sent[4])
        given_up = update(JobRow).where(JobRow.id.in_(failing))
        session.execute(given_up.values(state="failed", finished_at=session.now()))
    arrived, vain, silent, late, dead, waiting = sent
    with database.reading() as session:

        def ids(**asked: Any) -> list[int]:
            return [
                found.id for found in deliveries.for_endpoint(session, id, **{"limit": 50, **asked})
            ]

        assert ids() == [waiting, dead, late, silent, vain, arrived]
        assert ids(failed=True) == [dead, silent, vain]
        pages, before = [], None
        while page := ids(limit=2, failed=True, before=before):
            pages.append(page)
            before = page[-1]
        assert pages == [[dead, silent], [vain]]
        assert ids(before=arrived) == []


# --- What they say ------------------------------------------------------------------------------


def test_a_finished_check_is_posted_signed_and_without_anybody_in_it(
    database: Database, hooks: Receiver
) -> None:
    _, secret = listen(database)
    lead_id = lead_of(database, submitted(database)).id
    work(database, hooks.client())
    (got,) = hooks.received
    assert _fits(secret, got)
    said = json.loads(got.body)
    assert got.headers["content-type"] == "application/json"
    assert said == {
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
            }
        },
    }


@pytest.mark.parametrize("with_contact", [False, True])
def test_contact_details_go_out_only_where_somebody_ticked_so(
    database: Database, hooks: Receiver, with_contact: bool
) -> None:
    endpoint_id, _ = listen(database, includes_contact=with_contact)
    hooks.answer = b"I got ada@example.com"
    left_contact(database, wants_consult=True)
    work(database, hooks.client())
    kinds = [json.loads(got.body)["type"] for got in hooks.received]
    assert kinds == ["lead.finished", "lead.contact_given", "lead.consult_wanted"]
    last = json.loads(hooks.received[-1].body)["data"]["lead"]
    assert (last["has_contact"], last["wants_consult"]) == (True, True)
    named = {"name": CONTACT.name, "email": CONTACT.email, "business": CONTACT.business}
    assert last.get("contact") == ({**named, "phone": None} if with_contact else None)
    for got in hooks.received:
        assert (CONTACT.email in got.body) is with_contact
    # An answer may repeat what it was sent, so it is kept only where nobody was named.
    answers = {
        each["response"] for logged in log(database, endpoint_id) for each in logged.attempts
    }
    assert answers == ({""} if with_contact else {"I got ada@example.com"})


def test_each_kind_goes_to_those_who_listen_for_it_and_once(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    listen(database, kinds=("overdue",))
    lead_id = left_contact(database)
    change_desk(database, lead_id, due_at=clock())
    for _ in range(2):
        note(database, lead_id, "overdue")
        work(database, hooks.client())
    assert [json.loads(got.body)["type"] for got in hooks.received] == ["lead.overdue"]
    lead = json.loads(hooks.received[0].body)["data"]["lead"]
    assert lead["due_at"] == "2026-03-02T09:30:00Z"


def test_handovers_and_demo_leads_are_told_to_no_program(
    database: Database, hooks: Receiver
) -> None:
    ada = colleague(database, "ada")
    lead_id = left_contact(database)
    work(database, hooks.client())
    listen(database)
    note(database, lead_id, "handed_over", recipient_id=ada, occasion="1")
    submitted(database, demo=True)
    work(database, hooks.client())
    assert hooks.received == []


def test_a_text_of_any_script_arrives_whole_and_signed(database: Database, hooks: Receiver) -> None:
    _, secret = listen(database, includes_contact=True, kinds=("contact_given",))
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(
            session, token, replace(CONTACT, business='Żółć "Zelte" 🦔\n</script>')
        )
    work(database, hooks.client())
    (got,) = hooks.received
    assert _fits(secret, got)
    said = json.loads(got.body)
    assert said["data"]["lead"]["contact"]["business"] == 'Żółć "Zelte" 🦔\n</script>'


# --- Secrets ------------------------------------------------------------------------------------


def test_an_old_secret_signs_as_well_for_a_day_and_no_longer(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    endpoint_id, old = listen(database, kinds=("finished",))
    salt = signing.new_salt()
    new = signing.secret_of(SECRET_KEY, salt)
    with database.writing() as session:
        endpoints.rotate_secret(session, endpoint_id, salt, signing.hash_of(new))
    submitted(database)
    work(database, hooks.client())
    signatures = [hooks.received[0].headers["webhook-signature"].split()]
    clock.go_on(hours=24)
    submitted(database)
    work(database, hooks.client())
    signatures.append(hooks.received[1].headers["webhook-signature"].split())
    assert [len(each) for each in signatures] == [2, 1]
    first = hooks.received[0]
    for secret in (old, new):
        assert _fits(secret, first)
    second = hooks.received[1]
    assert _fits(new, second)
    assert not _fits(old, second)


def test_openssl_finds_the_same_signature(database: Database, hooks: Receiver) -> None:
    """Not the library that signed, but the standard's own words."""
    _, secret = listen(database, kinds=("finished",))
    submitted(database)
    work(database, hooks.client())
    (got,) = hooks.received
    signed = ".".join((got.headers["webhook-id"], got.headers["webhook-timestamp"], got.body))
    key = subprocess.run(
        ["openssl", "base64", "-d", "-A"],
        input=secret.removeprefix("whsec_").encode(),
        capture_output=True,
        check=True,
    ).stdout.hex()
    mac = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"],
        input=signed.encode(),
        capture_output=True,
        check=True,
    ).stdout
    coded = subprocess.run(
        ["openssl", "base64", "-A"], input=mac, capture_output=True, check=True
    ).stdout
    assert got.headers["webhook-signature"] == f"v1,{coded.decode()}"


def test_the_receiver_in_the_handbook_believes_us_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = signing.secret_of(SECRET_KEY, signing.new_salt())
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    handbook = (Path(__file__).parents[3] / "docs" / "running.md").read_text("utf-8")
    code = handbook.partition("```python\n")[2].partition("HTTPServer((")[0]
    there: dict[str, Any] = {}
    exec(code, there)  # noqa: S102 - it is ours
    kept: list[str] = []
    there["print"] = lambda type, _data: kept.append(type)
    monkeypatch.setattr(there["Receiver"], "log_message", lambda *_: None)
    with HTTPServer(("127.0.0.1", 0), there["Receiver"]) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        web = HttpClient(allow_loopback=True)
        url = f"http://127.0.0.1:{server.server_port}/"
        now = utc_now()
        body = '{"type": "test", "data": {}}'
        good = signing.headers([secret], "msg_1", now, body)
        old = signing.headers([secret], "msg_2", now - timedelta(hours=1), body)
        wrong = signing.headers([FIXED_SECRET], "msg_3", now, body)
        answers = [web.send(url, body.encode(), sent) for sent in (good, good, old, wrong)]
        server.shutdown()
    assert [answer.status for answer in answers] == [204, 204, 400, 400]
    assert kept == ["test"]


def test_no_secret_is_in_the_database(database: Database) -> None:
    endpoint_id, secret = listen(database)
    stored = repr(endpoint(database, endpoint_id))
    assert secret not in stored
    assert secret.removeprefix("whsec_") not in stored


def test_with_a_new_secret_key_nothing_is_signed_with_a_wrong_secret(
    database: Database, hooks: Receiver
) -> None:
    endpoint_id, _ = listen(database)
    with database.writing() as session:
        row = endpoints.by_id(session, endpoint_id)
        assert row is not None
        check = signing.hash_of(signing.secret_of("another key", row.salt))
        endpoints.rotate_secret(session, endpoint_id, row.salt, check)
    submitted(database)
    work(database, hooks.client())
    assert hooks.received == []
    (logged,) = log(database, endpoint_id)
    assert state(logged) == "failed"


# --- The address that the environment sets ------------------------------------------------------


def test_the_checked_url_the_environment_is_told_with_its_own_secret(
    database: Database, hooks: Receiver
) -> None:
    left_contact(database)
    work(database, hooks.client(), environment=(URL, FIXED_SECRET))
    assert len(hooks.received) == 2
    for got in hooks.received:
        assert _fits(FIXED_SECRET, got)
        assert CONTACT.email not in got.body
    with database.reading() as session:
        (fixed,) = endpoints.all_endpoints(session)
    assert (fixed.from_environment, fixed.url, fixed.includes_contact) == (True, URL, False)
    submitted(database)
    work(database, hooks.client())
    assert len(hooks.received) == 2, "the setting is gone"
    assert not endpoint(database, fixed.id).active
    submitted(database)
    work(database, hooks.client(), environment=(URL, FIXED_SECRET))
    assert len(hooks.received) == 3
    assert len(log(database, fixed.id)) == 3


# --- Again and again ----------------------------------------------------------------------------


def test_a_try_that_failed_is_written_down_and_made_again_under_the_same_id(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    endpoint_id, secret = listen(database, kinds=("finished",))
    submitted(database)
    hooks.status, hooks.answer = 503, b"<script>\x00down\n for now</script>" + b"y" * 300
    work(database, hooks.client())
    clock.go_on(minutes=1)
    hooks.status, hooks.answer = 204, b""
    work(database, hooks.client())
    first, second = hooks.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    stamps = [int(got.headers["webhook-timestamp"]) for got in (first, second)]
    assert stamps[1] - stamps[0] == 60
    assert _fits(secret, second)
    (logged,) = log(database, endpoint_id)
    assert logged.sent_at == clock()
    assert [(made["status"], made["error"]) for made in logged.attempts] == [
        (503, "503: the receiver did not accept it."),
        (204, ""),
    ]
    assert logged.attempts[0]["response"].startswith("<script>down for now</script>yyy")
    assert len(logged.attempts[0]["response"]) == 200
    work(database, hooks.client())
    assert len(hooks.received) == 2


def test_an_address_that_hung_is_left_alone_for_a_minute(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    endpoint_id, _ = listen(database, kinds=("finished",))
    with database.writing() as session:
        hung = attempt(session.now(), 9_900, None, "No response in time.")
        endpoints.record_attempt(session, deliveries.enqueue_webhook(session, endpoint_id), hung)
        session.execute(delete(JobRow))
    for _ in range(3):
        submitted(database)
    work(database, hooks.client())
    assert hooks.received == []
    with database.reading() as session:
        waiting = select(JobRow.attempts).where(
            JobRow.kind == jobs.WEBHOOK, JobRow.state == "ready"
        )
        assert session.scalars(waiting).all() == [0, 0, 0], "it was no try"
    with database.writing() as session:
        deliveries.enqueue_webhook(session, endpoint_id)
    work(database, hooks.client())
    assert len(hooks.received) == 1, "whoever presses for a test wants to know now"
    clock.go_on(minutes=1, seconds=1)
    work(database, hooks.client())
    assert len(hooks.received) == 4


def test_it_is_given_up_after_eight_tries_and_can_be_sent_again(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    endpoint_id, _ = listen(database, kinds=("finished",))
    submitted(database)
    hooks.status = 500
    for _ in range(9):
        work(database, hooks.client())
        clock.go_on(hours=2)
    (logged,) = log(database, endpoint_id)
    assert (state(logged), len(logged.attempts)) == ("failed", 8)
    hooks.status = 200
    for _ in range(2):  # a double click
        with database.writing() as session:
            deliveries.resend_webhook(session, logged.id)
    work(database, hooks.client())
    (logged,) = log(database, endpoint_id)
    assert (state(logged), len(logged.attempts)) == ("sent", 9)
    assert len({got.headers["webhook-id"] for got in hooks.received}) == 1
    with database.writing() as session:
        deliveries.resend_webhook(session, logged.id)
    work(database, hooks.client())
    assert len(hooks.received) == 10, "what arrived can be sent again as well"


def test_a_worker_that_dies_after_the_post_does_not_post_again(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    listen(database, kinds=("finished",))
    submitted(database)
    job = claim_webhook(database, hooks.client())
    handler = webhook_handler(database, hooks.client())
    handler(job)  # and here it dies, before the job is done
    clock.go_on(minutes=2)
    work(database, hooks.client())
    assert len(hooks.received) == 1


def claim_webhook(database: Database, http: HttpClient) -> JobRow:
    """Do all that comes before the first webhook, and take that."""
    worker = make_worker(database, http=http)
    while job := worker._claim():
        if job.kind == jobs.WEBHOOK:
            return job
        worker._run(job)
    raise AssertionError("no webhook was planned")


def webhook_handler(database: Database, http: HttpClient) -> Handler:
    return make_worker(database, http=http)._handlers[jobs.WEBHOOK]


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500])
def test_what_is_not_taken_is_tried_again(database: Database, hooks: Receiver, status: int) -> None:
    endpoint_id, _ = listen(database, kinds=("finished",))
    submitted(database)
    hooks.status = status
    work(database, hooks.client())
    (logged,) = log(database, endpoint_id)
    assert state(logged) == "retrying"
    assert logged.attempts[0]["status"] == status


def test_who_says_gone_is_asked_no_more_and_admins_hear_of_it(
    database: Database, hooks: Receiver
) -> None:
    colleague(database, "boss", admin=True)
    colleague(database, "ada")
    endpoint_id, _ = listen(database, kinds=("finished",))
    submitted(database)
    submitted(database)
    hooks.status = 410
    work(database, hooks.client())
    assert len(hooks.received) == 1
    off = endpoint(database, endpoint_id)
    assert (off.active, off.disabled_reason) == (False, "gone")
    assert [state(logged) for logged in log(database, endpoint_id)] == ["not_sent", "failed"]


def test_who_fails_for_five_days_is_switched_off_and_admins_hear_of_it_once(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    colleague(database, "boss", admin=True)
    colleague(database, "ada")
    endpoint_id, _ = listen(database, kinds=("finished",))
    for day in range(8):
        if not endpoint(database, endpoint_id).active:
            break
        hooks.status = 200 if day == 1 else 500
        submitted(database)
        for _ in range(9):
            make_worker(database, http=hooks.client()).run_once()
            clock.go_on(hours=2)
        clock.go_on(hours=6)
    assert day == 7, "five days after the first failure since it last went well"
    off = endpoint(database, endpoint_id)
    assert (off.active, off.disabled_reason) == (False, "failing")
    with database.reading() as session:
        planned = session.scalars(
            select(DeliveryRow).where(DeliveryRow.kind == deliveries.WEBHOOK_DISABLED)
        )
        assert len(planned.all()) == 1
    with database.writing() as session:
        endpoints.set_disabled(session, endpoint_id, None)
    assert endpoint(database, endpoint_id).failing_since is None


def test_admins_are_told_by_mail_that_a_webhook_was_switched_off(
    database: Database, hooks: Receiver
) -> None:
    colleague(database, "boss", admin=True, digest="off")
    colleague(database, "ada")
    endpoint_id, _ = listen(database, kinds=("finished",))
    submitted(database)
    hooks.status = 410
    make_worker(database, http=hooks.client()).run_once(_Planned(database))  # type: ignore[arg-type]
    assert told(database) == [("boss", "A webhook was disabled")]
    assert not endpoint(database, endpoint_id).active


class _Planned:
    """Stops a worker as soon as a mail to staff is planned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_set(self) -> bool:
        with self._database.reading() as session:
            return any(not each.active for each in endpoints.all_endpoints(session))


def test_an_address_that_leads_inside_is_given_up_at_once(
    database: Database, hooks: Receiver
) -> None:
    endpoint_id, _ = listen(database, kinds=("finished",))
    hooks.internet.names["hooks.example"] = ["169.254.169.254"]
    submitted(database)
    work(database, hooks.client())
    (logged,) = log(database, endpoint_id)
    assert state(logged) == "failed"
    assert "private network" in logged.attempts[0]["error"]
    assert hooks.internet.connected == []


def test_what_waits_for_an_endpoint_that_is_off_is_not_sent(
    database: Database, hooks: Receiver
) -> None:
    endpoint_id, _ = listen(database, kinds=("finished",))
    submitted(database)

    class Unreachable(HttpClient):
        def send(self, *_args: object) -> None:  # type: ignore[override]
            raise NoResponseError("away")

    work(database, Unreachable())
    with database.writing() as session:
        endpoints.set_disabled(session, endpoint_id, "manual")
    database.clock.go_on(minutes=5)  # type: ignore[attr-defined]
    work(database, hooks.client())
    assert hooks.received == []
    (logged,) = log(database, endpoint_id)
    assert state(logged) == "not_sent"


def test_a_test_goes_to_one_endpoint_and_is_about_nobody(
    database: Database, hooks: Receiver
) -> None:
    endpoint_id, secret = listen(database, includes_contact=True)
    listen(database)
    with database.writing() as session:
        deliveries.enqueue_webhook(session, endpoint_id)
    work(database, hooks.client())
    (got,) = hooks.received
    said = json.loads(got.body)
    assert said["type"] == "test"
    assert list(said["data"]) == ["text"]
    assert _fits(secret, got)


def test_the_log_goes_with_its_lead_and_in_any_case_after_a_month(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    endpoint_id, _ = listen(database)
    lead_id = left_contact(database)
    work(database, hooks.client())
    assert len(log(database, endpoint_id)) == 2
    clock.go_on(days=31)
    with database.writing() as session:
        retention.purge(session, lead_days=730)
    assert log(database, endpoint_id) == []
    with database.reading() as session:
        assert len(notifications.for_lead(session, lead_id)) == 2, "so that nothing is told twice"
    submitted(database)
    work(database, hooks.client())
    clock.go_on(days=1)
    with database.writing() as session:
        retention.purge(session, lead_days=0)
    assert log(database, endpoint_id) == []
