"""The mails to a lead's owner, as the staff see them: how far they got, and what they say."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from consult.storage import deliveries
from consult.storage.db.database import Database
from consult.storage.tables.delivery_tables import JobRow
from tests.support.apps import deliver, services_of
from tests.support.client import PageClient
from tests.support.staff_client import make_lead
from tests.support.submissions import CONTACT

LINK = "https://check.example/result/secret-of-the-owner"


@pytest.fixture
def database(app: Flask) -> Database:
    return services_of(app).database


@pytest.fixture
def lead_id(app: Flask, database: Database) -> int:
    """A lead for whose owner a mail was just asked for."""
    made = make_lead(app, contact=CONTACT)
    with database.writing() as session:
        deliveries.enqueue_report_email(session, made, CONTACT.email, LINK)
    return made


def test_a_mail_in_the_folder_can_be_read_without_the_owners_link(
    app: Flask, staff: PageClient, lead_id: int, tmp_path: Path
) -> None:
    page = staff.get(f"/staff/leads/{lead_id}")
    assert "Queued Email with the report to ada@example.com" in page.text
    deliver(app)
    page = staff.get(f"/staff/leads/{lead_id}")
    assert "No mail server is set up. It’s in the mail folder." in page.text
    letter = staff.get(page.link("Your Relay Check report"))
    assert letter.h1 == "Your Relay Check report"
    assert CONTACT.email in letter.text
    assert "Your result:" in letter.text
    assert "secret-of-the-owner" not in letter.text
    (file,) = [
        file
        for file in (tmp_path / "var" / "mail").iterdir()
        if f"To: {CONTACT.email}" in file.read_text()
    ]
    assert b"secret-of-the-owner" in file.read_bytes()


def test_a_mail_that_a_server_took_is_sent(
    staff: PageClient, lead_id: int, database: Database
) -> None:
    with database.writing() as session:
        deliveries.record_sent(session, 1, "server", subject="Your report", body="Hello")
    assert "Sent Your report to ada@example.com" in staff.get(f"/staff/leads/{lead_id}").text


def test_a_mail_that_was_given_up_says_why(
    staff: PageClient, lead_id: int, database: Database
) -> None:
    with database.writing() as session:
        session.execute(
            update(JobRow)
            .where(JobRow.kind == "email_report")
            .values(state="failed", last_error="No such user", finished_at=session.now())
        )
    text = staff.get(f"/staff/leads/{lead_id}").text
    assert "Failed" in text
    assert "No such user" in text
    staff.get(f"/staff/leads/{lead_id}/mails/1", status=404)


def test_a_mail_to_be_tried_again_says_when(
    staff: PageClient, lead_id: int, database: Database
) -> None:
    with database.writing() as session:
        session.execute(
            update(JobRow).where(JobRow.kind == "email_report").values(last_error="Disk is full")
        )
    text = staff.get(f"/staff/leads/{lead_id}").text
    assert "Will retry" in text
    assert "Disk is full" in text


def test_a_mail_to_an_address_that_was_corrected_is_not_sent(
    app: Flask, staff: PageClient, lead_id: int, database: Database
) -> None:
    with database.writing() as session:
        deliveries.enqueue_report_email(session, lead_id, "ada@new.example", LINK)
    assert "The address was corrected before." in staff.get(f"/staff/leads/{lead_id}").text


def test_a_mail_is_found_only_under_its_own_lead(
    app: Flask, staff: PageClient, lead_id: int
) -> None:
    other = make_lead(app)
    deliver(app)
    staff.get(f"/staff/leads/{lead_id}/mails/1")
    staff.get(f"/staff/leads/{other}/mails/1", status=404)
    staff.get(f"/staff/leads/{lead_id}/mails/2", status=404)
