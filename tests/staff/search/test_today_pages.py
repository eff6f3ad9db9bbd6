"""Today, where staff land: a day is worked from it, and the usual tasks take few presses."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import update

from consult.demo.generator import make_leads, remove_leads
from consult.questionnaire.editions import newest
from consult.storage.accounts.accounts import change_availability
from consult.storage.booking import bookings
from consult.storage.leads import actions, changes
from consult.storage.privacy import erasure
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.lead_tables import LeadRow
from tests.support import lead_factories
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.databases import Clock, write
from tests.support.page import Page, text_of
from tests.support.staff_client import make_lead, make_user, signed_in, user_of
from tests.support.submissions import CONTACT

BEN = "ben@example.com"
NO_ANSWER = "No answer, try again"


def rows(page: Page) -> list[tuple[str, int, Element]]:
    """The group of each lead on Today, its id, and its row."""
    found = []
    for section in page.document.all("section"):
        if section.attrib.get("class") == "todo":
            for row in page.document.all("li", within=section):
                href = page.document.all("a", within=row)[0].attrib["href"]
                group = section.attrib["aria-labelledby"].removesuffix("-free")
                found.append((group, int(href.rpartition("/")[2]), row))
    return found


def presses(page: Page, element: Element) -> int:
    """How many links, buttons and summaries are pressed until this one was."""
    return 1 + sum(around.tag == "details" for around in page.document.ancestors(element))


def press(
    staff: PageClient, page: Page, lead: int, words: str, legend: str = "", **typed: str
) -> tuple[Page, int]:
    """Press a button of a lead by its first words; the page after it, and the number of presses."""
    [row] = [row for _, id, row in rows(page) if id == lead]
    for form in page.forms:
        legends = [text_of(one) for one in page.document.all("legend", within=form.element)]
        if row not in page.document.ancestors(form.element) or (legend and legends != [legend]):
            continue
        for button in page.document.all("button", within=form.element):
            if text_of(button).startswith(words):
                if name := button.attrib.get("name"):
                    typed[name] = button.attrib["value"]
                filled = form.fill(**typed)
                count = presses(page, button) + len(typed.keys() & {"day", "time"})
                return staff.follow(staff.submit(filled, status=303)), count
    raise AssertionError(f"lead {lead} has no button {words!r} in {legend!r}")


@pytest.fixture(autouse=True)
def _monday(app: Flask, clock: Clock) -> None:
    services_of(app).database.clock = clock  # half past nine in the morning


@pytest.fixture
def lead(app: Flask, staff: PageClient) -> int:
    """A new lead of the user who is signed in, who left a number."""
    make_user(app, BEN)
    made = make_lead(app, contact=replace(CONTACT, phone="+1 415 867 5309"))
    with services_of(app).database.writing() as session:
        session.execute(update(LeadRow).values(assignee_id=user_of(app).id))
    return made


@pytest.mark.parametrize(
    ("legend", "words"),
    [
        (NO_ANSWER, "Tomorrow"),
        ("Snooze", "Tomorrow"),
        ("Hand over to", "Grace Hopper"),
        ("Outcome", "Won"),
        ("Lost", "Too expensive"),
    ],
)
def test_a_task_takes_two_presses_and_can_be_undone(
    staff: PageClient, lead: int, legend: str, words: str
) -> None:
    page, count = press(staff, staff.get("/staff/"), lead, words, legend)
    assert count == 2
    assert page.path == "/staff/"
    assert f"{CONTACT.business}: " in page.text
    undone = staff.follow(staff.submit(page.form("/undo"), status=303))
    assert "Undone." in undone.text
    assert [id for _, id, _ in rows(undone)] == [lead]


def test_a_lead_is_handed_over_in_sight_of_who_is_away(
    app: Flask, staff: PageClient, lead: int, clock: Clock
) -> None:
    me, ben = user_of(app), user_of(app, BEN)
    until = clock() + timedelta(days=3)
    write(services_of(app).database, change_availability, ben.id, away_until=until, by=me.id)
    page, _ = press(
        staff, staff.get("/staff/"), lead, f"{ben.name} (away, back Mar 5, 2026)", "Hand over to"
    )
    assert "Handover sent." in page.text


def test_calling_writing_and_booking_take_few_presses(staff: PageClient, lead: int) -> None:
    page = staff.get("/staff/")
    [call] = [
        one for one in page.document.all("a") if one.attrib.get("href", "").startswith("tel:")
    ]
    assert text_of(call).startswith("Call ")
    assert presses(page, call) == 1
    page, count = press(staff, page, lead, "Email")
    assert count == 1  # which logs it; the second press opens it
    assert page.link(f"Write to {CONTACT.email}") == f"mailto:{CONTACT.email.replace('@', '%40')}"
    drafts = staff.get(page.link("start from a draft")).document.by_id["drafts"]
    assert "open" in drafts.attrib
    page, _ = press(staff, page, lead, "Reached", "How did it go?")
    page, count = press(staff, page, lead, "Book", "Schedule a consult", time="14:30")
    assert count == 3
    assert rows(page) == []  # it is tomorrow
    assert "All clear." in page.text


@pytest.fixture
def book(app: Flask, lead: int, clock: Clock) -> Callable[..., BookingRow]:
    """Book a consult for the lead, in so many hours."""

    def book_in(hours: float, **how: Any) -> BookingRow:
        starts_at, uid = clock() + timedelta(hours=hours), str(hours)
        return lead_factories.book(services_of(app).database, lead, starts_at, uid=uid, **how)

    return book_in


def waits_for(page: Page) -> list[tuple[str, str]]:
    """The group of each lead on Today, and what its row says."""
    of_row = ((group, page.document.all("p", within=row)[0]) for group, _, row in rows(page))
    return [(group, text_of(words)) for group, words in of_row]


@pytest.mark.parametrize(
    ("place", "shown", "href"),
    [
        ("https://meet.example/a?b=1&c", "https://meet.example/a?b=1&c", True),
        ("+1 415 867 5309", "+1 415 867 5309", True),
        ("At our office", "At our office", False),
        ("javascript:alert(1)", "javascript:alert(1)", False),
        ("", "", False),
    ],
)
def test_a_consult_of_today_says_when_and_how_to_meet(
    staff: PageClient, book: Callable[..., BookingRow], place: str, shown: str, href: bool
) -> None:
    book(5, place=place)
    page = staff.get("/staff/")
    [(_, _, row)] = rows(page)
    assert waits_for(page) == [("consult", f"Consult today, 2:30 PM {shown}".strip())]
    links = [
        a for p in page.document.all("p", within=row) for a in page.document.all("a", within=p)
    ]
    assert bool(links) == href
    listed = staff.get("/staff/leads")
    assert "Consult today, 2:30 PM" in " ".join(listed.text.split())


@pytest.mark.parametrize(
    ("button", "stage", "then"),
    [
        ("Done", "consult_held", [("no_answer", "Record the outcome")]),
        ("No-show", "reached", [("follow_up", "Didn’t come to the consult. Follow up today")]),
    ],
)
def test_a_consult_that_is_over_asks_how_it_went(
    app: Flask,
    lead: int,
    book: Callable[..., BookingRow],
    clock: Clock,
    button: str,
    stage: str,
    then: list[tuple[str, str]],
) -> None:
    booking = book(1)
    clock.go_on(hours=2)
    staff = signed_in(app)
    page = staff.get("/staff/")
    assert waits_for(page) == [("unconfirmed", "Consult was today, 10:30 AM")]
    page, count = press(staff, page, lead, button)
    assert count == 1
    assert waits_for(page) == then

    def state() -> tuple[str, str]:
        with services_of(app).database.reading() as session:
            made = session.get_one(BookingRow, booking.id)
            return session.get_one(LeadRow, lead).stage, made.state

    assert state() == (stage, "no_show" if button == "No-show" else "booked")
    undone = staff.follow(staff.submit(page.form("/undo"), status=303))
    assert waits_for(undone) == [("unconfirmed", "Consult was today, 10:30 AM")]
    assert state() == ("consult_booked", "booked")


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (None, {"Email", "Update"}),
        (0.5, {"Prepare", "Update"}),
        (-1, {"Done", "No-show", "Moved", "Update"}),
    ],
)
def test_what_is_pressed_first_names_its_lead_in_a_list_of_all_buttons(
    app: Flask, lead: int, book: Callable[..., BookingRow], hours: float | None, words: set[str]
) -> None:
    if hours:
        book(hours)
    page = signed_in(app).get("/staff/")
    [(_, _, row)] = rows(page)
    [deeds] = [one for one in row if one.attrib["class"] == "deeds"]
    first = [
        text_of(one)
        for one in page.document.all("button", "summary", "a", within=deeds)
        if presses(page, one) == 1 + (one.tag == "summary") and "tel:" not in str(one.attrib)
    ]
    assert set(first) == {f"{word} {CONTACT.business}" for word in words}


def test_a_consult_that_was_moved_takes_its_new_time(
    app: Flask, lead: int, book: Callable[..., BookingRow], clock: Clock
) -> None:
    book(1)
    clock.go_on(hours=2)
    staff = signed_in(app)
    page, count = press(staff, staff.get("/staff/"), lead, "Save", "To", time="15:00")
    assert count == 3
    assert "Rescheduled." in page.text
    assert rows(page) == []  # it is tomorrow
    assert "Consult tomorrow, 3:00 PM" in " ".join(staff.get("/staff/leads").text.split())


def test_a_time_that_was_requested_asks_to_be_confirmed_whenever_it_is(
    staff: PageClient, book: Callable[..., BookingRow]
) -> None:
    book(100, state="requested")
    page = staff.get("/staff/")
    assert waits_for(page) == [("confirm", "Confirm the consult: Fri, 1:30 PM")]


def test_a_time_in_our_own_calendar_is_confirmed_with_one_press(
    staff: PageClient, lead: int, book: Callable[..., BookingRow]
) -> None:
    book(100, state="requested", calendar="own")
    page, count = press(staff, staff.get("/staff/"), lead, "Confirm")
    assert (count, rows(page)) == (1, [])
    assert "Confirmed. They get an email." in page.text


def test_a_lead_that_canceled_says_so_until_something_was_done(
    app: Flask, staff: PageClient, lead: int, book: Callable[..., BookingRow], clock: Clock
) -> None:
    booking = book(48)
    with services_of(app).database.writing() as session:
        bookings.cancel(session, booking.id, clock(), services_of(app).settings.office)
    page = staff.get("/staff/")
    assert waits_for(page) == [("follow_up", "Canceled their consult. Follow up today")]
    clock.go_on(days=1)
    late = "Canceled their consult. Follow up: due yesterday"
    staff = signed_in(app)
    page = staff.get("/staff/")
    assert waits_for(page) == [("follow_up", late)]
    assert f"{late}." in staff.get(f"/staff/leads/{lead}").text
    page, _ = press(staff, page, lead, "Tomorrow", NO_ANSWER)
    clock.go_on(days=1)
    assert waits_for(signed_in(app).get("/staff/")) == [("follow_up", "Follow up today")]


def test_an_owner_who_opened_the_calendar_and_did_not_book_is_found(
    app: Flask, staff: PageClient, lead: int, book: Callable[..., BookingRow], clock: Clock
) -> None:
    found, fact = "/staff/leads?consult=pressed", "didn’t book"
    with services_of(app).database.writing() as session:
        bookings.press(session, lead, "key")
    clock.go_on(hours=20)
    assert CONTACT.business not in signed_in(app).get(found).text
    clock.go_on(hours=5)
    staff = signed_in(app)
    assert CONTACT.business in staff.get(found).text
    assert fact in staff.get(f"/staff/leads/{lead}").text
    book(30)
    assert CONTACT.business not in staff.get(found).text
    assert fact not in staff.get(f"/staff/leads/{lead}").text


def test_nothing_is_to_be_done_about_an_owner_who_was_made_anonymous(
    app: Flask, lead: int, clock: Clock
) -> None:
    database = services_of(app).database
    with database.writing() as session:
        bookings.press(session, lead, "key")
        actions.log_contact(session, lead, by=1, channel="phone", reached=True)
    clock.go_on(days=2)
    staff = signed_in(app)
    assert [group for group, _ in waits_for(staff.get("/staff/"))] == ["no_answer"]
    lists = "/staff/leads?consult=pressed", "/staff/leads?due=no_answer"
    assert all(f"/staff/leads/{lead}" in staff.get(address).html for address in lists)
    write(database, erasure.erase, [lead], "anonymise", by=1, reason="requested")
    assert waits_for(staff.get("/staff/")) == []
    assert not any(f"/staff/leads/{lead}" in staff.get(address).html for address in lists)
    assert "Schedule the consult" not in staff.get("/staff/leads").text
    assert "Anonymized. Nothing to do" in staff.get(f"/staff/leads/{lead}").text


def test_list_and_page_agree_on_who_did_not_book(
    app: Flask, lead: int, book: Callable[..., BookingRow], clock: Clock
) -> None:
    def says() -> tuple[bool, bool]:
        staff = signed_in(app)
        listed = CONTACT.business in staff.get("/staff/leads?consult=pressed").text
        return listed, "didn’t book" in staff.get(f"/staff/leads/{lead}").text

    with services_of(app).database.writing() as session:
        bookings.press(session, lead, "key")
    clock.go_on(days=2)
    with services_of(app).database.writing() as session:
        actions.log_contact(session, lead, by=1, channel="phone", reached=True)
        actions.move(session, lead, "consult_booked", by=1, consult_at=clock() + timedelta(days=1))
        changes.undo(session, lead, by=1)
    assert says() == (True, True)
    book(5, at=clock() - timedelta(hours=1))  # which comes too late to move the lead
    assert says() == (False, False)


def test_who_is_calling_takes_one_press_and_an_export_two(staff: PageClient, lead: int) -> None:
    opened = staff.get("/staff/leads?text=5309&go=1", status=303).location
    assert opened.startswith(f"/staff/leads/{lead}?")
    formats = staff.get(staff.get("/staff/leads").link("Export"))
    assert CONTACT.email in staff.get(formats.link("CSV")).body.decode()


def test_before_the_first_lead_today_leads_to_the_questionnaire(staff: PageClient) -> None:
    page = staff.get("/staff/")
    assert page.h1 == "Today"
    assert page.link("Open the questionnaire") == "/"
    assert staff.get("/staff/?stage=new&text=a+b", status=303).location == (
        "/staff/leads?stage=new&text=a+b"
    )


def next_press(group: str, row: Element) -> tuple[str, str]:
    """What a person would press next for a lead of a group."""
    if "Record the outcome" in text_of(row):
        return "Won", "Outcome"
    if "Schedule the consult" in text_of(row):
        return "Book", "Schedule a consult"
    return {
        "first_reply": ("Tomorrow", NO_ANSWER),
        "follow_up": ("Too expensive", "Lost"),
        "handed": ("Accept", ""),
        "no_answer": ("They never answered", "Lost"),
        "confirm": ("Confirm", ""),
        "unconfirmed": ("Done", ""),
    }[group]


def day_of(app: Flask, clock: Clock) -> Iterator[str]:
    """Work through Today from its top until nothing waits, and name the groups that did."""
    staff = signed_in(app)
    page = staff.get("/staff/")
    for _ in range(100):
        if not (found := rows(page)):
            break
        ready = [row for row in found if row[0] != "consult"]
        if not ready:
            clock.go_on(hours=4)  # until the consults are over
            staff = signed_in(app)
            page = staff.get("/staff/")
            continue
        group, lead, row = ready[0]
        words, legend = next_press(group, row)
        page, _ = press(staff, page, lead, words, legend)
        yield group
    assert "All clear." in page.text


def test_a_day_with_demo_leads_is_worked_until_nothing_waits(
    app: Flask, staff: PageClient, clock: Clock
) -> None:
    made = services_of(app)
    list(make_leads(made.database, newest(), made.brand, made.settings.office, 24, seed=1))
    page = staff.get("/staff/")
    assert {group for group, _, _ in rows(page)} == {
        *("first_reply", "follow_up", "confirm", "consult", "handed", "no_answer", "unconfirmed")
    }
    with made.database.reading() as session:
        later = session.now().date() + timedelta(days=7)
        snoozed = session.query(LeadRow).filter(LeadRow.follow_up_on > later).all()
    assert snoozed
    assert not {lead.submission_id for lead in snoozed} & {id for _, id, _ in rows(page)}
    worked = list(day_of(app, clock))
    assert len(worked) >= 8
    assert remove_leads(made.database) == 24
    assert "No leads yet." in signed_in(app).get("/staff/").text
