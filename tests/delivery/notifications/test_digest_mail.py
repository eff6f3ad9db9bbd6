"""The morning digest: at the start of each business day, once, and only with something in it."""

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.delivery.mail.transport import Transport
from consult.delivery.notifications.digest_mail import since_of
from consult.delivery.notifications.dispatch import schedule_tick
from consult.delivery.notifications.staff_mail import read_unsubscribe_token
from consult.delivery.worker import Worker
from consult.storage.db.database import Database
from consult.storage.tables.booking_tables import BookingState
from consult.workflow.office_hours import Office, read_hours
from tests.support.databases import ON_SQLITE, Clock, write
from tests.support.lead_factories import book, colleague, set_lead
from tests.support.submissions import lead_of, left_contact, submitted
from tests.support.workers import BASE_URL, SECRET_KEY, Box, drop_jobs, make_worker, text_of

BERLIN = Office(zone=ZoneInfo("Europe/Berlin"), week=read_hours("mon-fri 09:00-17:00"))
NIGHT_OWLS = Office(zone=ZoneInfo("Europe/Berlin"), week=read_hours("mon-sun 02:30-10:00"))
CLOSED_TUESDAY = Office(closed=frozenset({date(2026, 3, 3)}))
ADELAIDE = Office(zone=ZoneInfo("Australia/Adelaide"), week=read_hours("sat 08:15-12:00"))
LOOKS = {
    *("00:00", "02:00", "02:30", "03:00", "03:30", "08:00", "08:30", "09:00", "09:30", "10:00"),
    *("12:00", "18:00"),
}
"""When a worker looks for work: around each opening, and a few times a day."""


def worker_of(database: Database, office: Office, transport: Transport, **given: Any) -> Worker:
    """A worker that has just started."""
    write(database, schedule_tick)
    return make_worker(database, transport=transport, office=office, **given)


def is_digest(message: EmailMessage) -> bool:
    token = message["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    return (read_unsubscribe_token(SECRET_KEY, token) or ("", ""))[1] == "digest"


def pass_time(database: Database, clock: Clock, office: Office, days: int) -> list[tuple[str, str]]:
    """Let days pass, with two workers; who got a digest, and when at the agency."""
    box, sent = Box(), []
    workers = cycle([worker_of(database, office, box) for _ in range(2)])
    end = clock() + timedelta(days=days)
    while clock() < end:
        now = clock().astimezone(office.zone)
        if f"{now:%H:%M}" in LOOKS:
            next(workers).run_once()
            when = f"{now:%a %d %b %H:%M}"
            sent += [(mail["To"].partition("@")[0], when) for mail in box.mails if is_digest(mail)]
            box.mails.clear()
        clock.go_on(minutes=30)
    return sent


@ON_SQLITE
@pytest.mark.parametrize(
    ("office", "start", "days", "mornings"),
    [
        # Friday to Monday, over the night in which the clocks go forward.
        (BERLIN, "2026-03-27T00:00", 4, ["Fri 27 Mar 09:00", "Mon 30 Mar 09:00"]),
        # And over the one in which they go back.
        (BERLIN, "2026-10-23T00:00", 4, ["Fri 23 Oct 09:00", "Mon 26 Oct 09:00"]),
        # Half past two does not exist on the 29th of March, and comes twice on the 25th of October.
        (NIGHT_OWLS, "2026-03-28T00:00", 2, ["Sat 28 Mar 02:30", "Sun 29 Mar 03:00"]),
        (NIGHT_OWLS, "2026-10-24T12:00", 1, ["Sun 25 Oct 02:30"]),
        # A zone with half an hour, and a week of one day.
        (ADELAIDE, "2026-04-03T00:00", 3, ["Sat 04 Apr 08:30"]),
        # Switched on during the day.
        (CLOSED_TUESDAY, "2026-03-02T09:30", 2, ["Mon 02 Mar 10:00", "Wed 04 Mar 09:00"]),
    ],
)
def test_it_goes_once_at_the_start_of_each_business_day_there(
    database: Database, clock: Clock, office: Office, start: str, days: int, mornings: list[str]
) -> None:
    clock.time = datetime.fromisoformat(start).replace(tzinfo=UTC) - timedelta(days=1)
    colleague(database, "ada")
    colleague(database, "bo", digest="off")
    left_contact(database)
    drop_jobs(database)
    clock.go_on(days=1)
    assert pass_time(database, clock, office, days) == [("ada", morning) for morning in mornings]


@ON_SQLITE
def test_an_empty_digest_is_not_sent(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    assert pass_time(database, clock, Office(), 2) == []
    token = submitted(database, demo=True)
    set_lead(database, lead_of(database, token).id, due_at=clock() - timedelta(hours=1))
    assert pass_time(database, clock, Office(), 2) == []


@ON_SQLITE
def test_a_late_digest_is_sent_on_the_same_day_only(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    left_contact(database)
    box, sent = Box(), []
    worker = worker_of(database, Office(), box)
    for time in ("2026-03-03T18:00", "2026-03-04T14:00", "2026-03-04T15:00"):
        clock.time = datetime.fromisoformat(time).replace(tzinfo=UTC)
        box.mails.clear()
        worker.run_once()
        sent.append(len([mail for mail in box.mails if is_digest(mail)]))
    assert sent == [0, 1, 0]


def morning(database: Database, clock: Clock, office: Office, **given: Any) -> list[EmailMessage]:
    """The digests of the next morning at nine."""
    drop_jobs(database)
    clock.time = datetime(2026, 3, 3, 9, tzinfo=office.zone).astimezone(UTC)
    box = Box()
    worker = worker_of(database, office, box, **given)
    clock.go_on(minutes=5)
    worker.run_once()
    return [message for message in box.mails if is_digest(message)]


def test_it_says_what_is_new_due_and_waiting(database: Database, clock: Clock) -> None:
    office = Office(zone=ZoneInfo("America/New_York"))
    clock.go_on(hours=6)  # past the opening on the other side of the sea
    ada, bo = colleague(database, "ada"), colleague(database, "bo")
    morning_at = datetime(2026, 3, 3, 9, 5, tzinfo=office.zone)
    names = ("late", "due", "offer", "consult", "again", "booked", "asked")
    leads = {name: left_contact(database) for name in names}
    others = left_contact(database)
    submitted(database)
    hours = timedelta(hours=1)
    for lead_id in leads.values():
        set_lead(database, lead_id, assignee_id=ada, due_at=None)
    set_lead(database, leads["late"], due_at=morning_at - hours)
    set_lead(database, leads["due"], due_at=morning_at + hours)
    set_lead(database, leads["offer"], assignee_id=bo, offered_to_id=ada, offered_at=clock())
    at = morning_at + 5 * hours
    set_lead(database, leads["consult"], stage="consult_booked", consult_at=at)
    states: dict[str, BookingState] = {"booked": "booked", "asked": "requested"}
    for name, state in states.items():
        book(database, leads[name], at + 24 * hours, state=state)
    set_lead(database, leads["again"], follow_up_on=date(2026, 3, 3))
    set_lead(database, others, assignee_id=bo, due_at=morning_at - hours)
    mails = {mail["To"].partition("@")[0]: mail for mail in morning(database, clock, office)}
    mine = mails["ada"]
    assert mine["Subject"] == (
        "Tuesday: 9 new, 1 overdue, 1 due today, 1 to confirm, 1 handed to you, "
        "1 consult today, 1 new consult, 1 follow-up"
    )
    assert mails["bo"]["Subject"] == "Tuesday: 9 new, 1 overdue"
    said = " ".join(text_of(mine).split())
    for part in (
        f"Overdue - Okafor Tents (Tue, Mar 3, 8:05 AM) {BASE_URL}/staff/leads/{leads['late']}",
        f"Due today - Okafor Tents (Tue, Mar 3, 10:05 AM) {BASE_URL}/staff/leads/{leads['due']}",
        f"Consults today - Okafor Tents (Tue, Mar 3, 2:05 PM) {BASE_URL}/staff/leads/",
        "Handed to you, waiting for your answer - Okafor Tents",
        f"Follow up today - Okafor Tents (Tue, Mar 3) {BASE_URL}/staff/leads/",
        f"Times to confirm - Okafor Tents (Wed, Mar 4, 2:05 PM) {BASE_URL}/staff/leads/",
        "Consults booked since Mon, Mar 2, 9:00 AM, for later days - Okafor Tents (Wed, Mar 4, 2:",
        "New since Mon, Mar 2, 9:00 AM: 9 checks, 8 with contact info",
    ):
        assert part in said
    assert f"/leads/{others} " not in said.partition("New since")[0]
    page = text_of(mine, "html")
    html5lib.HTMLParser(strict=True).parse(page)
    assert page.count("<li>") == 15
    assert "\n\n\n" not in text_of(mine).replace("\r", "")
    assert "Times are in America/New_York." in said
    for private in ("ada@example.com", "Ada Okafor"):
        assert private not in page + text_of(mine)


@ON_SQLITE
def test_with_contact_details_it_says_whom_to_call(database: Database, clock: Clock) -> None:
    colleague(database, "ada")
    left_contact(database, phone="+1 555 0199")
    left_contact(database, name="evil.example", phone="call me")
    (mail,) = morning(database, clock, Office(), staff_mails="contact")
    said = text_of(mail)
    assert "Okafor Tents (Mon, Mar 2, 10:30 AM), Ada Okafor, +1 555 0199" in said
    assert "call me" not in said + text_of(mail, "html")
    assert 'Ada Okafor <a href="tel:+15550199">+1 555 0199</a>' in text_of(mail, "html")


def test_long_lists_are_cut_and_who_opted_out_gets_none(database: Database, clock: Clock) -> None:
    for name in ("ada", "bo"):
        colleague(database, name, overdue="off")
    colleague(database, "cy", digest="off", overdue="off")
    for _ in range(12):
        left_contact(database)
    mails = morning(database, clock, Office())
    assert len(mails) == 2
    for mail in mails:
        assert mail["Subject"] == "Tuesday: 12 new, 12 overdue"
        assert text_of(mail).count("and 2 more") == 2


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Chatham", "Africa/Casablanca"]),
    st.sampled_from(["mon-fri 09:00-17:00", "sun 00:00-24:00", "mon 02:30-03:00, sat 23:00-24:00"]),
)
def test_what_is_new_in_one_digest_is_not_new_in_the_next(day: date, zone: str, week: str) -> None:
    """Day by day, the digests cover all of the time, and nothing twice."""
    office = Office(zone=ZoneInfo(zone), week=read_hours(week))
    hours = office.opening(day)
    if hours is None:
        return
    later = next(
        then
        for back in range(1, 32)
        if office.opening(then := day + timedelta(days=back)) is not None
    )
    assert since_of(later, office) == hours[0]
    assert since_of(day, office) < hours[0]
    ends = office.start_of(day + timedelta(days=1)).astimezone(UTC)
    assert timedelta(hours=22) < ends - office.start_of(day) < timedelta(hours=26)
