"""The pages of providers' calendars: set up, try, remove; and find the lead of a booking."""

import json
import re

import pytest
from flask import Flask

from consult.crypto import Purpose, decrypt
from consult.storage.booking import bookings, calendar_events, calendar_setup
from consult.storage.tables.booking_tables import CalendarRow
from consult.workflow.calendar_reports import signature_headers
from consult.workflow.calendars import PROVIDER_NAMES, PROVIDERS, Provider
from tests.support.apps import SECRET_KEY, services_of
from tests.support.calendar_payloads import receive
from tests.support.client import PageClient
from tests.support.databases import Clock, read, rows, write
from tests.support.lead_factories import see
from tests.support.page import Page
from tests.support.staff_client import ADMIN, audited, joined, make_lead, post, signed_in
from tests.support.submissions import CONTACT

ALL = "/staff/settings/calendars"
UNMATCHED = "/staff/bookings"


def stored_secret(app: Flask, provider: Provider) -> str:
    (row,) = rows(services_of(app).database, CalendarRow, CalendarRow.provider == provider)
    secret = decrypt(SECRET_KEY, Purpose.CALENDAR, row.encrypted_secret, provider)
    assert secret
    return secret


def address_on(page: Page) -> str:
    (address,) = set(re.findall(r"http\S+(/hooks/booking/[0-9a-f]{32})", page.text))
    return str(address)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_calendar_is_set_up_and_tried(app: Flask, admin: PageClient, provider: Provider) -> None:
    page = admin.get(ALL)
    assert "Not set up" in page.text
    page = admin.get(page.link(PROVIDER_NAMES[provider]))
    address = address_on(page)
    if provider == "savvycal":
        shown = post(admin, page.path, "/secret", status=422)
        assert "Enter the secret that SavvyCal shows you." in shown.text
        saved = admin.follow(post(admin, page.path, "/secret", secret="made by SavvyCal"))
        assert "Saved. Send a test" in saved.text
        assert stored_secret(app, provider) == "made by SavvyCal"
    else:
        saved = post(admin, page.path, "/secret", status=201)
        assert stored_secret(app, provider) in saved.text
    assert address_on(saved) == address
    assert stored_secret(app, provider) not in admin.get(page.path).html
    tested = post(admin, page.path, f"{page.path}/test", status=200)
    assert "It works." in tested.text
    body = json.dumps({"triggerEvent": "PING", "event": "x", "type": "x"}).encode()
    headers = signature_headers(
        provider, stored_secret(app, provider), body, services_of(app).database.clock()
    )
    answer = app.test_client().post(
        address, data=body, headers=dict(headers), content_type="application/json"
    )
    assert answer.status_code == 204
    gone = admin.follow(post(admin, page.path, f"{page.path}/remove"))
    assert "Removed." in gone.text
    assert rows(services_of(app).database, CalendarRow) == []
    assert [one for one in audited(app) if one.startswith("calendar.")] == [
        *("calendar.added", "calendar.removed")
    ]


def test_a_secret_is_not_held_over_a_sign_in(app: Flask, clock: Clock) -> None:
    """The page that asks to sign in may be seen by someone else."""
    services_of(app).database.clock = clock
    admin = joined(app, admin=True)
    form = admin.get(f"{ALL}/savvycal").form("/secret").fill(secret="made by SavvyCal")
    clock.go_on(hours=13)
    assert admin.submit(form, status=303).location == "/staff/sign-in"


def test_a_new_secret_keeps_the_address_and_why_reports_were_refused_is_shown(
    app: Flask, admin: PageClient
) -> None:
    first = post(admin, f"{ALL}/cal", "/secret", status=201)
    old = stored_secret(app, "cal")
    app.test_client().post(address_on(first), data=b"{}", content_type="application/json")
    why = "The signature didn’t match."
    assert why in admin.get(ALL).text
    assert why in admin.get(f"{ALL}/cal").text
    second = post(admin, f"{ALL}/cal", "/secret", status=201)
    assert address_on(second) == address_on(first)
    assert stored_secret(app, "cal") != old
    assert why not in admin.get(ALL).text
    assert "calendar.secret_replaced" in audited(app)


def test_a_test_says_why_it_was_refused(app: Flask, admin: PageClient) -> None:
    post(admin, f"{ALL}/cal", "/secret", status=201)
    with services_of(app).database.writing() as session:
        session.get_one(CalendarRow, "cal").encrypted_secret = b"of another key"
    tested = post(admin, f"{ALL}/cal", f"{ALL}/cal/test", status=200)
    assert "secret key has changed" in tested.text


# --- Bookings without a lead --------------------------------------------------------------------


def book(app: Flask, name: str, email: str) -> None:
    write(services_of(app).database, receive, "booked", name, email)


def test_staff_find_the_lead_of_a_booking(app: Flask) -> None:
    staff, lead_id = joined(app), make_lead(app, contact=CONTACT)
    assert "None." in staff.get(UNMATCHED).text
    assert "no lead yet" not in staff.get("/staff/").text
    book(app, "Ada Okafor", "ada@tents.example")
    book(app, "<b>Eve</b>", "eve@example.net")
    page = staff.get(staff.get("/staff/").link("2 bookings have no lead yet"))
    assert "ada@tents.example" in page.text
    page = staff.get(page.link("Choose the lead of Ada Okafor"))
    assert CONTACT.business in page.text, "it was looked for by name"
    shown = staff.submit(page.form("/lead"))
    assert shown.location == f"/staff/leads/{lead_id}"
    assert "Consult scheduled" in staff.get(shown.location).text
    (booking,) = read(services_of(app).database, bookings.of_lead, lead_id)
    assert booking.matched_by == "staff"
    assert see(services_of(app).database, lead_id).stage == "consult_booked"
    page = staff.get(UNMATCHED)
    assert "Ada Okafor" not in page.text
    left = staff.follow(staff.submit(page.form("/dismiss")))
    assert "Dismissed." in left.text
    assert read(services_of(app).database, calendar_setup.unmatched) == []
    staff.get(f"{UNMATCHED}/1", status=404)


def test_a_lead_is_looked_for_by_any_word(app: Flask) -> None:
    staff = joined(app)
    make_lead(app, contact=CONTACT)
    book(app, "Someone Else", "else@example.net")
    (found,) = read(services_of(app).database, calendar_setup.unmatched)
    page = staff.get(f"{UNMATCHED}/{found.events[0].id}")
    assert "No lead has “Someone Else.”" in page.text
    assert CONTACT.business in staff.get(f"{page.path}?text=okafor").text
    assert "Search for the business" in staff.get(f"{page.path}?text=").text


def test_personal_data_is_found_in_a_booking_without_a_lead(app: Flask, clock: Clock) -> None:
    services_of(app).database.clock = clock
    admin = joined(app, ADMIN, admin=True)
    book(app, "Eve", "Eve@example.net")
    found = post(admin, "/staff/person", "/person", address="eve@Example.net")
    assert found.location == UNMATCHED
    clock.go_on(days=29)
    admin = signed_in(app, ADMIN)
    over = post(admin, "/staff/person", "/person", address="eve@example.net", status=422)
    assert "a booking that is over or was canceled" in over.text
    other = post(admin, "/staff/person", "/person", address="eva@example.net", status=422)
    assert "booking" not in other.text


def test_a_booking_that_was_matched_by_address_says_so(app: Flask) -> None:
    staff, lead_id = joined(app), make_lead(app, contact=CONTACT)
    book(app, "Ada", CONTACT.email)
    event = read(services_of(app).database, calendar_setup.unmatched)
    assert event == []
    office = services_of(app).settings.office
    write(services_of(app).database, calendar_events.work, 1, office)
    assert "matched by address: check it’s theirs" in staff.get(f"/staff/leads/{lead_id}").text


def test_a_calendar_can_not_reach_this_machine(app: Flask, admin: PageClient) -> None:
    assert "can’t reach it yet" in admin.get(f"{ALL}/calendly").text
