"""The recipes of the documentation, each against a stand-in that answers as the service does."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from consult.delivery.webhooks.webhook_delivery import guess_kind
from consult.delivery.webhooks.webhook_formats import FLAT_FIELDS
from consult.storage import deliveries
from consult.storage.db.database import Database
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.delivery.webhooks.test_webhook_delivery import (
    is_signed,
    listen,
    log,
    states,
    with_own_words,
    work,
)
from tests.support.databases import ON_SQLITE, Clock, write
from tests.support.stand_ins import URLS, StandIn
from tests.support.submissions import CONTACT, lead_of, save_contact, submitted
from tests.support.webhook_receiver import IP, Receiver, receiver

# About formats and not about engines.
pytestmark = ON_SQLITE


@contextmanager
def service(folder: Path, name: str) -> Iterator[tuple[Receiver, StandIn]]:
    host = urlsplit(URLS[name]).hostname or ""
    stand_in = StandIn(name)
    with receiver(folder, host) as hooks:
        hooks.internet.names[host] = [IP]
        hooks.respond = stand_in.respond
        yield hooks, stand_in


def connect(
    database: Database,
    name: str,
    *events: str,
    includes_contact: bool = False,
    field_map: dict[str, str] | None = None,
) -> tuple[int, str]:
    """Add a webhook to a service, as the form does; its id and secret."""
    return listen(
        database,
        *(events or ("contact_given",)),
        includes_contact=includes_contact or name == "hubspot",
        url=URLS[name],
        kind=guess_kind(URLS[name]),
        field_map=field_map,
    )


def lead_with_contact(database: Database) -> int:
    made = with_own_words()
    token = submitted(database, answers=made.answers, report=made.report, wording=made.wording)
    save_contact(database, token, phone="+1 555 0100", best_time="Weekdays after 3")
    return lead_of(database, token).id


@pytest.mark.parametrize("name", URLS)
def test_each_service_takes_a_message_once_and_a_test(
    database: Database, tmp_path: Path, clock: Clock, name: str
) -> None:
    with service(tmp_path, name) as (hooks, stand_in):
        endpoint_id, secret = connect(database, name)
        lead_with_contact(database)
        write(database, deliveries.enqueue_webhook, endpoint_id)
        for _ in range(3):
            work(database, hooks)
            clock.go_on(hours=1)
        assert states(database, endpoint_id) == ["sent", "sent"]
        assert len(stand_in.posted) == len(hooks.received) == 2
        private = (CONTACT.email, "+1 555 0100", "after 3", "Zebras")
        bodies = "\n".join(got.body for got in hooks.received)
        named = private[:2] if name == "hubspot" else ()
        assert tuple(text for text in private if text in bodies) == named
        for got in hooks.received:
            if guess_kind(URLS[name]) == "flat":
                assert is_signed(secret, got)
            else:
                assert not [header for header in got.headers if header.startswith("webhook-")]
        of_lead, of_test = log(database, endpoint_id)
        assert json.loads(of_test.attempts[0]["sent"])
        assert "sent" not in of_lead.attempts[0], "a message about a lead is not stored"


def test_a_sheet_has_one_row_however_often_a_message_arrives(
    database: Database, tmp_path: Path
) -> None:
    with service(tmp_path, "sheets") as (hooks, stand_in):
        endpoint_id, _ = connect(database, "sheets", includes_contact=True)
        lead_id = lead_with_contact(database)
        work(database, hooks)
        write(database, deliveries.resend_webhook, log(database, endpoint_id)[0].id)
        work(database, hooks)
        assert len(stand_in.posted) == 2
        names, row = stand_in.rows
        assert names == list(FLAT_FIELDS)
        said = dict(zip(names, row, strict=True))
        assert (said["lead_id"], said["email"]) == (lead_id, CONTACT.email)
        assert said["best_time"] == "Weekdays after 3"
        attempt, _ = log(database, endpoint_id)[0].attempts
        assert (attempt["status"], attempt["error"]) == (302, "")


def test_mailchimp_gets_new_contacts_by_way_of_zapier(database: Database, tmp_path: Path) -> None:
    with service(tmp_path, "zapier") as (hooks, stand_in):
        events = ("finished", "contact_given", "consult_wanted")
        endpoint_id, _ = connect(database, "zapier", *events, includes_contact=True)
        lead_with_contact(database)
        write(database, deliveries.enqueue_webhook, endpoint_id)
        work(database, hooks)
        assert len(stand_in.posted) == 4
        assert stand_in.subscribers == [(CONTACT.email, "pending")]


def test_a_redirect_is_a_failure_anywhere_else(database: Database, tmp_path: Path) -> None:
    with service(tmp_path, "make") as (hooks, _):
        endpoint_id, _ = connect(database, "make")
        hooks.respond = lambda _: (302, {"Location": "https://script.google.com/"}, b"")
        lead_with_contact(database)
        work(database, hooks)
        assert states(database, endpoint_id) == ["retrying"]


def test_a_field_that_hubspot_does_not_know_is_named(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    """Trying again would not help: an admin has to, and then sends it again."""
    field_map = {"email": "email", "phone": "telephone", "best_time": "best_time"}
    with service(tmp_path, "hubspot") as (hooks, stand_in):
        endpoint_id, _ = connect(database, "hubspot", field_map=field_map)
        lead_with_contact(database)
        for _ in range(3):
            work(database, hooks)
            clock.go_on(hours=1)
        assert len(hooks.received) == 1
        (logged,) = log(database, endpoint_id)
        assert deliveries.delivery_status(logged).state == "failed"
        (attempt,) = logged.attempts
        assert attempt["response"] == "", "it could repeat what a person typed"
        for unknown in ("best_time", "telephone"):
            assert f"The form has no field “{unknown}”. Add it to the form" in attempt["error"]
        stand_in.form_fields |= {"telephone", "best_time"}
        write(database, deliveries.resend_webhook, logged.id)
        work(database, hooks)
        (given,) = stand_in.posted
        assert given == {
            "email": CONTACT.email,
            "telephone": "+1 555 0100",
            "best_time": "Weekdays after 3",
        }


def test_hubspot_gets_no_lead_without_a_contact(database: Database, tmp_path: Path) -> None:
    with service(tmp_path, "hubspot") as (hooks, _):
        endpoint_id, _ = connect(database, "hubspot", "finished")
        made = with_own_words()
        submitted(database, answers=made.answers, report=made.report, wording=made.wording)
        work(database, hooks)
        assert hooks.received == []
        assert states(database, endpoint_id) == ["failed"]


def test_the_documents_list_every_event_and_every_flat_field(database_url: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "integrations.md").read_text("utf-8")
    section = text.partition("## Flat messages")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", section, re.MULTILINE)) == FLAT_FIELDS
    table = text.partition("## Events")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`[^|]+) \|", table, re.M) for name in row.split("`")}
    assert {name.removeprefix("lead.") for name in named if name.startswith("lead.")} == set(
        WEBHOOK_EVENTS
    )
