"""The page of a lead whose owner booked a consult: what staff see, confirm, move and cancel."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consult.storage.db.database import Database
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.delivery_tables import DeliveryRow
from tests.support import lead_factories
from tests.support.apps import deliver, make_app, services_of, statements
from tests.support.client import PageClient
from tests.support.databases import Clock, rows
from tests.support.lead_factories import see
from tests.support.page import Page
from tests.support.staff_client import enter, joined, make_lead
from tests.support.submissions import CONTACT

WEDNESDAY = datetime(2026, 3, 4, 19, 30, tzinfo=UTC)


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    made = make_app(tmp_path / "var", time_zone="America/New_York")
    services_of(made).database.clock = clock
    yield made
    services_of(made).database.close()


@pytest.fixture
def grace(app: Flask) -> PageClient:
    return joined(app, admin=True)


@pytest.fixture
def lead(app: Flask, grace: PageClient) -> int:
    return make_lead(app, contact=CONTACT)


def book(database: Database, lead: int, day: datetime = WEDNESDAY, **how: Any) -> None:
    how = {"calendar": "own", "zone": "America/Denver", "place": "We’ll call you.", **how}
    lead_factories.book(database, lead, day, **how)


def booking(database: Database) -> BookingRow:
    (found,) = rows(database, BookingRow)
    return found


def mails(database: Database) -> list[str]:
    return [row.kind for row in rows(database, DeliveryRow) if row.recipient == "owner"]


def send(client: PageClient, lead: int, action: str, stage: str = "", **fields: str) -> Page:
    page = client.get(f"/staff/leads/{lead}")
    forms = [f for f in page.forms if f.action.endswith(f"/{action}")]
    form = next(f for f in forms if not stage or f.data["stage"] == [stage])
    return client.follow(client.submit(form.fill(**fields)))


def test_a_consult_is_shown_in_our_zone_and_theirs_with_how_to_meet(
    app: Flask, grace: PageClient, database: Database, lead: int
) -> None:
    book(database, lead)
    grace.get(f"/staff/leads/{lead}")
    with statements(app) as queries:
        page = grace.get(f"/staff/leads/{lead}")
    assert "ConsultWed, Mar 4, 2:30 PM We’ll call you." in page.text
    assert "For them: Wednesday, March 4, 12:30 PM, Denver time" in page.text
    assert "Booked a consult" not in page.text, "the move says it"
    assert len(queries) <= 10, queries
    assert "confirm-consult" not in page.html


def test_a_time_that_was_asked_for_is_confirmed_with_one_press(
    app: Flask, grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    book(database, lead, state="requested")
    page = grace.get(f"/staff/leads/{lead}")
    assert "Check the time they picked, and confirm it." in page.text
    assert "To be confirmed" in page.text
    clock.go_on(seconds=1)
    page = send(grace, lead, "confirm-consult")
    assert "Confirmed. They get an email." in page.text
    assert "Confirmed their consult of Mar 4, 2026, 2:30 PM EST" in page.text
    assert booking(database).state == "booked"
    assert mails(database)[-1] == "confirmed"
    assert see(database, lead).first_contact_at
    assert "Undo" not in page.text, "the email is on its way"


def test_whoever_moves_the_lead_on_cancels_the_consult_once_it_can_not_be_undone(
    app: Flask, grace: PageClient, database: Database, clock: Clock
) -> None:
    moves: dict[str, dict[str, str]] = {
        "reached": {},
        "lost": {"reason": "price"},
        "not_a_fit": {"reason": "size"},
    }
    moved = {}
    for stage, fields in moves.items():
        moved[stage] = lead = make_lead(app, contact=CONTACT)
        book(database, lead, WEDNESDAY + timedelta(days=len(moved)))
        clock.go_on(seconds=1)
        page = send(grace, lead, "stage", stage, **fields)
        assert "We cancel their consult and email them in a minute." in page.text
    deliver(app)
    assert {row.state for row in rows(database, BookingRow)} == {"booked"}
    clock.go_on(minutes=2)
    deliver(app)
    assert {row.state for row in rows(database, BookingRow)} == {"canceled"}
    assert mails(database)[-3:] == ["canceled"] * 3
    assert {stage: see(database, lead).stage for stage, lead in moved.items()} == {
        stage: stage for stage in moves
    }


def test_a_consult_that_staff_move_is_moved_for_its_owner(
    app: Flask, grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    book(database, lead)
    clock.go_on(seconds=1)
    page = send(grace, lead, "rebook", day="2026-03-05", time="10:00")
    assert "Rescheduled. They get an email in a minute." in page.text
    assert "They haveWed, Mar 4, 2:30 PM" in page.text
    assert "A minute after you change it, they get an email" in page.text
    clock.go_on(minutes=2)
    deliver(app)
    moved = booking(database)
    assert moved.starts_at == see(database, lead).consult_at
    assert mails(database)[-1] == "moved"
    enter(grace)
    page = grace.get(f"/staff/leads/{lead}")
    assert "ConsultThu, Mar 5, 10:00 AM" in page.text
    assert "They have" not in page.text


def test_what_is_undone_is_never_mailed(
    app: Flask, grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    book(database, lead)
    before = mails(database)
    clock.go_on(seconds=1)
    page = send(grace, lead, "stage", "lost", reason="price")
    grace.submit(page.form("/undo"))
    clock.go_on(minutes=2)
    deliver(app)
    assert (booking(database).state, booking(database).sequence) == ("booked", 0)
    assert mails(database) == before
    assert see(database, lead).consult_at == WEDNESDAY


def test_a_consult_in_another_calendar_is_changed_there(
    app: Flask, grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    book(database, lead, state="requested", calendar="calendly")
    assert "confirm-consult" not in grace.get(f"/staff/leads/{lead}").html
    clock.go_on(seconds=1)
    page = send(grace, lead, "rebook", day="2026-03-05", time="10:00")
    assert "Calendly has it at Wed, Mar 4, 2:30 PM. Change it there, too" in page.text
    clock.go_on(minutes=2)
    deliver(app)
    assert (booking(database).starts_at, mails(database)) == (WEDNESDAY, [])
