"""Numbers of what the agency does: each lead counts as its own page would say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from consult.storage import page_events
from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment
from consult.storage.db.database import Database, Session
from consult.storage.insights import agency_numbers, insights
from consult.storage.insights.insights import ResponseFilter
from consult.storage.leads import actions, changes
from consult.storage.privacy import erasure
from consult.storage.tables.submission_tables import ResponseStatsRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import Stage
from tests.support.databases import Clock, read, rows, write
from tests.support.examples import examples
from tests.support.lead_factories import book, colleague, new_lead, set_lead

HOUR = timedelta(hours=1)
ORDERS = (
    (),
    ("press",),
    ("press", "book"),
    ("press", "press", "book", "cancel"),
    ("press", "book", "hold"),
    ("press", "book", "hold", "win"),
    ("press", "book", "cancel", "book", "hold", "win", "reopen"),
    ("book", "hold", "win"),
    ("book", "press", "hold"),
    ("win",),
    ("press", "win"),
)
"""What may happen to a lead on the way to a consult, in order."""
STAGES: Mapping[str, Stage] = {"hold": "consult_held", "win": "won", "reopen": "reached"}


@dataclass(frozen=True)
class Path:
    """What happened to one lead, with the hours before each, and whether it was deleted then."""

    events: Sequence[str]
    hours: Sequence[int]
    deleted: bool

    def first(self, event: str) -> int | None:
        """How many hours after the result something first happened; None if it did not."""
        if event not in self.events or (event == "win" and "reopen" in self.events):
            return None
        return sum(self.hours[: self.events.index(event) + 1])


PATHS = st.lists(
    st.builds(
        Path,
        events=st.sampled_from(ORDERS),
        hours=st.lists(st.integers(2, 60), min_size=7, max_size=7),
        deleted=st.booleans(),
    ),
    max_size=4,
)


EVERY_ORDER = [
    Path(events, (2, 3, 5, 7, 11, 13, 17), deleted=number % 3 == 0)
    for number, events in enumerate(ORDERS)
]


def today(database: Database, kind: str = "real") -> ResponseFilter:
    day = database.clock().date()
    return ResponseFilter(kind, day, day)


def follow(database: Database, clock: Clock, path: Path, me: int, *, demo: bool = False) -> None:
    start = clock()
    lead_id = new_lead(database)
    if demo:
        with database.writing() as session:
            its_row = update(ResponseStatsRow).where(ResponseStatsRow.submission_id == lead_id)
            session.execute(its_row.values(kind="demo"))
    for number, (event, hours) in enumerate(zip(path.events, path.hours, strict=False)):
        clock.go_on(hours=hours)
        with database.writing() as session:
            happen(session, lead_id, event, f"{lead_id} {number}", me)
    if path.deleted:
        with database.writing() as session:
            erasure.erase(session, [lead_id], "delete", by=me, reason="asked")
    clock.time = start


def happen(session: Session, lead_id: int, event: str, uid: str, me: int) -> None:
    now = session.now()
    match event:
        case "press":
            bookings.press(session, lead_id, f"key {lead_id}")
        case "book":
            # Held after one hour: how late staff say so doesn't count.
            to = Appointment(now + HOUR, now + 2 * HOUR)
            bookings.book(session, lead_id, to, calendar="cal", uid=uid, matched_by="key")
        case "cancel":
            (booking, *_) = bookings.of_lead(session, lead_id)
            bookings.cancel(session, booking.id, now, Office())
        case _:
            actions.move(session, lead_id, STAGES[event], by=me)


def hours_between(path: Path, one: str, other: str) -> int | None:
    start, end = path.first(one), path.first(other)
    if start is None or end is None or (other == "book" and start > end):
        return None
    return end - start


def expected(paths: Sequence[Path]) -> dict[str, tuple[int, int, int | None]]:
    """Of each step: how many got to it, how many from the step before, and the median seconds."""
    found = {}
    for step, before, event in (
        ("pressed", "", "press"),
        ("booked", "press", "book"),
        ("held", "book", "hold"),
        ("won", "hold", "win"),
    ):
        if step == "won":
            reached = [path for path in paths if path.first("hold") and path.first("win")]
        else:
            reached = [path for path in paths if path.first(event) is not None]
        took = [
            hours
            for path in reached
            if (hours := hours_between(path, before, event) if before else path.first(event))
            is not None
        ]
        if step == "held":
            # From the first booking to the consult that was held, an hour after the last one.
            took = [booked_to_held(path) for path in reached]
        if step == "won":
            took = [held_to_won(path) for path in reached]
        seconds = round(median(took) * 3600) if took else None
        found[step] = len(reached), len(took), seconds
    return found


def last_booking(path: Path) -> int:
    last = max(at for at, event in enumerate(path.events) if event == "book")
    return sum(path.hours[: last + 1])


def booked_to_held(path: Path) -> int:
    return last_booking(path) + 1 - (path.first("book") or 0)


def held_to_won(path: Path) -> int:
    return (path.first("win") or 0) - last_booking(path) - 1


def test_steps_to_a_consult_are_those_that_single_leads_took(
    database: Database, clock: Clock
) -> None:
    me = colleague(database, "ada")

    @settings(
        max_examples=examples(5 if database.is_sqlite else 2),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(paths=PATHS)
    @example(EVERY_ORDER)
    def law(paths: list[Path]) -> None:
        clock.go_on(days=1)
        for path in paths:
            follow(database, clock, path, me)
        # One of another kind is never among them.
        follow(database, clock, Path(ORDERS[5], (2,) * 4, False), me, demo=True)
        found = read(database, agency_numbers.consult_steps, today(database), len(paths))
        steps = {name: (one.count, one.followed, one.seconds) for name, one in found.items()}
        assert steps == expected(paths)
        assert [one.before for one in found.values()] == [
            len(paths),
            *[one.count for one in found.values()][:3],
        ]
        assert all(one.followed <= min(one.count, one.before) for one in found.values())

    law()


def test_an_undone_step_has_no_time(database: Database, clock: Clock) -> None:
    ada, lead_id = colleague(database, "ada"), new_lead(database, contact=True)
    set_lead(database, lead_id, stage="reached", first_contact_at=clock())
    write(database, actions.move, lead_id, "consult_booked", by=ada, consult_at=clock() + HOUR)
    write(database, changes.undo, lead_id, by=ada)
    (stats,) = rows(database, ResponseStatsRow)
    assert (stats.booked, stats.booked_after) == (False, None)


def test_stages_and_replies_are_read_from_the_leads(database: Database, clock: Clock) -> None:
    new_lead(database, contact=True)
    assert read(database, insights.spread, today(database)).stages == {"new": 1}
    (reply,) = read(database, agency_numbers.replies, today(database), 1)
    assert reply.submitted_at == clock()


def test_people_are_counted_by_the_leads_that_they_have_now(
    database: Database, clock: Clock
) -> None:
    ada, bo = (colleague(database, name) for name in ("ada", "bo"))
    in_time, late, overdue, waiting = (new_lead(database, contact=True) for _ in range(4))
    new_lead(database)  # no one can reply to it
    set_lead(
        database, in_time, assignee_id=ada, stage="won", first_contact_at=clock(), due_at=clock()
    )
    late_contact = {"stage": "reached", "first_contact_at": clock(), "due_at": clock() - HOUR}
    set_lead(database, late, assignee_id=ada, **late_contact)
    set_lead(database, overdue, assignee_id=bo, stage="new", due_at=clock() - HOUR)
    set_lead(database, waiting, assignee_id=None, stage="new", due_at=clock() + HOUR)
    with database.writing() as session:
        page_events.record_reached(session, in_time, reached=True)
    assert [tuple(row) for row in read(database, agency_numbers.by_person, today(database))] == [
        ("Ada", 2, 2, 0, 2, 1, 1, 1),
        ("Bo", 1, 0, 0, 1, 0, 0, 0),
        (None, 1, 0, 0, 0, 0, 0, 0),
    ]


@pytest.mark.parametrize("called_after", [None, 1, 30], ids=("never", "soon", "late"))
def test_a_consult_booked_before_a_reply_is_neither_a_missed_reply_nor_a_quick_one(
    database: Database, clock: Clock, called_after: int | None
) -> None:
    ada, lead_id = colleague(database, "ada"), new_lead(database, contact=True)
    set_lead(database, lead_id, assignee_id=ada)
    book(database, lead_id, clock() + 50 * HOUR)
    asked = replace(today(database), until=clock().date() + timedelta(days=40))
    clock.go_on(hours=called_after or 0)
    if called_after:
        write(database, actions.log_contact, lead_id, by=ada, channel="phone", reached=True)
    clock.go_on(days=40)
    assert read(database, agency_numbers.replies, asked, 1) == []
    (row,) = read(database, agency_numbers.by_person, asked)
    assert row._asdict() == {
        "name": "Ada",
        **dict.fromkeys(("picked_up", "answered", "in_time", "won"), 0),
        **dict.fromkeys(("leads", "self_booked", "reached"), 1),
    }
    # It has no reply, and may have an outcome all the same.
    records = read(database, agency_numbers.read_records, demo=False)
    assert (len(records.recent), len(records.older)) == (0, 1)
