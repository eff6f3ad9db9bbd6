"""Today, where staff land: a day is worked from it, and the usual tasks take few presses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import update

from consult.demo import make_leads, remove_leads
from consult.questionnaire.editions import newest
from consult.storage.tables.lead_tables import LeadRow
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.databases import Clock
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
    page, _ = press(staff, page, lead, "Reached", "How did it go?")
    page, count = press(staff, page, lead, "Book", "Schedule a consult", time="14:30")
    assert count == 3
    assert rows(page) == []  # it is tomorrow
    assert "All clear." in page.text


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
        "unconfirmed": ("Mark as done", ""),
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
    list(make_leads(made.database, newest(), made.brand, made.settings.office, 40, seed=1))
    page = staff.get("/staff/")
    assert {group for group, _, _ in rows(page)} == {
        *("first_reply", "follow_up", "consult", "handed", "no_answer", "unconfirmed")
    }
    with made.database.reading() as session:
        later = session.now().date() + timedelta(days=7)
        snoozed = session.query(LeadRow).filter(LeadRow.follow_up_on > later).all()
    assert snoozed
    assert not {lead.submission_id for lead in snoozed} & {id for _, id, _ in rows(page)}
    worked = list(day_of(app, clock))
    assert len(worked) >= 8
    assert remove_leads(made.database) == 40
    assert "No leads yet." in signed_in(app).get("/staff/").text
