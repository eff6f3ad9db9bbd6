"""Our own calendar: one time, one winner; and a consult follows what becomes of its lead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from consult.crypto import booking_token, token_hash
from consult.storage.booking import bookings, own_calendar
from consult.storage.booking.own_calendar import BookedError, TakenError
from consult.storage.db.database import Database, Session
from consult.storage.leads import actions, changes, submission
from consult.storage.leads.changes import NotAllowedError
from consult.storage.leads.submission import Screening
from consult.storage.privacy import erasure
from consult.storage.tables.booking_tables import BookingRow, BusyFeedRow
from consult.storage.tables.delivery_tables import JobRow, NotificationRow
from consult.workflow.office_hours import Office, read_hours
from consult.workflow.slots import BookingRules
from consult.workflow.stages import Stage
from tests.support.concurrency import at_once, begin_during
from tests.support.databases import ON_SQLITE, Clock, read, rows, write
from tests.support.lead_factories import colleague, new_lead, see
from tests.support.results import SPAM_SIGNS
from tests.support.submissions import CONTACT, lead_of, submitted

KEY = "k" * 40
RULES = BookingRules(Office(), soonest=timedelta(hours=2))
HALF_AN_HOUR = timedelta(minutes=30)


def times(database: Database) -> list[datetime]:
    return read(database, own_calendar.free, RULES)[0]


def book(
    database: Database, lead_id: int, start: datetime, rules: BookingRules = RULES
) -> BookingRow:
    more = {"zone": "America/Denver", "place": "We’ll call you.", "secret_key": KEY}
    booking = write(database, own_calendar.book, lead_id, start, rules, **more)
    assert booking is not None
    return booking


def move(database: Database, booking: BookingRow, start: datetime) -> bool:
    return write(database, own_calendar.move, booking, start, RULES, zone="America/Denver")


def current(database: Database, booking: BookingRow) -> BookingRow:
    (found,) = rows(database, BookingRow, BookingRow.id == booking.id)
    return found


def notified(database: Database) -> list[str]:
    found = [row.kind for row in rows(database, NotificationRow)]
    return [kind for kind in found if kind.startswith("consult_") and kind != "consult_wanted"]


def sync(database: Database, clock: Clock) -> None:
    """Do what waits until staff can no longer undo."""
    clock.go_on(minutes=2)
    for job in rows(database, JobRow, JobRow.kind == "sync_booking", JobRow.state == "ready"):
        if job.run_at <= clock():
            released = job.payload["released"]
            write(database, own_calendar.sync, job.submission_id or 0, released=released)
            with database.writing() as session:
                session.delete(session.get_one(JobRow, job.id))


def test_a_booked_time_is_the_leads_and_no_one_elses(database: Database) -> None:
    ada, ben = new_lead(database, contact=True), new_lead(database, contact=True)
    start = times(database)[0]
    booking = book(database, ada, start)
    assert (booking.state, booking.slot_at, booking.ends_at) == (
        *("booked", start),
        start + HALF_AN_HOUR,
    )
    assert booking.link_hash == token_hash(booking_token(KEY, booking.id))
    assert see(database, ada).consult_at == start
    # A double tap is one booking; two tabs with two times are not two.
    assert book(database, ada, start).id == booking.id
    with pytest.raises(BookedError):
        book(database, ada, times(database)[0])
    for taken in (start, start + HALF_AN_HOUR):  # half an hour later is within its buffer
        with pytest.raises(TakenError):
            book(database, ben, taken)
    assert notified(database) == ["consult_booked"]


@ON_SQLITE
@pytest.mark.parametrize(
    "start",
    [
        lambda now: now,
        lambda now: now - timedelta(days=1),
        lambda now: now.replace(hour=14, minute=10),
        lambda now: now.replace(hour=20, minute=0),
        lambda now: now.replace(hour=14, minute=0) + timedelta(days=90),
        lambda now: datetime.max.replace(tzinfo=now.tzinfo),
    ],
)
def test_a_time_that_was_not_offered_is_taken(
    database: Database, clock: Clock, start: Callable[[datetime], datetime]
) -> None:
    lead = new_lead(database, contact=True)
    with pytest.raises(TakenError):
        book(database, lead, start(clock()))
    assert rows(database, BookingRow) == []


@ON_SQLITE
def test_the_first_time_can_be_chosen_for_half_an_hour_after_it_was_shown(
    database: Database, clock: Clock
) -> None:
    ada, ben = new_lead(database, contact=True), new_lead(database, contact=True)
    start = times(database)[0]
    clock.time = start - RULES.soonest
    assert times(database)[0] == start
    clock.go_on(minutes=30)
    assert times(database)[0] > start, "it isn't offered anymore"
    booking = book(database, ada, start)
    write(database, own_calendar.cancel, booking, Office())
    clock.go_on(seconds=1)
    with pytest.raises(TakenError):
        book(database, ben, start)


def test_of_many_at_once_one_gets_the_time(database: Database) -> None:
    leads = [new_lead(database, contact=True) for _ in range(8)]
    start = times(database)[0]

    def take(lead: int) -> Callable[[], int]:
        def run() -> int:
            try:
                return book(database, lead, start).submission_id
            except TakenError:
                return 0

        return run

    won = [lead for lead in at_once(*map(take, leads)) if lead]
    (booking,) = rows(database, BookingRow)
    assert won == [booking.submission_id]
    assert [see(database, lead).stage for lead in leads].count("consult_booked") == 1


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_owner_books_while_staff_close_or_delete_the_lead(
    database: Database, is_deleted: bool
) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    start, booked = times(database)[0], list[BookingRow | None]()

    def close(session: Session) -> None:
        if is_deleted:
            erasure.erase(session, [lead], "delete", by=None, reason="requested")
        else:
            actions.move(session, lead, "lost", by=ben, reason="price")

    def take(session: Session) -> None:
        more = {"zone": "UTC", "place": "", "secret_key": KEY}
        booked.append(own_calendar.book(session, lead, start, RULES, **more))

    begin_during(database, lambda session: changes.lock_leads(session, [lead]), take, close)
    if is_deleted:
        assert booked == [None]
    else:
        assert see(database, lead).stage == "lost"
    assert len(rows(database, BookingRow)) == (0 if is_deleted else 1)


def test_the_database_has_no_time_twice(database: Database) -> None:
    """Should a booking ever forget to look."""
    booking = book(database, new_lead(database, contact=True), times(database)[0])
    to = bookings.Appointment(booking.starts_at, booking.ends_at)
    with pytest.raises(IntegrityError):
        write(
            database,
            bookings.book,
            new_lead(database, contact=True),
            to,
            calendar="own",
            uid="two",
            matched_by="own",
        )


def test_a_consult_can_be_moved_beside_itself_and_frees_its_time(
    database: Database, clock: Clock
) -> None:
    booking = book(database, new_lead(database, contact=True), times(database)[0])
    later = booking.starts_at + HALF_AN_HOUR
    clock.go_on(seconds=1)
    assert move(database, booking, later)
    assert move(database, booking, later)
    moved = current(database, booking)
    assert (moved.starts_at, moved.slot_at, moved.sequence) == (later, later, 1)
    assert see(database, booking.submission_id).consult_at == later
    with pytest.raises(TakenError):
        move(database, booking, later.replace(hour=3))
    clock.go_on(days=1)
    assert not move(database, booking, times(database)[-1]), "it is over"
    assert notified(database) == ["consult_booked", "consult_moved"]


def test_what_staff_entered_takes_its_time(database: Database) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    start = times(database)[3]
    write(database, actions.move, lead, "taken", by=ben)
    write(database, actions.move, lead, "reached", by=ben)
    write(database, actions.move, lead, "consult_booked", by=ben, consult_at=start)
    assert not {start - HALF_AN_HOUR, start, start + HALF_AN_HOUR} & set(times(database))


@ON_SQLITE
def test_without_fresh_busy_times_a_consult_is_only_requested(
    database: Database, clock: Clock
) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    with database.writing() as session:
        session.add(BusyFeedRow(name="Ana", encrypted_url=b"x", busy=[], error="It didn’t answer."))
    booking = book(database, lead, times(database)[0])
    assert booking.state == "requested"
    assert see(database, lead).due_at, "they wait for an answer"
    clock.go_on(seconds=1)
    assert move(database, booking, times(database)[-1])
    write(database, own_calendar.confirm, lead, by=ben)
    confirmed = current(database, booking)
    assert (confirmed.state, confirmed.sequence) == ("booked", 2)
    assert see(database, lead).first_contact_at
    with pytest.raises(NotAllowedError):
        write(database, own_calendar.confirm, lead, by=ben)


STAFF: list[tuple[Stage, str, str]] = [
    ("lost", "price", "canceled"),
    ("not_a_fit", "size", "canceled"),
    ("reached", "", "canceled"),
    ("won", "", "booked"),
]


@ON_SQLITE
@pytest.mark.parametrize(("stage", "reason", "then"), STAFF)
def test_a_consult_is_canceled_when_staff_move_its_lead_on_and_not_before(
    database: Database, clock: Clock, stage: Stage, reason: str, then: str
) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    booking = book(database, lead, times(database)[4])
    clock.go_on(seconds=1)
    write(database, actions.move, lead, stage, by=ben, reason=reason)
    assert current(database, booking).state == "booked", "it can still be undone"
    sync(database, clock)
    canceled = current(database, booking)
    assert (canceled.state, canceled.slot_at is None) == (then, then == "canceled")
    assert see(database, lead).stage == stage
    assert (booking.starts_at in times(database)) == (then == "canceled")
    # Who did it gets it too: it is in their calendar.
    assert notified(database)[1:] == (["consult_canceled"] if then == "canceled" else [])


def test_what_staff_undo_leaves_the_consult_as_it_was(database: Database, clock: Clock) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    booking = book(database, lead, times(database)[4])
    clock.go_on(seconds=1)
    write(database, actions.move, lead, "lost", by=ben, reason="price")
    write(database, changes.undo, lead, by=ben)
    write(database, actions.rebook, lead, times(database)[-1], by=ben)
    write(database, changes.undo, lead, by=ben)
    sync(database, clock)
    after = current(database, booking)
    assert (after.state, after.starts_at, after.sequence) == ("booked", booking.starts_at, 0)
    # A change that can still be undone when an earlier one settles is waited for.
    write(database, actions.rebook, lead, times(database)[-1], by=ben)
    clock.go_on(seconds=50)
    write(database, actions.move, lead, "lost", by=ben, reason="price")
    clock.go_on(seconds=20)
    write(database, own_calendar.sync, lead, released=False)
    write(database, changes.undo, lead, by=ben)
    sync(database, clock)
    after = current(database, booking)
    assert (after.state, after.starts_at) == ("booked", see(database, lead).consult_at)
    assert after.sequence == 1


def test_a_consult_that_is_over_can_be_moved_and_is_not_canceled(
    database: Database, clock: Clock
) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    booking = book(database, lead, times(database)[0])
    clock.go_on(days=3)
    write(database, actions.rebook, lead, times(database)[0], by=ben)
    sync(database, clock)
    moved = current(database, booking)
    assert (moved.starts_at, moved.sequence) == (see(database, lead).consult_at, 1)
    clock.go_on(days=14)
    write(database, actions.move, lead, "lost", by=ben, reason="price")
    sync(database, clock)
    assert current(database, booking).state == "booked"


def test_staff_move_a_consult_even_to_a_time_that_is_taken(
    database: Database, clock: Clock
) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database, contact=True)
    other = book(database, new_lead(database, contact=True), times(database)[-1])
    booking = book(database, lead, times(database)[0])
    clock.go_on(seconds=1)
    write(database, actions.rebook, lead, other.starts_at, by=ben)
    sync(database, clock)
    moved = current(database, booking)
    assert (moved.starts_at, moved.slot_at) == (other.starts_at, None)
    assert moved.ends_at - moved.starts_at == HALF_AN_HOUR
    # Scheduled again, it is the same booking.
    write(database, actions.move, lead, "reached", by=ben)
    write(database, actions.move, lead, "consult_booked", by=ben, consult_at=times(database)[2])
    sync(database, clock)
    assert current(database, booking).slot_at == see(database, lead).consult_at
    assert current(database, other).state == "booked"


def suspect(database: Database) -> tuple[int, str]:
    token = submitted(database)
    screening = Screening(signs=SPAM_SIGNS, waiting_token=b"x")
    write(database, submission.save_contact, token, CONTACT, screening=screening)
    return lead_of(database, token).id, token


def clear(session: Session, lead_id: int, by: int) -> None:
    changes_made = submission.clear_spam(session, lead_id, by=by)
    assert not changes_made.suspect


def test_a_booking_that_is_probably_spam_takes_no_time_and_nobody_is_told(
    database: Database, clock: Clock
) -> None:
    ben, (lead, _) = colleague(database, "ben"), suspect(database)
    start = times(database)[0]
    booking = book(database, lead, start)
    assert (booking.state, booking.slot_at) == ("requested", None)
    assert start in times(database)
    assert (see(database, lead).stage, notified(database)) == ("new", [])
    clock.go_on(seconds=1)
    write(database, clear, lead, ben)
    sync(database, clock)
    assert (see(database, lead).stage, see(database, lead).consult_at) == ("consult_booked", start)
    assert notified(database) == ["consult_booked"]
    assert start not in times(database)
    write(database, own_calendar.confirm, lead, by=ben)


def test_of_two_who_want_a_time_after_one_was_held_staff_confirm_one(
    database: Database, clock: Clock
) -> None:
    ben, (lead, _) = colleague(database, "ben"), suspect(database)
    start = times(database)[0]
    booking = book(database, lead, start)
    other = book(database, new_lead(database, contact=True), start)
    assert other.state == "booked"
    write(database, clear, lead, ben)
    sync(database, clock)
    with pytest.raises(NotAllowedError, match="Another consult"):
        write(database, own_calendar.confirm, lead, by=ben)
    write(database, actions.rebook, lead, times(database)[-1], by=ben)
    sync(database, clock)
    assert current(database, booking).state == "booked", "staff set the time"


def test_spam_that_staff_put_away_keeps_no_time(database: Database, clock: Clock) -> None:
    ben, (lead, _) = colleague(database, "ben"), suspect(database)
    booking = book(database, lead, times(database)[0])
    clock.go_on(seconds=1)
    write(database, actions.move, lead, "not_a_fit", by=ben, reason="not_real")
    sync(database, clock)
    assert current(database, booking).state == "canceled"
    assert notified(database) == []


def test_no_more_than_so_many_a_day(database: Database) -> None:
    rules = replace(RULES, max_a_day=2, office=Office(week=read_hours("mon-fri 09:00-17:00")))
    first = times(database)[0]
    for hour in (14, 16):
        book(database, new_lead(database, contact=True), first.replace(hour=hour, minute=0), rules)
    free = read(database, own_calendar.free, rules)[0]
    assert first.date() not in {start.date() for start in free}
