"""The report by mail: who is promised one, who gets one, and how many may go out."""

import time
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask

from consult.storage.tables.delivery_tables import DeliveryRow, JobRow
from tests.owner.test_result_pages import lead_of, leave_contact, result_of
from tests.support.apps import deliver, mail_settings, make_app, real_renderer, services_of
from tests.support.databases import rows
from tests.support.mail_server import mail_server
from tests.support.owner_journey import Journey
from tests.support.personas import CONTACT


def addresses(app: Flask) -> list[str]:
    sent = rows(services_of(app).database, DeliveryRow)
    return [delivery.address for delivery in sent if delivery.address is not None]


@pytest.fixture
def journey(tmp_path: Path) -> Journey:
    return result_of(make_app(tmp_path / "mailing", **mail_settings()))


def test_the_whole_way_from_the_form_to_the_mailbox(tmp_path: Path) -> None:
    with mail_server() as server:
        app = make_app(tmp_path, **mail_settings(server.port), base_url="http://localhost")
        journey = result_of(app)
        leave_contact(journey)
        deliver(app, real_renderer().render)
    (message,) = server.mails()
    assert message["To"] == "ada@example.com"
    link = f"http://localhost{journey.root}"
    body = message.get_body(("plain",))
    assert body is not None
    assert link in body.get_content()
    # Who gets the mail changes the contact, at any time; who has only the result does not.
    change = next(line for line in body.get_content().split() if "/contact?key=" in line)
    with patch("itsdangerous.timed.time.time", return_value=time.time() + 90 * 86400):
        form = journey.client.get(change.removeprefix("http://localhost")).form("/contact")
        assert form.fields["email"].values == ["ada@example.com"]
        journey.client.submit(form.fill(name="Ada King", consent="y"))
    assert (contact := lead_of(app).contact)
    assert contact.name == "Ada King"
    assert journey.client.get(link.removeprefix("http://localhost")).h1 == journey.page.h1
    pdf = next(part for part in message.iter_attachments() if part.get_filename())
    assert pdf.get_content().startswith(b"%PDF-1.7")
    jobs = rows(services_of(app).database, JobRow)
    assert not any(journey.token in str(job.payload) for job in jobs)


def test_the_pages_promise_the_mail_and_the_pdf_right_away(journey: Journey) -> None:
    asking = journey.client.get(f"{journey.root}/contact")
    assert "We’ll email you the PDF, and you can open it right away." in asking.text
    page = journey.client.follow(leave_contact(journey))
    assert "Your report is on its way to ada@example.com." in page.text
    assert page.link("Open your report as a PDF") == f"{journey.root}/report.pdf"
    assert page.link("correct your name or address").startswith(f"{journey.root}/contact?key=")


def test_who_got_no_mail_reads_how_to_reach_the_agency(tmp_path: Path) -> None:
    """A typo in the address: the mail with the link to correct it went elsewhere."""
    brand = tmp_path / "brand.toml"
    brand.write_text('phone = "+1 555 0100"\nemail = "hello@northside.example"')
    journey = result_of(make_app(tmp_path / "reachable", brand_file=brand, **mail_settings()))
    leave_contact(journey)
    page = journey.client.get(f"{journey.root}/contact")
    assert "If it didn’t come, write to hello@northside.example or call +1 555 0100." in page.text


def test_without_a_mail_server_no_mail_is_promised(app: Flask) -> None:
    journey = result_of(app)
    assert "email you" not in journey.client.get(f"{journey.root}/contact").text
    assert "on its way" not in journey.client.follow(leave_contact(journey)).text
    assert addresses(app) == ["ada@example.com"]  # it goes to the folder, for staff to send


def test_a_corrected_address_gets_its_own_mail_and_the_same_one_none(journey: Journey) -> None:
    sent = None
    for email in ("ada@example.com", "ada@example.com", "ada@new.example"):
        sent = leave_contact(journey, after=sent, email=email)
    assert addresses(journey.client.app) == ["ada@example.com", "ada@new.example"]


def test_one_mailbox_gets_only_so_many_mails_however_it_is_spelled(tmp_path: Path) -> None:
    app = make_app(tmp_path, **mail_settings(), limit_mails_address="2 per day")
    for email in ("ada@example.com", "ADA+x@example.com", "A.da+y@EXAMPLE.com"):
        journey = result_of(app)
        page = journey.client.follow(leave_contact(journey, email=email))
    assert len(addresses(app)) == 2
    # Past the limit the contact is kept, and the report is there to be opened.
    assert "Thank you, Ada Lovelace." in page.text
    assert "on its way" not in page.text
    assert page.link("Open your report as a PDF")


def test_an_address_that_mail_would_decode_into_another_is_none(journey: Journey) -> None:
    for email in ("=?utf-8?q?=61da?=@example.com", "=?utf-8?q?=0d=0aBcc=3a?=@example.com"):
        page = journey.client.get(f"{journey.root}/contact")
        filled = page.form("/contact").fill(**CONTACT | {"email": email})
        page = journey.client.submit(filled, status=422)
        assert "Enter a full email address" in page.text
    assert addresses(journey.client.app) == []


def test_only_so_many_mails_go_out_to_all_together(tmp_path: Path) -> None:
    app = make_app(tmp_path, **mail_settings(), limit_mails="2 per hour")
    for number in range(3):
        leave_contact(result_of(app), email=f"stranger{number}@example.com")
    assert addresses(app) == ["stranger0@example.com", "stranger1@example.com"]


def test_an_address_corrected_past_the_limit_is_promised_nothing(tmp_path: Path) -> None:
    app = make_app(tmp_path, **mail_settings(), limit_mails="1 per hour")
    journey = result_of(app)
    sent = leave_contact(journey)
    page = journey.client.follow(leave_contact(journey, after=sent, email="ada@new.example"))
    assert "on its way" not in page.text
