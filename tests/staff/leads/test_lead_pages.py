"""The page of a lead: complete, whatever was typed, with its PDFs, emails and background jobs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote

import pytest
from flask import Flask
from sqlalchemy import update

from consult.questionnaire.editions import newest
from consult.report.display import consult_time
from consult.report.explanations import reasons_of
from consult.staff.times import short
from consult.storage import deliveries, documents, jobs
from consult.storage.db.database import Database
from consult.storage.leads import leads
from consult.storage.privacy import erasure
from consult.storage.settings.setting_overrides import BRAND, set_override
from consult.storage.tables.booking_tables import BookingState
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.lead_tables import LeadRow
from tests.support.apps import deliver, services_of
from tests.support.client import PageClient
from tests.support.databases import read, write
from tests.support.lead_factories import book
from tests.support.page import text_of
from tests.support.personas import PERSONAS, WEB_STORE, Persona
from tests.support.staff_client import make_lead
from tests.support.submissions import CONTACT as LEAD_CONTACT

CONTACT = replace(LEAD_CONTACT, phone="+1 (555) 010-7788")
HOSTILE = (
    '<script>alert(1)</script> "><img src=x onerror=alert(1)> {{ 7 * 7 }}{% raw %}',
    f"\u05e9\u05dc\u05d5\u05dd & مرحبا 🦔 {'W' * 180}",
)
LINK = "https://check.example/result/secret-of-the-owner"
SOURCE = {"utm_source": "autumn-letter", "utm_campaign": "relay", "ref": "bakery"}
FAILED_AT = datetime(2026, 11, 1, 9, 5, tzinfo=UTC)
FAILED: dict[str, object] = {
    "state": "failed",
    "attempts": 8,
    "last_error": "RenderTimeout",
    "finished_at": FAILED_AT,
}


@pytest.fixture
def lead_id(app: Flask) -> int:
    return make_lead(app, contact=CONTACT)


def change_jobs(database: Database, values: Mapping[str, object], kind: str = "%") -> None:
    with database.writing() as session:
        session.execute(update(JobRow).where(JobRow.kind.like(kind)).values(values))


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_row_of_the_list(app: Flask, staff: PageClient, database: Database) -> None:
    page = staff.get("/staff/leads")
    assert "No leads yet" in page.text
    assert page.link("Open the questionnaire") == "/"
    lead = read(database, leads.by_id, make_lead(app, contact=CONTACT, source=SOURCE))
    assert lead is not None
    for part in (
        "Okafor Tents Ada Okafor",
        "Call: due ",
        short(lead.submitted_at, lead.submitted_at),
        f"{lead.report['separation']['confirmed']} {lead.report['handoff']['confirmed']}",
        "Requested",
        "autumn-letter",
    ):
        assert part in staff.get("/staff/leads").text
    nameless = make_lead(app)
    page = staff.get("/staff/leads")
    assert page.link(f"Lead {nameless}") == f"/staff/leads/{nameless}"
    assert "No contact info" in page.text
    assert "Direct" in page.text
    assert "No contact info" in staff.get(f"/staff/leads/{nameless}").text


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_whole_page(app: Flask, staff: PageClient, database: Database, persona: Persona) -> None:
    lead = read(database, leads.by_id, make_lead(app, persona, CONTACT))
    assert lead is not None
    page = staff.get(f"/staff/leads/{lead.id}")
    report = lead.report
    why = reasons_of(lead.edition, lead.depth, lead.answers).archetype
    assert page.h1 == "Okafor Tents"
    dimensions = report["separation"]["dimensions"] + report["handoff"]["dimensions"]
    lines = [line for dimension in dimensions for line in dimension["lines"]]
    parts = [
        *(dimension["name"] for dimension in dimensions),
        *(f"{line['question']} {line['answer']}" for line in lines),
        *(finding["text"] for finding in report["contradictions"] + report["flags"]),
        *(step["start"] for step in report["plan"]),
        *(said["answer"] for said in report["answers"]),
        *(f"{said.question} {said.answer}" for said in why),
        report["money"]["result"] if report["money"] else report["money_refused"],
    ]
    if report["one_lead"]:
        parts += [report["one_lead"][name] for name in ("title", "longest", "beside")]
    assert [part for part in parts if one_line(part) not in page.text] == []
    estimated = report["money"] and report["money"]["result"]
    assert ("may be worth" if estimated else "No estimate.") in page.text


def test_contact_and_facts(app: Flask, staff: PageClient, database: Database) -> None:
    lead_id = make_lead(app, contact=CONTACT, source=SOURCE)
    database.clock = lambda: datetime.now(UTC) + timedelta(minutes=40)
    page = staff.get(f"/staff/leads/{lead_id}")
    assert "40 minutes ago" in page.text
    assert f"edition {newest().name}" in page.text
    mail = page.link("ada@example.com")
    assert mail.startswith("mailto:ada@example.com?subject=")
    assert "Hi Ada,\r\n\r\nThanks for taking Relay Check and asking" in unquote(mail)
    assert page.link("010-7788") == "tel:+15550107788"
    assert CONTACT.consent_text in page.text
    terms = [text_of(term) for term in page.document.all("dt")]
    facts = dict(zip(terms, map(text_of, page.document.all("dd")), strict=True))
    expected = {"Source": "autumn-letter", "Campaign": "relay", "Referred by": "bakery"}
    assert expected.items() <= facts.items()
    assert facts["Best time"].startswith("They didn’t say. They finished the check ")
    assert "See also" not in page.text
    again = replace(
        CONTACT, name="Win at evil.example", business="Okafor Again", phone="call after 5"
    )
    other = staff.get(f"/staff/leads/{make_lead(app, contact=again)}")
    assert "call after 5" in other.text
    assert unquote(other.link(CONTACT.email)).partition("body=")[2].startswith("Hi there,")
    assert not [href for href in other.links.values() if href.startswith("tel:")]
    assert "See also" in other.text
    page = staff.get(other.link(CONTACT.business))
    assert "Okafor Again Win at evil.example, same email address · New, " in page.text


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_people_type_stays_text(app: Flask, staff: PageClient, typed: str) -> None:
    contact = replace(
        CONTACT, name=typed, email="a?cc=b@example.com", business=typed, consent_text=typed
    )
    lead_id = make_lead(app, WEB_STORE, contact, {"utm_source": typed, "ref": typed})
    page = staff.get(f"/staff/leads/{lead_id}")
    assert page.h1 == typed
    assert one_line(typed) in staff.get("/staff/leads").text
    address, _, prefilled = page.link("a?cc=b@").partition("?")
    assert address == "mailto:a%3Fcc%3Db@example.com"
    assert list(parse_qs(prefilled)) == ["subject", "body"]
    assert not page.document.all("img")
    attributes = {frozenset(script.attrib) for script in page.document.all("script")}
    assert attributes == {frozenset({"src", "defer"})}


def test_pdfs_are_linked_when_made(staff: PageClient, database: Database, lead_id: int) -> None:
    path = f"/staff/leads/{lead_id}"
    for kind, name, file, saved_as in (
        (documents.REPORT, "Their report", "report.pdf", f"lead-{lead_id}.pdf"),
        (documents.BRIEF, "Call brief", "brief.pdf", f"lead-{lead_id}-brief.pdf"),
    ):
        assert f"{name}: it is being created" in staff.get(path).text
        assert staff.get(f"{path}/{file}", status=303).location == path
        write(database, documents.put, lead_id, kind, 1, b"%PDF-1.7 not really")
        page = staff.get(path)
        assert page.link(name) == f"{path}/{file}"
        assert f"{name}: a newer one is being created" in page.text
        write(database, documents.put, lead_id, kind, 2, b"%PDF-1.7 not really")
        assert f"{name}: " not in staff.get(path).text
        pdf = staff.get(f"{path}/{file}")
        assert pdf.body == b"%PDF-1.7 not really"
        assert pdf.headers["Content-Type"] == "application/pdf"
        assert pdf.headers["Content-Disposition"] == f"inline; filename={saved_as}"


def test_the_list_says_which_pdfs_failed(app: Flask, staff: PageClient, database: Database) -> None:
    """It reads the same as the page of a lead, by a query of its own."""
    lead_id = make_lead(app)
    leased: dict[str, object] = {"state": "leased", "lease_token": "x"}
    done: dict[str, object] = {"state": "done", "lease_token": None, "finished_at": FAILED_AT}
    found = []
    for changes, revision in (
        ({"state": "ready"}, 0),
        (leased, 0),
        (done, 0),
        (FAILED, 0),
        (FAILED, 1),
    ):
        change_jobs(database, changes, jobs.RENDER_REPORT)
        if revision:
            write(database, documents.put, lead_id, documents.REPORT, revision, b"%PDF")
        state = read(database, documents.report_state, lead_id)
        is_told = "PDF failed" in staff.get("/staff/leads").with_class("is-late")
        assert is_told == (state == "failed")
        found.append(state)
    assert found == ["pending", "pending", "failed", "failed", "ready"]


def test_background_jobs_can_be_retried(app: Flask, staff: PageClient, database: Database) -> None:
    lead_id = make_lead(app)
    states: list[tuple[dict[str, object], str]] = [
        ({}, "Queued"),
        ({"state": "leased", "lease_token": "x", "attempts": 1}, "In progress"),
        ({"state": "ready", "attempts": 2, "last_error": "OSError"}, "Will retry"),
        ({"state": "done", "finished_at": FAILED_AT}, "Nov 1, 2026, 9:05 AM"),
    ]
    for changes, text in states:
        change_jobs(database, {"lease_token": None, **changes})
        page = staff.get(f"/staff/leads/{lead_id}")
        assert text in page.text
        assert not [form for form in page.forms if "try-again" in form.action]
    change_jobs(database, FAILED)
    assert "PDF failed" in staff.get("/staff/leads").with_class("is-late")
    page = staff.get(f"/staff/leads/{lead_id}")
    for text in ("Call brief: failed", "Their report: failed", "After 8 attempts. RenderTimeout"):
        assert text in page.text
    assert "Queued" in staff.follow(staff.submit(page.form("/try-again"))).text
    steps = read(database, jobs.pdf_jobs, lead_id)
    assert {(step.state, step.attempts) for step in steps} == {("ready", 0)}


def test_no_jobs_for_an_anonymous_lead(app: Flask, staff: PageClient, database: Database) -> None:
    lead_id = make_lead(app)
    change_jobs(database, FAILED)
    again = staff.get(f"/staff/leads/{lead_id}?stage=new").form("/try-again?stage=new")
    write(database, erasure.erase, [lead_id], "anonymise", by=1, reason="requested")
    page = staff.submit(again, status=422)
    assert "made anonymous in the meantime" in page.text
    assert not [form for form in page.forms if "try-again" in form.action]
    assert read(database, jobs.pdf_jobs, lead_id) == []


# --- Emails ---------------------------------------------------------------------------------------


@pytest.fixture
def emailed(database: Database, lead_id: int) -> int:
    """A lead with a report email that was just queued."""
    write(database, deliveries.email_owner, deliveries.REPORT, lead_id, CONTACT.email, LINK)
    return lead_id


def test_an_email_is_shown(app: Flask, staff: PageClient, emailed: int, tmp_path: Path) -> None:
    path, other = f"/staff/leads/{emailed}", make_lead(app)
    assert "Queued Email with the report to ada@example.com" in staff.get(path).text
    deliver(app)
    page = staff.get(path)
    assert "No mail server is set up. It’s in the mail folder." in page.text
    email = staff.get(page.link("Your result: "))
    assert email.h1.startswith("Your result: ")
    assert CONTACT.email in email.text
    assert "of 100" in email.text
    assert "secret-of-the-owner" not in email.text
    texts = [file.read_text() for file in (tmp_path / "var" / "mail").iterdir()]
    (text,) = [text for text in texts if f"To: {CONTACT.email}" in text]
    assert "secret-of-the-owner" in text
    staff.get(f"{path}/mails/1")
    staff.get(f"/staff/leads/{other}/mails/1", status=404)  # found under its own lead only
    staff.get(f"{path}/mails/2", status=404)


def test_an_unsent_email_says_why(staff: PageClient, database: Database, emailed: int) -> None:
    path = f"/staff/leads/{emailed}"

    def says(*texts: str) -> None:
        page = staff.get(path)
        assert [text for text in texts if text not in page.text] == []

    change_jobs(database, {"last_error": "Disk is full"}, "email_report")
    says("Will retry", "Disk is full")
    change_jobs(database, {**FAILED, "last_error": "No such user"}, "email_report")
    says("Failed Email with the report", "No such user")
    staff.get(f"{path}/mails/1", status=404)
    write(database, deliveries.record_sent, 1, "server", subject="Your report", body="Hello")
    says("Sent Your report to ada@example.com")
    for address in ("ada@new.example", "ada@newer.example"):
        write(database, deliveries.email_owner, deliveries.REPORT, emailed, address, LINK)
    says("The address was corrected before.")


# --- Emails to write ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consult_url", "says"),
    [
        ("", "You can pick a time on your result page."),
        ("https://cal.com/maven", "Pick a time that works for you: https://cal.com/maven"),
    ],
)
def test_an_email_says_how_to_book(
    app: Flask, staff: PageClient, lead_id: int, consult_url: str, says: str
) -> None:
    made = services_of(app)
    write(made.database, set_override, f"{BRAND}consult_url", consult_url)
    made.settings_provider.refresh()
    page = staff.get(f"/staff/leads/{lead_id}")
    assert says in unquote(page.link(CONTACT.email))
    assert says in text_of(page.document.by_id["draft-first"])


def test_an_email_after_a_call_says_what_is_to_come(
    app: Flask, staff: PageClient, database: Database, lead_id: int
) -> None:
    at = datetime.now(UTC) + timedelta(days=5)
    for stage, changes, says in (
        ("consult_booked", {"consult_at": at}, f"Our consult is on {consult_time(at, 'UTC')}."),
        ("consult_booked", {"consult_at": at - timedelta(days=9)}, "let’s talk again."),
        ("reached", {"follow_up_on": at.date()}, f"I’ll check in with you on {at:%B} {at.day},"),
        ("reached", {"follow_up_on": date(2026, 1, 2)}, "You’ll have it done by [FILL IN: date]."),
    ):
        cleared = {"stage": stage, "consult_at": None, "follow_up_on": None}
        with database.writing() as session:
            session.execute(update(LeadRow).values(cleared | changes))
        page = staff.get(f"/staff/leads/{lead_id}")
        text = text_of(page.document.by_id["draft-after_call"])
        assert says in text
        assert ("check in" in text) == (says.startswith("I’ll"))
        assert "Fill in before you send: date" in page.text


@pytest.mark.parametrize(
    ("state", "says"),
    [("booked", "Our consult is on {}."), ("requested", "You picked {}, for our consult.")],
)
def test_a_consult_is_told_in_its_owners_time(
    staff: PageClient, database: Database, lead_id: int, state: BookingState, says: str
) -> None:
    at = (datetime.now(UTC) + timedelta(days=5)).replace(microsecond=0)
    zone = "America/Denver"
    book(database, lead_id, at, zone=zone, state=state)
    page = staff.get(f"/staff/leads/{lead_id}")
    for kind in ("first", "after_call"):
        text = text_of(page.document.by_id[f"draft-{kind}"])
        assert says.format(consult_time(at, zone)) in text
    assert page.link(CONTACT.email) == page.links[f"Write first email {CONTACT.email}"]
