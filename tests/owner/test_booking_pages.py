"""From the result to the agency's calendar: counted once, and without what it need not know."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from consult.crypto import contact_key
from consult.storage.booking import bookings
from consult.storage.leads import submission
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, ResponseStatsRow, SubmissionRow
from tests.support.apps import mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import read, rows, write
from tests.support.personas import ADA
from tests.support.results import submit_check
from tests.support.submissions import CONTACT, lead_of

CALENDLY = "https://calendly.com/northside/consult"
OTHER = "https://northside.example/book?via=check"

MakeApp = Callable[..., Flask]


@pytest.fixture
def app_with(tmp_path: Path) -> MakeApp:
    """An app whose agency has this booking link."""

    def make(url: str, **settings: str) -> Flask:
        file = tmp_path / "brand.toml"
        file.write_text(f'consult_url = "{url}"\nname = "Northside"')
        return make_app(tmp_path / "var", brand_file=file, **settings)

    return make


def owner_of(app: Flask, path: str) -> SubmissionRow:
    return lead_of(services_of(app).database, path.rsplit("/", 1)[1])


def with_contact(app: Flask) -> tuple[str, str]:
    """The path of a result whose owner left a contact, and the key that shows it."""
    path, made = submit_check(app), services_of(app)
    write(made.database, submission.save_contact, path.rsplit("/", 1)[1], CONTACT)
    hashed = owner_of(app, path).result_token_hash
    return path, contact_key(made.settings.signing_key(), hashed, CONTACT.email)


def is_counted(app: Flask) -> bool:
    (stats,) = rows(services_of(app).database, ResponseStatsRow)
    (lead,) = rows(services_of(app).database, LeadRow)
    assert stats.pressed is (lead.booking_hash is not None)
    return stats.pressed


def test_the_button_leads_to_the_calendar_with_a_key_that_names_the_lead(app_with: MakeApp) -> None:
    app = app_with(CALENDLY)
    client, path = PageClient(app), submit_check(app)
    page = client.get(path)
    assert "Opens Calendly, where you pick a time." in page.text
    assert not is_counted(app)
    book = next(e for e in page.document.all("a") if e.attrib["href"].endswith("/book"))
    assert (book.attrib["rel"], book.attrib.get("target")) == ("noreferrer", None)
    to = urlsplit(client.get(book.attrib["href"], status=303).headers["Location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == CALENDLY
    query = parse_qs(to.query)
    assert list(query) == ["utm_content"]
    assert path.rsplit("/", 1)[1] not in to.query
    found = read(services_of(app).database, bookings.by_key, query["utm_content"][0])
    assert found is not None
    assert found.submission_id == owner_of(app, path).id
    assert is_counted(app)


def test_only_who_has_the_owners_own_link_sends_their_name_along(app_with: MakeApp) -> None:
    app = app_with(CALENDLY)
    client = PageClient(app)
    path, key = with_contact(app)
    for query, given in ((f"?key={key}", True), ("", False), ("?key=1", False)):
        to = urlsplit(client.get(f"{path}/book{query}", status=303).location)
        fields = parse_qs(to.query)
        assert ("email" in fields, "name" in fields) == (given, given), query
    thanked = client.get(f"{path}?thanks={key}")
    assert "pick a time yourself at Calendly" in thanked.text
    assert f"/book?key={key}" in thanked.link("pick a time yourself")


def test_programs_and_guesses_get_the_plain_address_and_count_nothing(app_with: MakeApp) -> None:
    app = app_with(CALENDLY)
    path, key = with_contact(app)
    book, client = f"{path}/book?key={key}", PageClient(app)
    bot = {"User-Agent": "Slackbot-LinkExpanding 1.0"}
    assert client.get(book, status=303, headers=bot).headers["Location"] == CALENDLY
    assert client.send("HEAD", book, status=303).headers["Location"] == CALENDLY
    client.get(book, status=503, headers={"Sec-Purpose": "prefetch;prerender"})
    assert not is_counted(app)


def test_another_calendar_gets_nothing_but_its_own_address(app_with: MakeApp) -> None:
    app = app_with(OTHER)
    path, key = with_contact(app)
    client = PageClient(app)
    assert "Opens northside.example, where you pick a time." in client.get(path).text
    assert client.get(f"{path}/book?key={key}", status=303).headers["Location"] == OTHER
    assert is_counted(app)


@pytest.mark.parametrize(("url", "booking"), [("", "auto"), (CALENDLY, "off"), (CALENDLY, "own")])
def test_without_a_calendar_elsewhere_nothing_leads_there(
    app_with: MakeApp, url: str, booking: str
) -> None:
    app = app_with(url, booking=booking)
    path, key = with_contact(app)
    client = PageClient(app)
    for page in (client.get(path), client.get(f"{path}?thanks={key}")):
        assert "calendly" not in page.html.lower()
    asked = client.follow(client.send("GET", f"{path}/book", status=None))
    assert asked.path == (f"{path}/consult" if booking == "off" else f"{path}/book")


def test_a_result_that_is_closed_leads_nowhere(app_with: MakeApp) -> None:
    app = app_with(CALENDLY, contact_before="result")
    path, client = submit_check(app), PageClient(app)
    assert client.get(f"{path}/book", status=303).location == f"{path}/contact"
    client.get(f"{path.replace('/result/', '/shared/')}/book", status=404)
    client.get("/result/x/book", status=404)


def test_in_a_frame_the_calendar_opens_in_a_new_tab(app_with: MakeApp) -> None:
    app = app_with(CALENDLY)
    path = submit_check(app)
    page = PageClient(app).get(f"/embed{path}", headers={"Sec-Fetch-Dest": "iframe"})
    links = [e for e in page.document.all("a") if e.attrib["href"] == f"{path}/book"]
    assert {(e.attrib["target"], e.attrib["rel"]) for e in links} == {("_blank", "noreferrer")}


# --- Where the invitation goes --------------------------------------------------------------------


@pytest.mark.parametrize("booking", ["own", "off"])
def test_who_has_just_left_an_address_sees_and_corrects_it_before_booking(
    app_with: MakeApp, booking: str
) -> None:
    app = app_with("", booking=booking)
    client = PageClient(app)
    form = client.get(f"{submit_check(app)}/contact").form("/contact")
    wrong = {**ADA, "email": "ada@gmial.com"}
    thanks = client.follow(client.submit(form.fill(**wrong)))
    page = client.follow(client.send("GET", thanks.link("free consult"), status=None))
    assert "goes to ada@gmial.com" in page.text
    corrected = client.get(page.link("Change it")).form("/contact").fill(**ADA)
    page = client.follow(client.follow(client.submit(corrected, status=303)))
    assert "goes to ada@example.com" in page.text
    form = page.forms[-1]
    if booking == "own":
        form = form.fill(slot=form.fields["slot"].offered[0])
    thanks = client.follow(client.submit(form))
    assert "correct your name or address" in thanks.links, "and may be corrected after it, too"
    assert [row.email for row in rows(services_of(app).database, ContactRow)] == [ADA["email"]]


def test_other_times_and_a_slip_keep_the_address_in_view(app_with: MakeApp) -> None:
    app = app_with("", booking_days_ahead="30")
    client = PageClient(app)
    path, key = with_contact(app)
    page = client.get(f"{path}/book?key={key}")
    zones = next(form for form in page.forms if form.method == "get")
    assert zones.fields["key"].values == [key]
    later = client.get(page.link("Later days"))
    for shown in (
        client.submit(later.form("/book"), status=422),
        client.get(later.link("Earlier days")),
    ):
        assert f"goes to {CONTACT.email}" in shown.text


@pytest.mark.parametrize(("query", "mail"), [("", {}), ("?key=1", mail_settings())])
def test_others_with_the_link_are_told_no_address(
    app_with: MakeApp, query: str, mail: dict[str, str]
) -> None:
    app = app_with("", **mail)
    client = PageClient(app)
    path, _ = with_contact(app)
    for page in (client.get(f"{path}/book{query}"), client.get(f"{path}/consult{query}")):
        never_got_it = " Never got your report there?" if mail else ""
        assert f"goes to the address you left.{never_got_it} Change it" in page.text
        assert CONTACT.email not in page.html
        assert client.get(page.link("Change it")).h1 == "We have your details"


def test_an_address_that_takes_no_mail_is_said_before_booking(app_with: MakeApp) -> None:
    app = app_with("")
    path, key = with_contact(app)
    sign = {"mail_server": {"counts": False, "detail": "gmail.com"}}
    lead_id = owner_of(app, path).id
    write(services_of(app).database, submission.add_signs, lead_id, CONTACT.email, sign)
    page = PageClient(app).get(f"{path}/book?key={key}")
    assert "Email doesn’t reach example.com. Did you mean gmail.com? Change it" in page.text


def test_the_key_to_an_address_does_not_show_one_that_came_at_once(app_with: MakeApp) -> None:
    app = app_with("")
    client, database = PageClient(app), services_of(app).database
    path, key = with_contact(app)
    form = client.get(f"{path}/book?key={key}").form("/book")
    corrected = replace(CONTACT, email="eve@example.com")

    def correct_in_another_tab(_email: str) -> None:
        write(database, submission.save_contact, path.rsplit("/", 1)[1], corrected)

    with patch("consult.owner.booking_pages._count_booking", correct_in_another_tab):
        answer = client.submit(form.fill(slot=form.fields["slot"].offered[0]))
    thanks = client.follow(answer)
    assert "Your consult is booked" in thanks.text
    assert corrected.email not in thanks.html
