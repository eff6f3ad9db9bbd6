"""The mails to a lead's owner, as the staff see them: how far they got, and what they say."""

from datetime import UTC, datetime
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
    """A lead with a report email that was just queued."""
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
    email = staff.get(page.link("Your Relay Check report"))
    assert email.h1 == "Your Relay Check report"
    assert CONTACT.email in email.text
    assert "Your result:" in email.text
    assert "secret-of-the-owner" not in email.text
    texts = [file.read_text() for file in (tmp_path / "var" / "mail").iterdir()]
    (text,) = [text for text in texts if f"To: {CONTACT.email}" in text]
    assert "secret-of-the-owner" in text


def test_a_mail_that_a_server_took_is_sent(
    staff: PageClient, lead_id: int, database: Database
) -> None:
    with database.writing() as session:
        deliveries.record_sent(session, 1, "server", subject="Your report", body="Hello")
    assert "Sent Your report to ada@example.com" in staff.get(f"/staff/leads/{lead_id}").text


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        (
            {"state": "failed", "finished_at": datetime(2026, 11, 1, tzinfo=UTC)},
            "Failed",
            "No such user",
        ),
        ({}, "Will retry", "Disk is full"),
    ],
)
def test_a_mail_that_was_not_sent_says_why(
    staff: PageClient,
    lead_id: int,
    database: Database,
    changes: dict[str, object],
    status: str,
    error: str,
) -> None:
    report_job = update(JobRow).where(JobRow.kind == "email_report")
    with database.writing() as session:
        session.execute(report_job.values(last_error=error, **changes))
    text = staff.get(f"/staff/leads/{lead_id}").text
    assert status in text
    assert error in text
    staff.get(f"/staff/leads/{lead_id}/mails/1", status=404)


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
