"""The stages of a lead, from new to won: next step, conflicts, amounts, and what a form refuses."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask

from consult.storage.db.database import Database
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import Clock
from tests.support.lead_factories import book, see, set_lead
from tests.support.lead_forms import log_contact, move, one_each, send, stage_form
from tests.support.page import text_of
from tests.support.staff_client import enter, joined, make_lead, signed_in
from tests.support.submissions import CONTACT


def test_a_lead_goes_from_new_to_won(
    grace: PageClient, ben: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    path = f"/staff/leads/{lead}"
    assert "Assign it to yourself so others know" in ben.get(path).text
    page = grace.get(path)
    assert "Contact them" in page.text, "it came to her, so she need not assign it to herself"
    assert "Reply due in 1 h " in page.text
    form = page.form("/claim")
    grace.post(form.action, {"csrf_token": form.data["csrf_token"][0]}, status=400)  # no version
    page = send(grace, page, "claim")
    assert "Contact them" in page.text
    form = page.form("/contact")
    contact = {**one_each(form.data), "channel": "phone", "reached": "yes"}
    page = grace.follow(grace.post(form.action, contact))
    assert "Schedule the consult" in page.text
    assert "First contacted in under a minute" in page.text
    page = grace.follow(move(grace, page, "consult_booked", day="2026-03-04", time="14:30"))
    assert "Mar 4, 2026, 2:30 PM UTC" in page.text
    assert "Consult is scheduled for Mar 4, 2026, 2:30 PM UTC" in page.text
    assert all(form.data.get("stage") != ["consult_held"] for form in page.forms), "not yet"
    clock.go_on(days=3)
    enter(grace)
    page = grace.follow(move(grace, lead, "consult_held"))
    page = grace.follow(move(grace, page, "won", comment="Starts in May"))
    assert "Closed. Nothing to do." in page.text
    assert not [form for form in page.forms if form.action.endswith(("/hand-over", "/contact"))]
    for text in ("Assigned", "Reached them by phone", "Consult done", "Starts in May"):
        assert text in page.text
    assert see(database, lead).stage == "won"


def test_a_snooze_does_not_hide_a_consult_on_its_day(
    grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    """The page of a lead says what Today does."""
    now, path = clock(), f"/staff/leads/{lead}"
    for hours, says in ((2, "Consult is scheduled for Mar 2, 2026"), (48, "Snoozed until Mar 9")):
        at, later = now + timedelta(hours=hours), now.date() + timedelta(days=7)
        values = {"stage": "consult_booked", "consult_at": at, "follow_up_on": later}
        set_lead(database, lead, first_contact_at=now, **values)
        assert says in grace.get(path).text
        assert ("Consults today" in grace.get("/staff/").text) == (hours == 2)


def test_a_conflict(grace: PageClient, ben: PageClient, database: Database, lead: int) -> None:
    send(grace, lead, "claim")
    seen = ben.get(f"/staff/leads/{lead}")
    assert "Reply due in 1 h" in seen.with_class("tag")[-1]
    snoozed = send(grace, lead, "follow-up", on="2026-04-02")
    assert not [tag for tag in snoozed.with_class("tag") if "Reply due" in tag]
    late = stage_form(seen, "lost").fill(reason="price", comment="Said it is too much")
    page = ben.submit(late, status=409)
    assert "Someone else just changed this lead" in page.text
    assert "Snoozed until Apr 2, 2026" in page.text
    assert page.link("Review your change").endswith("#do-stage-lost")
    assert see(database, lead).stage == "taken"
    again = stage_form(page, "lost")
    assert again.data["comment"] == ["Said it is too much"]
    ben.submit(again.fill(reason="price"))
    assert see(database, lead).stage == "lost"
    page = ben.submit(late, status=409)
    assert "no longer possible" in page.text
    assert "You wrote: Said it is too much" in page.text


def test_incomplete_forms_say_why(grace: PageClient, database: Database, lead: int) -> None:
    log_contact(database, lead)
    before = see(database, lead).version
    page = grace.get(f"/staff/leads/{lead}")
    for stage, fields, errors in (
        ("lost", {}, ["Choose a reason."]),
        ("not_a_fit", {}, ["Choose a reason."]),
        ("lost", {"reason": "price", "comment": "w" * 1001}, ["Use at most 1000 characters."]),
        ("consult_booked", {"day": "soon", "time": "noon"}, ["Enter a date", "Enter a time"]),
        ("consult_booked", {"day": "2025-03-05", "time": "10:00"}, ["before they finished"]),
    ):
        refused = move(grace, page, stage, status=422, **fields)
        assert [error for error in errors if error not in refused.text] == [], stage
    past = page.form("/follow-up")
    sent = {**one_each(past.data), "on": "2020-01-01"}
    assert "Choose today or a later date." in grace.post(past.action, sent, status=422).text
    past = page.form("/contact")  # on a page that was left open for days
    sent = {**one_each(past.data), "next_on": "2020-01-01"}
    refused = grace.post(past.action, sent, status=422)
    (place,) = refused.errors
    (buttons,) = [one for one in refused.document.elements if one.attrib.get("id") == place]
    assert "Choose today or a later date." in text_of(buttons)
    for text in ("", "  \r\n ", "w" * 4001):
        refused = grace.submit(page.form("/notes").fill(text=text), status=422)
        assert ("at most 4000" if text.strip() else "Write something") in refused.text
    assert see(database, lead).version == before


def test_amounts_are_read_as_people_write_them(
    grace: PageClient, database: Database, lead: int
) -> None:
    page = move(grace, lead, "won", amount="1.200", status=422)
    assert "Did you mean 1200?" in page.text
    for typed, amount in (("1’200.–", 120_000), ("1.200,50 €", 120_050), ("₹1,20,000", 12_000_000)):
        page = grace.follow(move(grace, page, "won", amount=typed))
        assert see(database, lead).won_amount == amount
        page = grace.follow(move(grace, page, "reached"))
    assert "Enter a number" in move(grace, page, "won", amount="a lot", status=422).text


def test_an_owner_who_booked_a_consult_wants_one(
    app: Flask, grace: PageClient, database: Database, clock: Clock
) -> None:
    lead = make_lead(app, contact=replace(CONTACT, wants_consult=False))
    assert "The report. It" in grace.get(f"/staff/leads/{lead}").text
    book(database, lead, clock() + timedelta(days=1))
    assert "A consult about" in grace.get(f"/staff/leads/{lead}").text
    (row,) = grace.get(f"/staff/leads?text={CONTACT.business}").document.all("tr")[1:]
    assert "No" not in text_of(row).split()


def test_a_lead_without_contact_info_needs_no_call(app: Flask, grace: PageClient) -> None:
    nameless = make_lead(app)
    page = grace.get(f"/staff/leads/{nameless}")
    assert "No contact info yet. Nothing to do" in page.text
    assert "Contact them" not in send(grace, nameless, "claim").text


def test_times_are_those_of_the_agency(tmp_path: Path, clock: Clock) -> None:
    app = make_app(tmp_path / "var", time_zone="America/New_York")
    database = services_of(app).database
    database.clock = clock
    client = joined(app)
    lead = make_lead(app, contact=CONTACT)
    # Half past nine in UTC is before opening time in New York.
    page = client.get(f"/staff/leads/{lead}")
    assert "Reply due in 1 h (business hours)" in page.text
    assert "Mar 2, 2026, 10:00 AM EST" in page.text
    log_contact(database, lead)
    move(client, lead, "consult_booked", day="2026-03-10", time="14:30")
    assert "Mar 10, 2026, 2:30 PM EDT" in client.get(f"/staff/leads/{lead}").text
    assert see(database, lead).consult_at is not None


def test_overdue_is_shown_in_business_hours(grace: PageClient, clock: Clock, lead: int) -> None:
    clock.go_on(hours=3)
    text = signed_in(grace.app).get(f"/staff/leads/{lead}").text
    assert "Overdue by 2 h" in text
    assert "business hours)" not in text
    clock.go_on(days=1)  # and so a night
    text = signed_in(grace.app).get(f"/staff/leads/{lead}").text
    assert re.search(r"Overdue by \d+ h( \d+ min)? \(business hours\)", text)
