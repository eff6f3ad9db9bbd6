"""The work on one demo lead as time passes, and its consult: how owners book, and what comes of it.

Owners book in our own calendar or at a provider's, or staff schedule the consult on the phone.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import delete

from consult.demo.companies import contact_of
from consult.questionnaire.editions import load
from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment
from consult.storage.db.database import Session
from consult.storage.leads import actions, notes
from consult.storage.leads.assignment import DEMO_DOMAIN
from consult.storage.tables.booking_tables import (
    BookingRow,
    BookingState,
    Calendar,
    CalendarEventRow,
)
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import NO_SHOW

_CHANNELS = ("phone", "phone", "phone", "mail", "mail", "message")
_LOST = ("not_needed", "price", "price", "chose_other", "chose_other", "other")
_MISJUDGED = ("worse", "worse", "worse", "better")
_NOTES = (
    "Demo: asked for a call on a weekday morning.",
    "Demo: the partner decides, call again when both are there.",
    "Demo: writes the leads on paper, has tried a spreadsheet twice.",
    "Demo: good talk. Wants to start with the reply time.",
    "Demo: had an agency before and wasn’t happy with the reports.",
    "Demo: two people answer the phone, and neither writes down who called.",
)
_PLACES: dict[Calendar, str] = {
    "own": "We’ll call you at the number you left.",
    "cal": "https://meet.example.com/demo",
}
_LENGTH = timedelta(minutes=30)


class LaterThanNow(Exception):
    """What comes next is in the future."""


@dataclass(frozen=True, slots=True)
class Staff:
    """The ids of the active accounts, and of the demo colleagues, who work beside them."""

    active: Sequence[int]
    demo: Sequence[int]

    @property
    def everyone(self) -> Sequence[int]:
        """All of them; first an account that can sign in, where there is one."""
        return (*self.active, *self.demo)


@dataclass
class LeadWork:
    session: Session
    submission: SubmissionRow
    lead: LeadRow
    staff: Staff
    office: Office
    now: datetime
    random: Random
    by: int
    at: datetime

    def wait(self, least: float, most: float) -> None:
        open_time = timedelta(hours=self.random.uniform(least, most))
        self.wait_until(replace(self.office, reply_within=open_time).due_at(self.at))

    def wait_minutes(self, least: float, most: float) -> None:
        self.wait_until(self.at + timedelta(minutes=self.random.uniform(least, most)))

    def wait_until(self, at: datetime) -> None:
        if at > self.now:
            raise LaterThanNow
        self.at = at
        self.session.clock = lambda: at

    def do(self, action: Callable[..., Any], *arguments: Any, **facts: Any) -> None:
        action(self.session, self.submission.id, *arguments, by=self.by, **facts)

    def lose(self, reason: str = "") -> None:
        self.do(actions.move, "lost", reason=reason or self.random.choice(_LOST))

    def contact(self, chance: float) -> bool:
        """Call or write; returns whether the owner was reached."""
        reached = self.random.random() < chance
        self.do(actions.log_contact, channel=self.random.choice(_CHANNELS), reached=reached)
        return reached

    def press(self) -> None:
        """Have the owner open the calendar."""
        bookings.press(self.session, self.submission.id, secrets.token_urlsafe())

    def book(
        self, start: datetime, calendar: Calendar = "cal", state: BookingState = "booked"
    ) -> BookingRow:
        booking = bookings.book(
            self.session,
            self.submission.id,
            _appointment(start, calendar),
            calendar=calendar,
            uid=secrets.token_hex(16),
            matched_by="own" if calendar == "own" else "key",
            state=state,
        )
        if booking is None:
            raise LookupError("the lead that was just made does not exist")
        if calendar == "own" and self.submission.contact:  # our own pages ask for both at once
            self.submission.contact.wants_consult = True
        return booking


def _appointment(start: datetime, calendar: Calendar) -> Appointment:
    return Appointment(start, start + _LENGTH, "America/New_York", _PLACES[calendar])


def on_day(work: LeadWork, days: int, hour: int = 10) -> datetime:
    """A full hour, so many days from now."""
    day = work.office.today(work.now) + timedelta(days=days)
    return datetime.combine(day, time(hour), work.office.zone)


def books_first(work: LeadWork) -> bool:
    """Some owners open the calendar from their result; returns whether they book at once."""
    if work.random.random() > 0.35:
        return False
    work.wait_minutes(6, 40)
    work.press()
    if work.random.random() < 0.5:
        return False
    work.wait_minutes(2, 9)
    work.book(_some_days_later(work))
    return True


def _some_days_later(work: LeadWork) -> datetime:
    day = work.at + timedelta(days=work.random.randint(2, 9))
    return day.replace(hour=work.random.randint(9, 15), minute=0, second=0, microsecond=0)


def hold(work: LeadWork) -> None:
    """Schedule a consult, unless its owner booked one, and hold it, if they come."""
    random = work.random
    if work.lead.stage != "consult_booked":
        _schedule(work)
    booking = bookings.active_booking(work.session, work.submission.id)
    if booking and random.random() < 0.1:
        work.wait(1, 4)
        later = _appointment(booking.starts_at + timedelta(days=random.randint(1, 5)), "cal")
        bookings.move(work.session, booking.id, later, work.at)
    elif booking and random.random() < 0.1:
        work.wait(1, 4)
        bookings.cancel(work.session, booking.id, work.at, work.office)
        work.wait(2, 12)
        reached = work.contact(0.5)
        work.wait(8, 60)
        return work.lose("" if reached else "no_answer")
    work.wait_until((work.lead.consult_at or work.at) + timedelta(minutes=random.randint(35, 75)))
    if random.random() < 0.13:
        work.do(actions.move, "reached", reason=NO_SHOW)
        work.wait(20, 80)
        return work.lose("no_answer")
    work.do(actions.move, "consult_held")
    if random.random() < 0.7:
        _assess(work)
    if random.random() < 0.5:
        add_note(work)
    work.wait(5, 60)
    return work.do(actions.move, "won") if random.random() < 0.52 else work.lose()


def _schedule(work: LeadWork) -> None:
    """Half of those who were reached book by the link in an email, the others on the phone."""
    if work.random.random() < 0.5:
        work.wait_minutes(20, 600)
        work.press()
        work.wait_minutes(2, 9)
        work.book(_some_days_later(work))
    else:
        work.do(actions.move, "consult_booked", consult_at=_some_days_later(work))


def open_calendar(work: LeadWork) -> None:
    work.wait_minutes(8, 20)
    work.press()
    work.wait_minutes(2, 6)


def book(work: LeadWork, days: int, *, is_requested: bool = False) -> None:
    """A consult on a day from now on, or ago: then nobody has said yet how it went."""
    open_calendar(work)
    if is_requested:
        work.book(on_day(work, days, 14), "own", "requested")
    else:
        work.book(on_day(work, days))


def book_today(work: LeadWork) -> None:
    """A consult in a few hours, or late in the evening if the day ends before that."""
    open_calendar(work)
    start = work.office.start_of(work.office.today(work.now))
    at = min(work.now + timedelta(hours=3), start + timedelta(hours=23, minutes=45))
    work.book(at.replace(minute=at.minute // 15 * 15))


def cancel(work: LeadWork) -> None:
    """A consult in our own calendar that was canceled this morning."""
    open_calendar(work)
    booking = work.book(on_day(work, 2, 15), "own")
    work.wait_until(work.now - timedelta(minutes=50))
    bookings.cancel(work.session, booking.id, work.at, work.office)


def miss(work: LeadWork) -> None:
    """A consult of yesterday to which, as the calendar reports, nobody came."""
    open_calendar(work)
    booking = work.book(on_day(work, -1, 9))
    work.wait_until(on_day(work, -1, 10))
    bookings.mark_no_show(work.session, booking.id, work.at, work.office)


def move(work: LeadWork) -> None:
    """A consult that its owner moved from tomorrow to a later day."""
    open_calendar(work)
    booking = work.book(on_day(work, 1, 13), "own")
    work.wait_until(work.now - timedelta(hours=2))
    bookings.move(work.session, booking.id, _appointment(on_day(work, 4, 11), "own"), work.at)


_IS_UNMATCHED = CalendarEventRow.email.endswith(DEMO_DOMAIN.replace("@", "."))


def add_unmatched(session: Session, office: Office, random: Random) -> None:
    """Add bookings at a provider's calendar of people who have no lead."""
    now = session.now()
    for days, path in ((1, "conversation"), (3, "counter")):
        someone, day = contact_of(path, random), office.today(now) + timedelta(days=days)
        start = datetime.combine(day, time(14), office.zone)
        session.add(
            CalendarEventRow(
                provider="cal",
                event_id=f"demo {secrets.token_hex(16)}",
                uid=secrets.token_hex(16),
                kind="booked",
                state="unmatched",
                starts_at=start,
                ends_at=start + _LENGTH,
                zone="America/New_York",
                place=_PLACES["cal"],
                at=now - timedelta(hours=days),
                received_at=now - timedelta(hours=days),
                name=someone.name,
                email=someone.email,
            )
        )


def remove_unmatched(session: Session) -> None:
    session.execute(delete(CalendarEventRow).where(_IS_UNMATCHED))


def _assess(work: LeadWork) -> None:
    """Assess some dimensions: those that the business acts in are misjudged more often."""
    random, card = work.random, work.submission.scorecard
    often_wrong = load(work.submission.edition).structure.roles.acting
    found = {}
    for part in (*card["separation"]["dimensions"], *card["handoff"]["dimensions"]):
        if random.random() < 0.6:
            right = random.random() > (0.4 if part["id"] in often_wrong else 0.18)
            found[part["id"]] = "as_said" if right else random.choice(_MISJUDGED)
    work.do(notes.assess, found)


def add_note(work: LeadWork) -> None:
    id, by, random = work.submission.id, work.by, work.random
    note = notes.add(work.session, id, random.choice(_NOTES), by=by)
    resolved_at = work.at + timedelta(days=random.randint(1, 20))
    if note and resolved_at < work.now and random.random() < 0.5:
        work.session.clock = lambda: resolved_at
        notes.set_resolved(work.session, id, note.id, True, by=by)
        work.session.clock = lambda: work.at
