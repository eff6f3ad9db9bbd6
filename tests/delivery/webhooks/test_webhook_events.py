"""Events about what staff do with a lead: held back while it can be undone, and sent once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consult.storage.db.database import Database
from consult.storage.leads import actions, changes, handovers, notes
from consult.storage.privacy import erasure
from consult.storage.tables.delivery_tables import JobRow, NotificationRow
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.delivery.webhooks.test_webhook_delivery import listen, work
from tests.support.databases import ON_SQLITE, Clock, rows, write
from tests.support.lead_factories import book, colleague, set_lead
from tests.support.submissions import lead_of, left_contact, submitted
from tests.support.webhook_receiver import Receiver
from tests.support.workers import Box, drop_jobs, make_worker


def events(hooks: Receiver) -> list[dict[str, Any]]:
    return [json.loads(got.body) for got in hooks.received]


def types(hooks: Receiver) -> list[str]:
    return [event["type"].removeprefix("lead.") for event in events(hooks)]


def reached(database: Database, ada: int) -> int:
    """A lead of a user that was just reached."""
    lead_id = left_contact(database)
    set_lead(database, lead_id, stage="reached", assignee_id=ada)
    return lead_id


def worked_on(database: Database) -> tuple[int, int]:
    """A user, and a lead of theirs that was just reached."""
    ada = colleague(database, "ada")
    lead_id = reached(database, ada)
    drop_jobs(database)
    return ada, lead_id


MOVES: dict[str, list[str]] = {
    "consult_booked": ["stage_changed", "consult_booked"],
    "won": ["stage_changed", "won"],
    "lost": ["stage_changed", "lost"],
    "not_a_fit": ["stage_changed"],
}


def move(database: Database, lead_id: int, stage: str, by: int) -> None:
    more: dict[str, object] = {}
    if stage == "consult_booked":
        more["consult_at"] = datetime.fromisoformat("2026-03-05T15:00:00+00:00")
    if stage in ("lost", "not_a_fit"):
        more["reason"] = "other"
    write(database, actions.move, lead_id, stage, by=by, **more)  # type: ignore[arg-type]


@ON_SQLITE
def test_a_move_is_sent_once_it_cannot_be_undone(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    ada = colleague(database, "ada")
    leads = {stage: reached(database, ada) for stage in MOVES}
    drop_jobs(database)
    listen(database, *WEBHOOK_EVENTS)
    for stage, lead_id in leads.items():
        move(database, lead_id, stage, ada)
    work(database, hooks)
    assert hooks.received == []
    clock.go_on(minutes=1)
    for _ in range(2):
        work(database, hooks)
    for stage, lead_id in leads.items():
        said = [event for event in events(hooks) if event["data"]["lead"]["id"] == lead_id]
        assert [event["type"].removeprefix("lead.") for event in said] == MOVES[stage]
        assert said[0]["data"]["previous_stage"] == "reached"
        assert said[0]["data"]["new_stage"] == stage
        for event in said:
            assert event["data"]["lead"]["stage"] == stage
        booked = said[-1]["data"]["lead"]["consult_at"]
        assert booked == ("2026-03-05T15:00:00Z" if stage == "consult_booked" else None)


def test_a_move_that_was_undone_is_never_sent(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    ada = colleague(database, "ada")
    leads = {stage: reached(database, ada) for stage in MOVES}
    drop_jobs(database)
    listen(database, *{kind for kinds in MOVES.values() for kind in kinds})
    for stage, lead_id in leads.items():
        move(database, lead_id, stage, ada)
    clock.go_on(seconds=59)
    for lead_id in leads.values():
        write(database, changes.undo, lead_id, by=ada)
    clock.go_on(minutes=5)
    work(database, hooks)
    assert hooks.received == []


@ON_SQLITE
def test_one_change_of_several_stages_is_one_event(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    """A new lead that was won was assigned and reached before, all at once."""
    ada = colleague(database, "ada")
    lead_id = left_contact(database)
    drop_jobs(database)
    listen(database, "stage_changed", "won")
    move(database, lead_id, "won", ada)
    clock.go_on(minutes=1)
    work(database, hooks)
    assert types(hooks) == ["stage_changed", "won"]
    data = events(hooks)[0]["data"]
    assert (data["previous_stage"], data["new_stage"]) == ("new", "won")


@ON_SQLITE
def test_a_second_move_within_the_minute_says_its_own_stages(
    database: Database, hooks: Receiver, clock: Clock
) -> None:
    ada = colleague(database, "ada")
    lead_id = left_contact(database)
    drop_jobs(database)
    listen(database, "stage_changed")
    write(database, handovers.claim, lead_id, by=ada)
    clock.go_on(seconds=5)
    move(database, lead_id, "reached", ada)
    clock.go_on(minutes=1)
    work(database, hooks)
    said = [
        (event["data"]["previous_stage"], event["data"]["new_stage"]) for event in events(hooks)
    ]
    assert said == [("new", "taken"), ("taken", "reached")]


@ON_SQLITE
def test_a_note_is_sent_without_its_text(database: Database, hooks: Receiver) -> None:
    ada, lead_id = worked_on(database)
    listen(database, "note_added", includes_contact=True)
    for text in ("Zebras march", "Zebras march", "Zebras rest"):
        write(database, notes.add, lead_id, text, by=ada)
    work(database, hooks)
    assert types(hooks) == ["note_added", "note_added"], "a double click is one note"
    assert "Zebras" not in hooks.received[0].body


@ON_SQLITE
def test_the_assignee_is_emailed_about_a_consult_that_others_booked(
    database: Database, clock: Clock
) -> None:
    ada, lead_id = worked_on(database)
    bo = colleague(database, "bo")
    for by in (ada, bo):
        set_lead(database, lead_id, stage="reached")
        move(database, lead_id, "consult_booked", by)
    box = Box()
    clock.go_on(minutes=1)
    make_worker(database, transport=box).run_once()
    sent = [(mail["To"], mail["Subject"]) for mail in box.mails if "Consult" in mail["Subject"]]
    assert sent == [("ada@agency.example", "Consult booked: Okafor Tents")]


@ON_SQLITE
def test_a_booking_by_an_owner_is_sent_at_once_and_once(
    database: Database, hooks: Receiver
) -> None:
    """Whatever moves a lead without a person says so as well."""
    lead_id = left_contact(database)
    drop_jobs(database)
    listen(database, "stage_changed", "consult_booked")
    book(database, lead_id, datetime(2026, 3, 5, 15, tzinfo=UTC), calendar="own")
    work(database, hooks)
    assert sorted(types(hooks)) == ["consult_booked", "stage_changed"]
    for event in events(hooks):
        lead = event["data"]["lead"]
        assert (lead["stage"], lead["consult_at"]) == ("consult_booked", "2026-03-05T15:00:00Z")


@pytest.mark.parametrize("method", ["delete", "anonymise"])
def test_a_lead_that_is_deleted_is_announced_by_its_id_alone(
    database: Database, hooks: Receiver, clock: Clock, method: erasure.Method
) -> None:
    listen(database, "deleted", includes_contact=True)
    lead_id = left_contact(database)
    demo_id = lead_of(database, submitted(database, demo=True)).id
    drop_jobs(database)
    write(database, erasure.erase, [demo_id, lead_id], method, by=None, reason="requested")
    work(database, hooks)
    (event,) = events(hooks)
    assert event == {
        "type": "lead.deleted",
        "timestamp": "2026-03-02T09:30:00Z",
        "data": {"lead": {"id": lead_id}},
    }
    clock.go_on(minutes=5)
    write(database, erasure.erase, [lead_id], method, by=None, reason="requested")
    work(database, hooks)
    assert len(hooks.received) == 1


@ON_SQLITE
def test_nothing_is_recorded_that_no_one_gets(database: Database) -> None:
    """Without a webhook, and about what is probably spam, moves and notes make no work."""
    ada, lead_id = worked_on(database)
    write(database, notes.add, lead_id, "Called", by=ada)
    move(database, lead_id, "lost", ada)
    listen(database, *WEBHOOK_EVENTS)
    suspect = left_contact(database)
    set_lead(database, suspect, suspect=True)
    move(database, suspect, "not_a_fit", ada)
    write(database, notes.add, suspect, "Spam", by=ada)
    kinds = {row.kind for row in rows(database, NotificationRow)}
    assert kinds == {"finished", "contact_given"}
    now = database.clock()
    assert not [job for job in rows(database, JobRow) if job.run_at > now + timedelta(seconds=1)]
