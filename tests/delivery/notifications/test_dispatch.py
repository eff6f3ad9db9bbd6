"""Who is notified: by kind, by preference and by assignee; of each thing once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from consult.delivery.notifications.dispatch import next_tick, schedule_tick
from consult.delivery.worker import RetryableError
from consult.storage import deliveries, jobs
from consult.storage.db.database import Database
from consult.storage.leads import handovers, submission
from consult.storage.notifications import notifications
from consult.storage.tables.delivery_tables import JobRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.workflow.notification_types import NotificationType
from consult.workflow.office_hours import Office, read_hours
from consult.workflow.stages import CLOSED
from tests.support.databases import ON_SQLITE, Clock, rows, write
from tests.support.lead_factories import close_account, colleague, set_lead
from tests.support.submissions import (
    CONTACT,
    all_leads,
    lead_of,
    left_contact,
    save_contact,
    submitted,
)
from tests.support.workers import Box, drop_jobs, make_worker, sent_mails


def notify(database: Database, lead_id: int, kind: NotificationType, **details: object) -> bool:
    with database.writing() as session:
        lead = session.get_one(LeadRow, lead_id)
        return notifications.notify(session, lead, kind, **details)  # type: ignore[arg-type]


def emailed(database: Database) -> list[tuple[str, str]]:
    """Do what is due, but make no PDFs; then who got a mail, and under which subject."""
    drop_jobs(database, *jobs.PDF_JOBS)
    return sorted((mail["To"].partition("@")[0], mail["Subject"]) for mail in sent_mails(database))


def run_tick(database: Database) -> None:
    """Have a worker run the tick now."""
    with database.writing() as session:
        schedule_tick(session)
        for job in session.scalars(select(JobRow).where(JobRow.kind == jobs.TICK)):
            if job.state == "ready":
                job.run_at = session.now()
    make_worker(database).run_once()


def mails_about(database: Database, lead_id: int) -> list[tuple[str, str]]:
    with database.reading() as session:
        sent = deliveries.for_lead(session, lead_id)
        return [(delivery.user.name, delivery.kind) for delivery in sent if delivery.user]


@ON_SQLITE
def test_a_submission_is_reported_once_to_those_who_chose_it(database: Database) -> None:
    colleague(database, "ada", finished="all")
    colleague(database, "bo")
    submitted(database)
    (lead,) = all_leads(database)
    assert emailed(database) == [("ada", f"Check finished: Lead {lead.id}")]
    assert emailed(database) == []


@ON_SQLITE
def test_a_consult_wanted_later_is_another_mail(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    colleague(database, "bo", consult_wanted="off")
    wish, new = "Okafor Tents requested a consult", "New lead: Okafor Tents"
    left_contact(database, wants_consult=True)
    assert emailed(database) == [("ada", wish), ("bo", new)]
    token = submitted(database)  # its assignee is Ada
    mails = []
    for wants, phone in ((False, "1"), (True, "1"), (False, "2"), (True, "3")):
        save_contact(database, token, wants_consult=wants, phone=phone)
        mails += emailed(database)
        clock.go_on(minutes=10)
    assert mails == [("ada", new), ("ada", wish)]


def test_an_overdue_lead_is_reported_to_its_assignee_or_to_all_and_to_admins_until_it_is_claimed(
    database: Database,
) -> None:
    ids = {
        "all": colleague(database, "all", overdue="all"),
        "own": colleague(database, "own", overdue="own"),
        "other": colleague(database, "other"),
        "off": colleague(database, "off", overdue="off"),
        "boss": colleague(database, "boss", admin=True),
        "deaf": colleague(database, "deaf", admin=True, overdue="off"),
    }
    for stage, assignee, who in (
        ("new", None, ["all", "boss", "other", "own"]),
        ("new", "own", ["all", "boss", "own"]),
        ("new", "other", ["all", "boss", "other"]),
        ("taken", "own", ["all", "own"]),
    ):
        lead_id = left_contact(database)
        drop_jobs(database)
        set_lead(database, lead_id, assignee_id=ids.get(assignee or ""), stage=stage)
        notify(database, lead_id, "overdue")
        assert [name for name, _ in emailed(database)] == who


def test_each_handover_is_reported_unless_canceled_or_answered(
    database: Database, clock: Clock
) -> None:
    def emailed_then() -> list[tuple[str, str]]:
        clock.go_on(minutes=1)  # until then, it could be undone
        return emailed(database)

    ada, bo = colleague(database, "ada"), colleague(database, "bo")
    cy = colleague(database, "cy", handed_over="off")
    lead_id = left_contact(database)
    emailed(database)
    write(database, handovers.claim, lead_id, by=ada)
    mails = []
    for _ in range(2):
        write(database, handovers.hand_over, lead_id, bo, by=ada)
        mails += emailed_then()
        write(database, handovers.decline, lead_id, by=bo, reason="no_time")
        mails += emailed_then()
    assert mails == 2 * [("bo", "Ada handed you Okafor Tents"), ("ada", "Bo returned Okafor Tents")]
    write(database, handovers.hand_over, lead_id, cy, by=ada)
    assert emailed_then() == []
    write(database, handovers.cancel_handover, lead_id, by=ada)
    write(database, handovers.hand_over, lead_id, bo, by=ada)
    write(database, handovers.cancel_handover, lead_id, by=ada)
    assert emailed_then() == []
    write(database, handovers.hand_over, lead_id, bo, by=ada)
    write(database, handovers.accept, lead_id, by=bo)
    assert emailed_then() == []


@ON_SQLITE
def test_disabled_accounts_get_no_mail_queued_before(database: Database, clock: Clock) -> None:
    close_account(database, colleague(database, "disabled"))
    leaving = colleague(database, "leaving")
    colleague(database, "ada")
    lead_id = left_contact(database)
    box = Box(RetryableError("busy"))
    make_worker(database, transport=box).run_once()
    assert len(box.attempts) == 2
    close_account(database, leaving)
    clock.go_on(minutes=1)
    assert [name for name, _ in emailed(database)] == ["ada"]
    assert mails_about(database, lead_id) == [("Ada", "contact_given")]


@ON_SQLITE
def test_demo_leads_notify_no_one(database: Database, clock: Clock) -> None:
    colleague(database, "ada", finished="all")
    token = submitted(database, demo=True)
    save_contact(database, token)
    lead_id = lead_of(database, token).id
    set_lead(database, lead_id, due_at=clock() - timedelta(hours=1))
    run_tick(database)
    assert emailed(database) == []
    assert rows(database, NotificationRow) == []


def test_answered_or_closed_leads_are_not_overdue(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    past = clock() - timedelta(hours=1)
    states: list[dict[str, object]] = [
        {"due_at": past, "first_contact_at": past},
        {"due_at": None},
        {"due_at": clock() - timedelta(days=8)},
    ]
    states += [{"due_at": past, "stage": stage} for stage in sorted(CLOSED)]
    for state in states:
        set_lead(database, left_contact(database), **state)
    drop_jobs(database)
    run_tick(database)
    submitted(database)  # no way to reach its owner
    clock.go_on(days=1)
    run_tick(database)
    assert not [mail for lead in all_leads(database) for mail in mails_about(database, lead.id)]


@ON_SQLITE
def test_an_overdue_lead_is_reported_once(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    token = submitted(database)
    lead_id = lead_of(database, token).id
    clock.go_on(days=1)
    office = Office(reply_within=timedelta(hours=2))
    write(database, submission.save_contact, token, CONTACT, office=office)
    for _ in range(2):
        run_tick(database)
        assert mails_about(database, lead_id) == [("Ada", "consult_wanted")]
        clock.go_on(hours=1)
    for _ in range(3):
        run_tick(database)
        clock.go_on(minutes=5)
    assert mails_about(database, lead_id) == [("Ada", "consult_wanted"), ("Ada", "overdue")]


@ON_SQLITE
def test_a_failed_tick(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_session: object) -> int:
        raise LookupError

    monkeypatch.setattr(notifications, "notify_overdue", fail)
    write(database, schedule_tick)
    clock.go_on(minutes=5)
    make_worker(database).run_once()
    (planned,) = rows(database, JobRow, JobRow.kind == jobs.TICK, JobRow.attempts == 0)
    assert planned.run_at == next_tick(clock())


def test_the_tick_runs_every_five_minutes_once(database: Database, clock: Clock) -> None:
    for _ in range(2):  # each worker schedules it when it starts
        write(database, schedule_tick)
    worker = make_worker(database, office=Office(week=read_hours("sun 10:00-11:00")))
    assert worker.run_once() == 0
    for _ in range(3):
        clock.go_on(minutes=5)
        assert worker.run_once() == 1
    clock.go_on(hours=3)  # no worker was running
    assert worker.run_once() == 1


@pytest.mark.parametrize(
    ("now", "tick"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:00"),
        ("2026-03-29T01:00:00", "2026-03-29T01:05"),
        ("2026-12-31T23:57:30.5", "2027-01-01T00:00"),
    ],
)
def test_the_next_tick_is_at_the_next_full_five_minutes(now: str, tick: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_tick(at) == datetime.fromisoformat(tick).replace(tzinfo=UTC)
