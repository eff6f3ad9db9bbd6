"""What comes of calendars' reports: the same in any order, and for the right lead only."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from consult.crypto import booking_key
from consult.storage import jobs
from consult.storage.booking import bookings, calendar_events, calendar_setup
from consult.storage.db.database import Database
from consult.storage.leads import actions
from consult.storage.leads.leads import timeline
from consult.storage.privacy import data_export, erasure, retention
from consult.storage.tables.booking_tables import ACTIVE, BookingRow, CalendarEventRow
from consult.storage.tables.delivery_tables import JobRow, NotificationRow
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.calendar_reports import Kind, read_report
from consult.workflow.calendars import PROVIDERS, Provider
from consult.workflow.office_hours import Office
from tests.support.calendar_payloads import Step, payload, signed, uid_at
from tests.support.databases import Clock, read, rows, write
from tests.support.lead_factories import colleague, new_lead, see, set_lead

OFFICE = Office()
SECRET_KEY = "only for tests"
MINUTE = timedelta(minutes=1)
WHEN = timedelta(days=3)


def pressed(database: Database, *, contact: bool = True) -> tuple[int, str]:
    """A lead whose owner went to the calendar, and the key that went along."""
    lead_id = new_lead(database, contact=contact)
    key = booking_key(SECRET_KEY, lead_id)
    write(database, bookings.press, lead_id, key)
    return lead_id, key


def step(
    kind: Kind, uid: str, minutes: float, hours: float = 0, previous: str = "", **more: str
) -> Step:
    """Something that happened minutes after the first step, to a consult hours after the first."""
    start = Clock()()
    return Step(
        kind,
        uid,
        start - timedelta(hours=1) + minutes * MINUTE,
        start + WHEN + timedelta(hours=hours),
        previous=previous,
        **more,
    )


def report(database: Database, provider: Provider, one: Step) -> bool:
    found = read_report(provider, signed(provider, one, one.at)[0], database.clock())
    assert found is not None
    return write(database, calendar_events.receive, found)


def work(database: Database) -> None:
    """Do the jobs that are due, as the worker would."""
    with database.reading() as session:
        due = session.scalars(
            select(JobRow).where(
                JobRow.kind == jobs.CALENDAR_EVENT,
                JobRow.state == "ready",
                JobRow.run_at <= session.now(),
            )
        ).all()
    for job in due:
        with database.writing() as session:
            calendar_events.work(session, job.payload["event_id"], OFFICE)
            session.execute(delete(JobRow).where(JobRow.id == job.id))


def state_of(database: Database, lead_id: int) -> dict[str, Any]:
    lead = see(database, lead_id)
    active = [
        (one.uid, one.state, one.starts_at)
        for one in read(database, bookings.of_lead, lead_id)
        if one.state in ACTIVE
    ]
    followed_up = lead.follow_up_on is not None
    return {
        "stage": lead.stage,
        "consult_at": lead.consult_at,
        "follow up": followed_up,
        "active": active,
    }


# What can happen to one booking; the key is with the first step only, as at Cal.com.
JOURNEYS: dict[str, Sequence[Step]] = {
    "booked": [step("booked", "a", 0)],
    "confirmed": [step("requested", "a", 0), step("booked", "a", 2)],
    "asked for": [step("requested", "a", 0)],
    "rejected": [step("requested", "a", 0), step("canceled", "a", 2)],
    "moved": [step("booked", "a", 0), step("moved", "b", 2, 5, "a")],
    "moved twice": [
        *(step("booked", "a", 0), step("moved", "b", 2, 5, "a"), step("moved", "c", 4, 9, "b"))
    ],
    "canceled": [step("booked", "a", 0), step("canceled", "a", 2)],
    "moved and canceled": [
        *(step("booked", "a", 0), step("moved", "b", 2, 5, "a"), step("canceled", "b", 5, 5))
    ],
    "moved as a pair": [
        *(step("booked", "a", 0), step("canceled", "a", 2), step("moved", "b", 2.5, 5, "a"))
    ],
    "canceled and booked again at once": [
        *(step("booked", "a", 0), step("canceled", "a", 4), step("booked", "b", 9, 5))
    ],
    "missed": [step("booked", "a", 0), step("no_show", "a", 4)],
    "moved and missed": [
        *(step("booked", "a", 0), step("moved", "b", 2, 5, "a"), step("no_show", "b", 5, 5))
    ],
}


def as_sent_by(provider: Provider, steps: Sequence[Step]) -> Sequence[Step]:
    """SavvyCal keeps the name of a booking that is moved."""
    if provider != "savvycal":
        return steps
    return [replace(one, uid="a" if one.kind == "moved" else one.uid, previous="") for one in steps]


# What is different at the others.
CASES: dict[Provider, Sequence[str]] = {
    "cal": list(JOURNEYS),
    "calendly": ["moved twice", "moved as a pair", "canceled and booked again at once", "missed"],
    "savvycal": ["confirmed", "moved", "canceled"],
}

# The same rules, so a few show that its statements do the same.
ON_POSTGRES: Sequence[tuple[Provider, str]] = [
    *(("cal", "moved and canceled"), ("calendly", "moved as a pair"))
]


def orders(steps: Sequence[Step]) -> list[tuple[Sequence[Step], int]]:
    """A few orders in which they may come, the right one first, and the minutes between them.

    In the last, one comes twice.
    """
    others = list(permutations(steps))[1:]
    picked = others[:: max(1, len(others) // 3)][:3]
    found = [steps, *picked, [*reversed(steps), steps[0]]]
    return [(order, 1 if number % 2 else 15) for number, order in enumerate(found)]


@pytest.mark.parametrize(
    ("database_url", "provider", "name"),
    [("sqlite", provider, name) for provider in PROVIDERS for name in CASES[provider]]
    + [("postgresql", *case) for case in ON_POSTGRES],
    indirect=["database_url"],
)
def test_reports_in_any_order_come_to_the_same(
    database: Database, clock: Clock, provider: Provider, name: str
) -> None:
    found = []
    for number, (steps, pause) in enumerate(orders(as_sent_by(provider, JOURNEYS[name]))):
        lead_id, key = pressed(database, contact=False)
        for one in steps:
            mine = replace(one, uid=f"{one.uid}-{number}", key=key)
            mine = replace(mine, previous=f"{one.previous}-{number}" if one.previous else "")
            if one is not JOURNEYS[name][0] and provider == "cal":
                mine = replace(mine, key="", email="other@example.com")
            report(database, provider, mine)
            work(database)
            clock.go_on(minutes=pause)
        clock.go_on(minutes=11)
        work(database)
        state = state_of(database, lead_id)
        state["active"] = [(uid.replace(f"-{number}", ""), *of) for uid, *of in state["active"]]
        found.append(state)
    for state in found:
        assert state == found[0]


EVENTS = st.lists(
    st.builds(
        CalendarEventRow,
        kind=st.sampled_from(["requested", "booked", "moved", "canceled", "no_show"]),
        uid=st.sampled_from("abc"),
        previous_uid=st.none() | st.sampled_from("abc"),
        at=st.integers(0, 30).map(lambda minutes: Clock()() + minutes * MINUTE),
        received_at=st.integers(0, 40).map(lambda minutes: Clock()() + minutes * MINUTE),
        starts_at=st.none() | st.just(Clock()() + WHEN),
        ends_at=st.just(Clock()() + WHEN + 30 * MINUTE),
        zone=st.just("UTC"),
        place=st.just(""),
    ),
    max_size=6,
)


@given(events=EVENTS, shuffled=st.randoms(use_true_random=False))
def test_the_outcome_does_not_depend_on_the_order(
    events: list[CalendarEventRow], shuffled: random.Random
) -> None:
    def said(found: Sequence[calendar_events.Outcome]) -> list[object]:
        return [(one.uid, one.state, one.to, one.placed_at, one.at) for one in found]

    now = Clock()() + 20 * MINUTE
    first = said(calendar_events.outcomes(events, now))
    shuffled.shuffle(events)
    assert said(calendar_events.outcomes(events, now)) == first
    assert len(set(first)) == len(first)


def test_a_cancelation_waits_for_what_replaces_it(database: Database, clock: Clock) -> None:
    lead_id, key = pressed(database)
    for one in (step("booked", "a", 0, key=key), step("canceled", "a", 2)):
        report(database, "calendly", one)
    work(database)
    clock.go_on(minutes=9)
    work(database)
    assert see(database, lead_id).stage == "consult_booked"
    report(database, "calendly", step("moved", "b", 2.5, 5, "a", key=key))
    work(database)
    clock.go_on(minutes=9)
    work(database)
    (booking,) = read(database, bookings.of_lead, lead_id)
    assert (booking.uid, booking.sequence) == (uid_at("calendly", "b"), 1)
    events = read(database, timeline, lead_id)
    whats = [one.data.get("what", one.data.get("to")) for one in events]
    assert "canceled" not in whats
    assert "moved" in whats
    kinds = [row.kind for row in rows(database, NotificationRow)]
    assert (kinds.count("consult_moved"), kinds.count("consult_canceled")) == (1, 0)


def test_a_host_who_asks_for_another_time_is_a_cancelation_until_there_is_one(
    database: Database, clock: Clock
) -> None:
    """At Cal.com it comes as a plain cancelation, and the new time whenever the owner picks it."""
    lead_id, key = pressed(database)
    for one in (step("booked", "a", 0, key=key), step("canceled", "a", 2)):
        report(database, "cal", one)
    work(database)
    clock.go_on(minutes=11)
    work(database)
    assert see(database, lead_id).stage == "reached"
    assert see(database, lead_id).follow_up_on == OFFICE.today(clock())
    clock.go_on(hours=20)
    report(database, "cal", step("moved", "b", 1200, 5, "a"))
    work(database)
    lead = see(database, lead_id)
    assert (lead.stage, lead.follow_up_on) == ("consult_booked", None)


def test_how_to_meet_may_come_later_and_is_no_move(database: Database) -> None:
    lead_id, key = pressed(database)
    report(database, "savvycal", step("booked", "a", 0, key=key))
    work(database)
    sent = payload("savvycal", step("moved", "a", 1, key=key))
    sent |= {"type": "event.changed", "id": "payload_2"}
    sent["payload"]["conferencing"] = {"join_url": "https://zoom.example/j/2"}
    changed = read_report("savvycal", json.dumps(sent).encode(), database.clock())
    assert changed is not None
    write(database, calendar_events.receive, changed)
    work(database)
    (booking,) = read(database, bookings.of_lead, lead_id)
    assert (booking.place, booking.sequence) == ("https://zoom.example/j/2", 0)
    assert [row.kind for row in rows(database, NotificationRow)].count("consult_moved") == 0


def test_what_a_person_decided_later_stays(database: Database, clock: Clock) -> None:
    ben = colleague(database, "ben")
    lead_id, key = pressed(database)
    write(database, actions.move, lead_id, "lost", by=ben, reason="price")
    report(database, "cal", step("booked", "a", 0, key=key))
    work(database)
    assert see(database, lead_id).stage == "lost"
    assert read(database, timeline, lead_id)[-1].data["what"] == "booked"


# --- Whose booking it is ------------------------------------------------------------------------


def test_without_a_key_the_address_of_one_open_lead_counts(
    database: Database, clock: Clock
) -> None:
    lead_id = new_lead(database, contact=True)
    for one in (step("canceled", "x", 61), step("moved", "y", 61), step("booked", "z", 61, 0, "w")):
        assert not report(database, "cal", one), "it is of a meeting that we don't know"
    assert not report(database, "cal", step("booked", "early", -5)), "it was before the result"
    assert report(database, "cal", step("booked", "a", 61, email="ADA@example.com"))
    work(database)
    (booking,) = read(database, bookings.of_lead, lead_id)
    assert booking.matched_by == "email"
    moved = read(database, timeline, lead_id)[-1]
    assert moved.data["matched_by"] == "email"
    (event,) = rows(database, CalendarEventRow, CalendarEventRow.submission_id == lead_id)
    assert (event.name, event.email) == ("", "")
    second = new_lead(database, contact=True)
    assert not report(database, "cal", step("booked", "b", 62)), "two open leads have it"
    set_lead(database, lead_id, stage="won")
    assert report(database, "cal", step("booked", "c", 62))
    set_lead(database, second, submitted_at=clock() - timedelta(days=16))
    assert not report(database, "cal", step("booked", "d", 62)), "its result is old"
    assert not report(database, "cal", step("booked", "e", 62, email="")), "it has no address"


def test_a_key_of_no_lead_is_matched_with_none(database: Database) -> None:
    lead_id, key = pressed(database)
    other = booking_key("another secret key", lead_id)
    assert not report(database, "cal", step("booked", "a", 0, key=other))
    write(database, erasure.erase, [lead_id], "delete", by=None, reason="requested")
    assert not report(database, "cal", step("booked", "b", 1, key=key))
    work(database)
    assert rows(database, BookingRow) == []


def test_a_booking_of_what_is_probably_spam_waits_for_staff(database: Database) -> None:
    lead_id, key = pressed(database)
    set_lead(database, lead_id, suspect=True)
    assert not report(database, "cal", step("booked", "a", 0, key=key))
    assert not report(database, "cal", step("booked", "b", 0))
    assert len(read(database, calendar_setup.unmatched)) == 2


@pytest.fixture
def unmatched(database: Database) -> CalendarEventRow:
    """A booking by someone who is no lead."""
    report(database, "cal", step("booked", "a", 0, email="eve@example.com", name="Eve"))
    (found,) = read(database, calendar_setup.unmatched)
    return found.events[-1]


def test_staff_choose_the_lead_of_a_booking(
    database: Database, unmatched: CalendarEventRow, clock: Clock
) -> None:
    ben, lead_id = colleague(database, "ben"), new_lead(database, contact=True)
    report(database, "cal", step("booked", "z", 1, email="zoe@example.com", name="Zoe"))
    chosen = write(database, calendar_setup.choose_lead, unmatched.id, lead_id, OFFICE, by=ben)
    assert chosen
    (booking,) = read(database, bookings.of_lead, lead_id)
    assert (booking.uid, booking.matched_by) == ("a", "staff")
    assert see(database, lead_id).stage == "consult_booked"
    (left,) = read(database, calendar_setup.unmatched)
    assert left.events[-1].name == "Zoe"
    again = write(database, calendar_setup.choose_lead, unmatched.id, lead_id, OFFICE, by=ben)
    assert not again
    assert report(database, "cal", step("moved", "b", 2, 5, "a")), "its booking is known now"
    work(database)
    assert see(database, lead_id).consult_at == step("moved", "b", 2, 5).starts_at


def test_a_booking_that_was_dismissed_does_not_come_back(
    database: Database, unmatched: CalendarEventRow
) -> None:
    ben = colleague(database, "ben")
    assert write(database, calendar_setup.dismiss, unmatched.id, by=ben)
    assert not write(database, calendar_setup.dismiss, unmatched.id, by=ben)
    report(database, "cal", step("moved", "b", 2, 5, "a", email="eve@example.com"))
    assert read(database, calendar_setup.unmatched) == []
    assert {row.email for row in rows(database, CalendarEventRow)} == {""}


def test_one_that_is_canceled_or_over_asks_for_nothing(
    database: Database, unmatched: CalendarEventRow, clock: Clock
) -> None:
    report(database, "cal", step("canceled", "a", 3, email="eve@example.com"))
    assert read(database, calendar_setup.unmatched) == []
    report(database, "cal", step("booked", "b", 30, email="eve@example.com"))
    assert len(read(database, calendar_setup.unmatched)) == 1
    clock.go_on(days=4)
    assert read(database, calendar_setup.unmatched) == []


# --- How long it is kept ------------------------------------------------------------------------


def test_who_booked_is_exported_and_erased_by_their_address(
    database: Database, unmatched: CalendarEventRow
) -> None:
    lead_id = new_lead(database, contact=True)
    with database.writing() as session:
        session.execute(update(ContactRow).values(email="EVE@example.com"))
    exported = read(database, data_export.export, [lead_id])
    assert [one["name"] for one in exported["unmatched_bookings"]] == ["Eve"]
    write(database, erasure.erase, [lead_id], "delete", by=None, reason="requested")
    assert rows(database, CalendarEventRow) == []


def test_reports_are_deleted_after_a_month(
    database: Database, unmatched: CalendarEventRow, clock: Clock
) -> None:
    clock.go_on(days=29)
    write(database, retention.purge)
    assert len(rows(database, CalendarEventRow)) == 1
    clock.go_on(days=2)
    write(database, retention.purge)
    assert rows(database, CalendarEventRow) == []
