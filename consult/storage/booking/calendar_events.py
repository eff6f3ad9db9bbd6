"""What providers' calendars report: whose booking it is, and what comes of it.

A report is stored once, matched with a lead, and worked on by a job. The job doesn't apply it by
itself: it works out from all reports about a booking what the booking is now (``outcomes``), and
brings the lead there. So it makes no difference in which order they came.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from consult.storage import jobs
from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment
from consult.storage.db.base import same_address
from consult.storage.db.database import Session, add_if_new
from consult.storage.leads.changes import lock_if_there
from consult.storage.tables.booking_tables import (
    ACTIVE,
    BookingRow,
    BookingState,
    CalendarEventRow,
    MatchedBy,
)
from consult.storage.tables.lead_tables import LeadRow, is_open
from consult.storage.tables.submission_tables import ContactRow
from consult.workflow.calendar_reports import CANCEL_AFTER, PLACING, Report
from consult.workflow.calendars import Provider
from consult.workflow.office_hours import Office

KEPT = timedelta(days=30)
"""How long a report is kept. A repeated one is known for as long."""

MATCHED_WITHIN = timedelta(days=14)
"""How long after the result a booking can be matched by its email address alone."""

# Of reports about the same moment, which one counts as the later.
_ORDER = ("requested", "booked", "moved", "no_show", "canceled")
_STRONGEST: Sequence[MatchedBy] = ("staff", "key", "email")


# --- Receiving -----------------------------------------------------------------------------------


def receive(session: Session, report: Report) -> bool:
    """Store a report, unless it was before; return whether it's known whose booking it is."""
    lead_id, matched_by = _match(session, report)
    state = "new" if lead_id else "unmatched"
    if lead_id is None and any(row.state == "dismissed" for row in _related(session, report)):
        state = "dismissed"
    is_person_needed = state == "unmatched"
    row = asdict(report) | {"state": state, "submission_id": lead_id, "matched_by": matched_by}
    row["received_at"] = session.now()
    del row["key"]
    if not is_person_needed:
        row["name"] = row["email"] = ""
    added = add_if_new(session, CalendarEventRow, row)
    if added and lead_id:
        at = session.now() + (CANCEL_AFTER if report.kind == "canceled" else timedelta())
        _enqueue(session, added, lead_id, at)
    return not is_person_needed


def _enqueue(session: Session, event_id: int, lead_id: int, at: datetime) -> None:
    jobs.enqueue(
        session,
        jobs.CALENDAR_EVENT,
        {"event_id": event_id},
        dedupe_key=f"{jobs.CALENDAR_EVENT}:{event_id}",
        submission_id=lead_id,
        run_at=at,
    )


def _match(session: Session, report: Report) -> tuple[int | None, MatchedBy | None]:
    """The lead that a report is about, and how it is known; None where we have its booking."""
    of_booking = select(BookingRow.submission_id).where(
        BookingRow.calendar == report.provider, BookingRow.uid.in_(_uids(report))
    )
    known = [session.scalar(of_booking.limit(1))]
    known += [row.submission_id for row in _related(session, report)]
    if lead_id := next(filter(None, known), None):
        return lead_id, None
    if report.key:
        lead = bookings.by_key(session, report.key)
        # What is probably spam is in no list: staff have to see the booking.
        return (lead.submission_id, "key") if lead and not lead.suspect else (None, None)
    return _match_address(session, report)


def _match_address(session: Session, report: Report) -> tuple[int | None, MatchedBy | None]:
    """The one open lead that has this address, if its result is recent; None if two have it.

    Only for a booking that is new: what becomes of one that we don't know may be another meeting's.
    """
    if report.kind not in ("requested", "booked") or report.previous_uid:
        return None, None
    found = session.execute(
        select(LeadRow.submission_id, LeadRow.submitted_at)
        .join(ContactRow, ContactRow.submission_id == LeadRow.submission_id)
        .where(same_address(ContactRow.email, report.email))
        .where(is_open(LeadRow), LeadRow.demo.is_(False), LeadRow.suspect.is_not(True))
        .limit(2)
    ).all()
    if len(found) != 1 or not timedelta() <= report.at - found[0].submitted_at <= MATCHED_WITHIN:
        return None, None
    return found[0].submission_id, "email"


def _related(session: Session, report: Report | CalendarEventRow) -> Sequence[CalendarEventRow]:
    """The stored reports that name a booking that this one names."""
    related = select(CalendarEventRow).where(_names(report.provider, _uids(report)))
    return session.scalars(related).all()


def _uids(event: Report | CalendarEventRow) -> set[str]:
    """What a report calls a booking, and the one that it replaces."""
    return {uid for uid in (event.uid, event.previous_uid) if uid}


def _names(provider: Provider, uids: Collection[str]) -> ColumnElement[bool]:
    row = CalendarEventRow
    return (row.provider == provider) & or_(row.uid.in_(uids), row.previous_uid.in_(uids))


# --- What comes of it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a booking is now, by all reports about it.

    A provider may rename it when it is moved: `uids` are all its names, `uid` is the present one.
    `placed_at` is when it was booked or last moved, `at` when it became what it is.
    """

    events: Sequence[CalendarEventRow]
    uid: str
    state: BookingState
    to: Appointment | None
    placed_at: datetime
    at: datetime

    @property
    def uids(self) -> set[str]:
        return set().union(*map(_uids, self.events))

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


def outcomes(events: Iterable[CalendarEventRow], now: datetime) -> list[Outcome]:
    """The bookings that these reports are about, whatever order they are in; the oldest first.

    A cancelation counts once it has waited for a booking that replaces it: one that names it, or
    that was made within ``CANCEL_AFTER`` of it. All reports are about one lead.
    """
    groups: list[list[CalendarEventRow]] = []
    for event in sorted(events, key=_order):
        same = [one for one in groups if any(_uids(event) & _uids(other) for other in one)]
        groups = [one for one in groups if not any(one is other for other in same)]
        groups.append(sorted([event, *(e for one in same for e in one)], key=_order))
    found = [_outcome(group, now) for group in _with_replacements(groups)]
    return [one for one in found if one]


def _order(event: CalendarEventRow) -> tuple[datetime, int, str]:
    return event.at, _ORDER.index(event.kind), event.uid


def _with_replacements(groups: list[list[CalendarEventRow]]) -> list[list[CalendarEventRow]]:
    """Put a booking that was made when another was canceled together with that one."""
    joined: list[list[CalendarEventRow]] = []
    for group in sorted(groups, key=lambda one: _order(one[0])):
        canceled = [
            other
            for other in joined
            if other[-1].kind == "canceled"
            and group[0].kind in PLACING
            and abs(group[0].at - other[-1].at) <= CANCEL_AFTER
        ]
        if canceled:
            nearest = min(canceled, key=lambda other: abs(group[0].at - other[-1].at))
            nearest.extend(group)
        else:
            joined.append(list(group))
    return joined


def _outcome(group: list[CalendarEventRow], now: datetime) -> Outcome | None:
    placing = sorted((event for event in group if event.kind in PLACING), key=_order)
    uid = placing[-1].uid if placing else group[-1].uid
    counting = [
        event
        for event in group
        if event.uid == uid
        and (event.kind != "canceled" or event.received_at + CANCEL_AFTER <= now)
    ]
    if not counting:
        return None
    last = max(counting, key=_order)
    asked = [event.kind for event in placing if event.kind != "moved"]
    state: BookingState
    if last.kind == "moved":
        state = "requested" if asked[-1:] == ["requested"] else "booked"
    else:
        state = last.kind
    timed = [event for event in placing or group if event.starts_at and event.ends_at]
    to = None
    if timed and timed[-1].starts_at and timed[-1].ends_at:
        to = Appointment(timed[-1].starts_at, timed[-1].ends_at, timed[-1].zone, timed[-1].place)
    return Outcome(group, uid, state, to, placing[-1].at if placing else last.at, last.at)


def work(session: Session, event_id: int, office: Office) -> None:
    """Bring the lead of a report to where all reports about its bookings say it is."""
    event = session.get(CalendarEventRow, event_id)
    if event is None or event.submission_id is None:
        return  # deleted with its lead
    lead_id = event.submission_id
    if lock_if_there(session, lead_id) is None:
        return
    match_related(session, event, lead_id, None)
    query = select(CalendarEventRow).where(
        CalendarEventRow.submission_id == lead_id, CalendarEventRow.provider == event.provider
    )
    for outcome in outcomes(session.scalars(query), session.now()):
        _bring(session, lead_id, event.provider, outcome, office)
    event.state = "done"


def match_related(
    session: Session, event: CalendarEventRow, lead_id: int, matched_by: MatchedBy | None
) -> None:
    """Match all stored reports that are about the same booking as one whose lead is known."""
    uids = _uids(event)
    while True:
        unknown = select(CalendarEventRow).where(
            _names(event.provider, uids), CalendarEventRow.submission_id.is_(None)
        )
        found = session.scalars(unknown).all()
        for row in found:
            row.submission_id, row.state, row.name, row.email = lead_id, "done", "", ""
            row.matched_by = matched_by
            uids |= _uids(row)
            if row.kind == "canceled":
                _enqueue(session, row.id, lead_id, row.received_at + CANCEL_AFTER)
        if not found:
            return
        session.flush()


def _bring(
    session: Session, lead_id: int, provider: Provider, outcome: Outcome, office: Office
) -> None:
    """Make a booking what it is by its reports; nothing where it is that already."""
    found = _bookings_of(session, provider, outcome)
    booking = found[0] if found else None
    is_over = booking is None or booking.state not in ACTIVE
    if booking is None or (is_over and outcome.is_active and booking.uid != outcome.uid):
        booking = _book(session, lead_id, provider, outcome, outcome.uid)
    elif outcome.is_active and booking.state != outcome.state:
        booking = _book(session, lead_id, provider, outcome, booking.uid)
    if booking is None:
        return
    if booking.state in ACTIVE and outcome.to:
        _place(session, booking, outcome.uid, outcome.to, outcome.placed_at)
    # Until a report said that they are one, they seemed to be two.
    others = [one for one in found if one.id != booking.id and one.state in ACTIVE]
    if outcome.state == "canceled":
        for one in (booking, *others):
            bookings.cancel(session, one.id, max(outcome.at, one.changed_at), office)
        return
    if outcome.state == "no_show":
        bookings.mark_no_show(session, booking.id, outcome.at, office)
    for one in others:
        bookings.drop(session, one.id, booking, office)


def _place(session: Session, booking: BookingRow, uid: str, to: Appointment, at: datetime) -> None:
    """Move a booking. How to meet may come later than the time, and is no move."""
    booking.uid = uid
    if (booking.starts_at, booking.ends_at) != (to.starts_at, to.ends_at):
        bookings.move(session, booking.id, to, at)
    elif at >= booking.changed_at:
        booking.zone, booking.place = to.zone, to.place


def _book(
    session: Session, lead_id: int, provider: Provider, outcome: Outcome, uid: str
) -> BookingRow | None:
    """Record a booking; None if it was never said when it takes place."""
    if outcome.to is None:
        return None
    known = {event.matched_by for event in outcome.events}
    return bookings.book(
        session,
        lead_id,
        outcome.to,
        calendar=provider,
        uid=uid,
        matched_by=next((how for how in _STRONGEST if how in known), "key"),
        state=outcome.state if outcome.is_active else "booked",
        at=outcome.at if outcome.is_active else outcome.placed_at,
    )


def _bookings_of(session: Session, provider: Provider, outcome: Outcome) -> Sequence[BookingRow]:
    """What we have of a booking, under its present name first, then the newest."""
    query = select(BookingRow).where(
        BookingRow.calendar == provider, BookingRow.uid.in_(outcome.uids)
    )
    has_another_name = BookingRow.uid != outcome.uid
    return session.scalars(query.order_by(has_another_name, BookingRow.id.desc())).all()
