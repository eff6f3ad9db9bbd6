"""Whom news is told: by kind, by choice, by who holds the lead; each thing once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from consult.delivery.notifications.dispatch import TICK, next_tick, schedule_tick
from consult.storage import deliveries
from consult.storage.db.database import Database
from consult.storage.leads import actions, submission
from consult.storage.notifications import notifications
from consult.storage.tables.delivery_tables import JobRow
from consult.workflow.notification_types import NotificationType
from consult.workflow.office_hours import Office, read_hours
from consult.workflow.stages import CLOSED
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, all_leads, lead_of, submitted
from tests.support.user_factories import change_desk, colleague, leave
from tests.support.workers import Box, make_worker


def left_contact(database: Database, *, wants_consult: bool = False) -> int:
    """A lead that nobody holds and that left a contact; its id."""
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, token, replace(CONTACT, wants_consult=wants_consult))
    lead_id = lead_of(database, token).id
    change_desk(database, lead_id, assignee_id=None)
    return lead_id


def note(database: Database, lead_id: int, kind: NotificationType, **details: object) -> bool:
    with database.writing() as session:
        return notifications.notify(session, lead_id, kind, **details)  # type: ignore[arg-type]


def told(database: Database) -> list[tuple[str, str]]:
    """Do what is due; then who was mailed, and under which subject."""
    box = Box()
    make_worker(database, transport=box).run_once()
    return sorted((mail["To"].partition("@")[0], mail["Subject"]) for mail in box.mails)


def look(database: Database) -> None:
    """Have a worker look round now, as it does every five minutes."""
    with database.writing() as session:
        schedule_tick(session)
        for job in session.scalars(select(JobRow).where(JobRow.kind == TICK)):
            if job.state == "ready":
                job.run_at = session.now()
    make_worker(database, transport=Box()).run_once()


def mails_about(database: Database, lead_id: int) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [
            (sent.user.name, sent.kind)
            for sent in deliveries.for_lead(session, lead_id)
            if sent.user
        ]


def test_a_finished_check_is_told_to_those_who_asked_for_it(database: Database) -> None:
    colleague(database, "ada", finished="all")
    colleague(database, "bo")
    submitted(database)
    (lead,) = all_leads(database)
    assert told(database) == [("ada", f"Check finished: Lead {lead.id}")]
    assert told(database) == []


def test_a_contact_that_asks_for_a_consult_is_one_mail_and_not_two(database: Database) -> None:
    colleague(database, "ada")
    colleague(database, "bo", consult_wanted="off")
    left_contact(database, wants_consult=True)
    assert told(database) == [
        ("ada", "Okafor Tents requested a consult"),
        ("bo", "New lead: Okafor Tents"),
    ]


def test_a_consult_wanted_later_is_news_of_its_own_and_told_once(database: Database) -> None:
    colleague(database, "ada")
    token = submitted(database)
    subjects = []
    for wants, phone in ((False, "1"), (True, "1"), (False, "2"), (True, "3")):
        contact = replace(CONTACT, wants_consult=wants, phone=phone)
        with database.writing() as session:
            submission.save_contact(session, token, contact)
        subjects += [subject for _, subject in told(database)]
        database.clock.go_on(minutes=10)  # type: ignore[attr-defined]
    assert subjects == ["New lead: Okafor Tents", "Okafor Tents requested a consult"]


@pytest.mark.parametrize(
    ("assignee", "who"),
    [
        (None, ["all", "other", "own"]),
        ("own", ["all", "own"]),
        ("other", ["all", "other"]),
    ],
)
def test_mine_means_those_i_hold_and_those_nobody_holds(
    database: Database, assignee: str | None, who: Sequence[str]
) -> None:
    ids = {
        "all": colleague(database, "all", overdue="all"),
        "own": colleague(database, "own", overdue="own"),
        "other": colleague(database, "other"),
        "off": colleague(database, "off", overdue="off"),
    }
    lead_id = left_contact(database)
    told(database)
    change_desk(database, lead_id, assignee_id=ids.get(assignee or ""))
    note(database, lead_id, "overdue")
    assert [name for name, _ in told(database)] == who


@pytest.mark.parametrize(
    ("stage", "assignee", "who"),
    [
        ("new", "bo", ["ada", "bo"]),
        ("taken", "bo", ["bo"]),
        ("new", None, ["ada", "bo", "cy"]),
    ],
)
def test_admins_hear_of_an_overdue_lead_until_somebody_took_it(
    database: Database, stage: str, assignee: str | None, who: Sequence[str]
) -> None:
    colleague(database, "ada", admin=True)
    ids = {"bo": colleague(database, "bo"), "cy": colleague(database, "cy")}
    colleague(database, "dee", admin=True, overdue="off")
    lead_id = left_contact(database)
    told(database)
    change_desk(database, lead_id, assignee_id=ids.get(assignee or ""), stage=stage)
    note(database, lead_id, "overdue")
    assert [name for name, _ in told(database)] == who


def test_a_handover_is_told_to_the_one_it_is_for_and_each_time(database: Database) -> None:
    ada, bo = colleague(database, "ada"), colleague(database, "bo")
    cy = colleague(database, "cy", handed_over="off")
    lead_id = left_contact(database)
    told(database)
    do(database, actions.claim, lead_id, by=ada)
    heard = []
    for _ in range(2):
        do(database, actions.hand_over, lead_id, bo, by=ada)
        heard += told(database)
        do(database, actions.decline, lead_id, by=bo, reason="no_time")
        heard += told(database)
    assert heard == 2 * [
        ("bo", "Ada handed you Okafor Tents"),
        ("ada", "Bo returned Okafor Tents"),
    ]
    do(database, actions.hand_over, lead_id, cy, by=ada)
    assert told(database) == []


def test_a_handover_that_was_taken_back_or_answered_in_time_is_not_told(
    database: Database,
) -> None:
    ada, bo = colleague(database, "ada"), colleague(database, "bo")
    lead_id = left_contact(database)
    told(database)
    do(database, actions.claim, lead_id, by=ada)
    do(database, actions.hand_over, lead_id, bo, by=ada)
    do(database, actions.cancel_handover, lead_id, by=ada)
    assert told(database) == []
    do(database, actions.hand_over, lead_id, bo, by=ada)
    do(database, actions.accept, lead_id, by=bo)
    assert told(database) == []


def do(database: Database, verb: Callable[..., object], *given: object, **named: object) -> None:
    """Do something with a lead, in a transaction of its own."""
    with database.writing() as session:
        verb(session, *given, **named)


def test_who_has_left_is_told_nothing(database: Database) -> None:
    leave(database, colleague(database, "gone"))
    leaving = colleague(database, "leaving")
    colleague(database, "ada")
    lead_id = left_contact(database)
    worker = make_worker(database, transport=Box())
    tells = select(JobRow).where(JobRow.kind != "email_staff")
    with database.writing() as session:  # the mails are planned, and then somebody leaves
        for job in session.scalars(tells):
            job.run_at -= timedelta(minutes=1)
    assert worker.run_once(_AfterPlanning(database, 2)) > 0  # type: ignore[arg-type]
    leave(database, leaving)
    assert [name for name, _ in told(database)] == ["ada"]
    assert mails_about(database, lead_id) == [("Ada", "contact_given")]


class _AfterPlanning:
    """Tells a worker to stop as soon as so many mails to staff are planned."""

    def __init__(self, database: Database, count: int) -> None:
        self._database = database
        self._count = count

    def is_set(self) -> bool:
        query = select(JobRow.id).where(JobRow.kind == "email_staff", JobRow.state == "ready")
        with self._database.reading() as session:
            return len(session.scalars(query).all()) >= self._count


def test_demo_leads_tell_nobody(database: Database, clock: Clock) -> None:
    colleague(database, "ada", finished="all")
    token = submitted(database, demo=True)
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT)
    change_desk(database, lead_of(database, token).id, due_at=clock() - timedelta(hours=1))
    look(database)
    assert told(database) == []
    with database.reading() as session:
        assert notifications.for_lead(session, lead_of(database, token).id) == []


def test_an_overdue_lead_is_told_once(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    lead_id = left_contact(database)
    told(database)
    change_desk(database, lead_id, due_at=clock() + timedelta(hours=1))
    look(database)
    assert mails_about(database, lead_id) == [("Ada", "contact_given")]
    clock.go_on(hours=1)
    for _ in range(3):
        look(database)
        clock.go_on(minutes=5)
    assert mails_about(database, lead_id) == [("Ada", "contact_given"), ("Ada", "overdue")]


@pytest.mark.parametrize("stage", sorted(CLOSED))
def test_who_was_answered_or_has_a_clear_answer_is_not_overdue(
    database: Database, clock: Clock, stage: str
) -> None:
    colleague(database, "ada")
    answered, closed, ancient, undated = (left_contact(database) for _ in range(4))
    past = clock() - timedelta(hours=1)
    change_desk(database, answered, due_at=past, first_contact_at=past)
    change_desk(database, closed, due_at=past, stage=stage)
    change_desk(database, undated, due_at=None)
    change_desk(database, ancient, due_at=clock() - timedelta(days=8))
    look(database)
    for lead_id in (answered, closed, ancient, undated):
        assert mails_about(database, lead_id) == [("Ada", "contact_given")]


def test_a_lead_that_cannot_be_reached_is_not_overdue(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    lead_id = lead_of(database, submitted(database)).id
    clock.go_on(days=1)
    look(database)
    assert mails_about(database, lead_id) == []


def test_the_time_to_reply_begins_when_somebody_says_who_they_are(
    database: Database, clock: Clock
) -> None:
    colleague(database, "ada")
    token = submitted(database)
    lead_id = lead_of(database, token).id
    clock.go_on(days=1)
    office = Office(reply_within=timedelta(hours=2))
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT, office=office)
    for _ in range(2):
        look(database)
        assert mails_about(database, lead_id) == [("Ada", "consult_wanted")]
        clock.go_on(hours=1)
    look(database)
    assert mails_about(database, lead_id)[-1] == ("Ada", "overdue")


def test_a_look_that_fails_is_followed_by_the_next_one(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: object) -> int:
        raise LookupError

    monkeypatch.setattr(notifications, "notify_overdue", fail)
    with database.writing() as session:
        schedule_tick(session)
    clock.go_on(minutes=5)
    make_worker(database, transport=Box()).run_once()
    with database.reading() as session:
        planned = select(JobRow.run_at).where(JobRow.kind == TICK, JobRow.attempts == 0)
        assert session.scalars(planned).all() == [next_tick(clock())]


def test_workers_look_round_every_five_minutes_and_plan_it_once(
    database: Database, clock: Clock
) -> None:
    for _ in range(2):  # each worker asks for it when it starts
        with database.writing() as session:
            schedule_tick(session)
    worker = make_worker(database, office=Office(week=read_hours("sun 10:00-11:00")))
    assert worker.run_once() == 0
    for _ in range(3):
        clock.go_on(minutes=5)
        assert worker.run_once() == 1
    clock.go_on(hours=3)  # nobody was at work
    assert worker.run_once() == 1


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:00"),
        ("2026-03-29T01:00:00", "2026-03-29T01:05"),
        ("2026-12-31T23:57:30.5", "2027-01-01T00:00"),
    ],
)
def test_a_look_is_planned_for_the_next_full_five_minutes(now: str, slot: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_tick(moment) == datetime.fromisoformat(slot).replace(tzinfo=UTC)
