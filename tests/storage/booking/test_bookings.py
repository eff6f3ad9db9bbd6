"""Bookings: each moves its lead, except where a person or a later report decided otherwise."""

from datetime import datetime, timedelta

import pytest

from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment, book
from consult.storage.db.database import Database
from consult.storage.leads import actions
from consult.storage.leads.leads import timeline, was_reached
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import NotificationRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import STAGES, Stage
from tests.support.databases import ON_SQLITE, read, rows, write
from tests.support.lead_factories import make_account, new_lead, see, set_lead

LATER = timedelta(days=2)
HALF_AN_HOUR = timedelta(minutes=30)
OFFICE = Office()


def in_two_days(database: Database, after: timedelta = LATER) -> Appointment:
    starts_at = database.clock().replace(microsecond=0) + after
    return Appointment(starts_at, starts_at + HALF_AN_HOUR, "America/New_York", "We’ll call you.")


def booked(
    database: Database, lead_id: int, uid: str = "one", at: datetime | None = None
) -> BookingRow:
    to = in_two_days(database)
    made = write(database, book, lead_id, to, calendar="cal", uid=uid, matched_by="key", at=at)
    assert made is not None
    return made


def whats_of(database: Database, lead_id: int) -> list[str]:
    events = read(database, timeline, lead_id)
    return [event.data.get("to") or event.data.get("what", event.kind) for event in events]


@ON_SQLITE
@pytest.mark.parametrize("stage", STAGES)
def test_booking_moves_an_open_lead_and_no_closed_one(database: Database, stage: Stage) -> None:
    lead_id = new_lead(database, contact=True)
    set_lead(database, lead_id, stage=stage)
    booking = booked(database, lead_id)
    lead = see(database, lead_id)
    is_closed = stage in ("won", "lost", "not_a_fit")
    assert lead.stage == (stage if is_closed else "consult_booked")
    assert lead.consult_at == (None if is_closed else booking.starts_at)
    assert [row.kind for row in rows(database, NotificationRow)].count("consult_booked") == 1
    # Who has booked waits for no reply.
    assert (lead.due_at is None) is not is_closed


def test_a_booking_that_is_moved_moves_the_consult(database: Database) -> None:
    lead_id = new_lead(database, contact=True)
    booking = booked(database, lead_id)
    to = in_two_days(database, LATER * 2)
    write(database, bookings.move, booking.id, to, database.clock() + timedelta(seconds=1))
    lead = see(database, lead_id)
    assert (lead.stage, lead.consult_at) == ("consult_booked", to.starts_at)
    assert whats_of(database, lead_id)[-2:] == ["consult_booked", "moved"]


def test_a_booking_that_is_canceled_is_followed_up_today(database: Database) -> None:
    lead_id = new_lead(database, contact=True)
    booking = booked(database, lead_id)
    later = database.clock() + timedelta(seconds=1)
    for _ in range(2):  # reported twice, it is canceled once
        write(database, bookings.cancel, booking.id, later, OFFICE)
    lead = see(database, lead_id)
    assert (lead.stage, lead.consult_at) == ("reached", None)
    assert lead.follow_up_on == OFFICE.today(database.clock())
    assert whats_of(database, lead_id)[-2:] == ["consult_booked", "reached"]
    assert not was_reached(read(database, timeline, lead_id))


def test_an_owner_who_did_not_come_is_followed_up_today(database: Database) -> None:
    lead_id = new_lead(database, contact=True)
    booking = booked(database, lead_id)
    later = database.clock() + timedelta(seconds=1)
    write(database, bookings.mark_no_show, booking.id, later, OFFICE)
    lead = see(database, lead_id)
    assert (lead.stage, lead.consult_at) == ("reached", None)
    assert lead.follow_up_on == OFFICE.today(database.clock())
    (*_, last) = read(database, timeline, lead_id)
    assert last.data["because"] == "no_show"


def test_what_a_person_decided_later_stays(database: Database) -> None:
    ben = make_account(database, "Ben")
    lead_id = new_lead(database, contact=True)
    before = database.clock() - timedelta(minutes=1)
    write(database, actions.move, lead_id, "lost", by=ben, reason="price")
    booked(database, lead_id, at=before)
    write(database, actions.move, lead_id, "reached", by=ben)
    assert see(database, lead_id).stage == "reached"
    assert not was_reached(read(database, timeline, lead_id)), "reopened, and nobody talked"
    booking = booked(database, lead_id, uid="two", at=before)
    assert see(database, lead_id).stage == "reached"
    write(database, bookings.cancel, booking.id, before, OFFICE)
    assert see(database, lead_id).follow_up_on is None
    assert whats_of(database, lead_id)[-3:] == ["reached", "booked", "canceled"]


def test_what_a_calendar_reports_late_does_not_count(database: Database) -> None:
    lead_id = new_lead(database, contact=True)
    booking = booked(database, lead_id)
    earlier = booking.changed_at - timedelta(seconds=1)
    write(database, bookings.move, booking.id, in_two_days(database, LATER * 3), earlier)
    write(database, bookings.cancel, booking.id, earlier, OFFICE)
    write(database, bookings.mark_no_show, booking.id, earlier, OFFICE)
    lead = see(database, lead_id)
    assert (lead.stage, lead.consult_at) == ("consult_booked", booking.starts_at)


def test_of_two_bookings_the_one_that_stays_counts(database: Database) -> None:
    lead_id = new_lead(database, contact=True)
    first = booked(database, lead_id)
    booked(database, lead_id, uid="two")
    write(database, bookings.cancel, first.id, database.clock() + timedelta(seconds=1), OFFICE)
    assert see(database, lead_id).stage == "consult_booked"
