"""The list of leads and the page of one: complete, in order, whatever was typed."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pymupdf
import pytest
from flask import Flask
from sqlalchemy import update

from consult.staff.leads import list_pages
from consult.storage import documents
from consult.storage import jobs as jobs_module
from consult.storage.db.database import Database
from consult.storage.leads import leads
from consult.storage.leads.submission import NewContact
from consult.storage.privacy import erasure
from consult.storage.tables.delivery_tables import JobRow
from tests.support.apps import deliver, services_of
from tests.support.client import PageClient
from tests.support.page import Page, text_of
from tests.support.personas import PERSONAS, WEB_STORE, Persona
from tests.support.staff_client import make_lead

PDF = b"%PDF-1.7 not really"
CONTACT = NewContact(
    name="Ada Okafor",
    email="ada@example.com",
    business="Okafor Tents",
    phone="+1 (555) 010-7788",
    wants_consult=True,
    consent_text="You may write to me about my result.",
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "\u05e9\u05dc\u05d5\u05dd & مرحبا 🦔",
    "W" * 200,
)


@pytest.fixture
def database(app: Flask) -> Database:
    return services_of(app).database


def keep_pdf(database: Database, lead_id: int, revision: int, kind: str = documents.REPORT) -> None:
    with database.writing() as session:
        documents.put(session, lead_id, kind, revision, PDF)


def give_up_jobs(database: Database) -> None:
    with database.writing() as session:
        session.execute(
            update(JobRow).values(
                state="failed", attempts=8, last_error="RenderTimeout", finished_at=session.now()
            )
        )


def all_rows(page: Page) -> list[str]:
    """The addresses of the leads that a page of the list shows."""
    hrefs = [link.attrib.get("href", "") for link in page.document.all("a")]
    return [href for href in hrefs if re.fullmatch(r"/staff/leads/\d+", href)]


def test_an_empty_list_says_what_will_be_there(staff: PageClient) -> None:
    page = staff.get("/staff/")
    assert "No leads yet" in page.text
    assert page.link("Open the questionnaire") == "/"


def test_a_row_tells_the_most_important(app: Flask, staff: PageClient, database: Database) -> None:
    lead_id = make_lead(app, contact=CONTACT, source={"utm_source": "autumn-letter"})
    with database.reading() as session:
        lead = leads.by_id(session, lead_id)
    assert lead is not None
    text = staff.get("/staff/").text
    for part in (
        "Okafor Tents Ada Okafor",
        "just now",
        lead.report["archetype"]["name"],
        f"{lead.report['separation']['confirmed']} {lead.report['handoff']['confirmed']}",
        "Requested",
        "autumn-letter",
    ):
        assert part in text


def test_who_left_no_contact_is_a_lead_as_well(app: Flask, staff: PageClient) -> None:
    lead_id = make_lead(app)
    page = staff.get("/staff/")
    assert page.link(f"Lead {lead_id}") == f"/staff/leads/{lead_id}"
    assert "No contact given" in page.text
    assert "Direct" in page.text
    assert "No contact info" in staff.get(f"/staff/leads/{lead_id}").text


def test_the_newest_comes_first_and_each_lead_once(
    app: Flask, staff: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_pages, "PAGE_SIZE", 3)
    made = [make_lead(app) for _ in range(7)]
    page = staff.get("/staff/")
    seen = []
    while True:
        seen += [int(href.rsplit("/", 1)[1]) for href in all_rows(page)]
        if "Older" not in page.links:
            break
        # A lead that comes in while a user reads moves nothing.
        make_lead(app)
        page = staff.get(page.link("Older"))
        assert page.link("Newest") == "/staff/"
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize("after", ["0", "-1", "x", "9" * 40, "%00", "1.5"])
def test_a_page_of_the_list_that_makes_no_sense_is_the_first(
    app: Flask, staff: PageClient, after: str
) -> None:
    make_lead(app)
    assert all_rows(staff.get(f"/staff/?after={after}"))


@pytest.mark.parametrize("lead_id", ["0", "77", "2147483647"])
def test_a_lead_that_does_not_exist_is_not_found(staff: PageClient, lead_id: str) -> None:
    page = staff.get(f"/staff/leads/{lead_id}", status=404)
    assert page.link("See all leads") == "/staff/"
    staff.get(f"/staff/leads/{lead_id}/report.pdf", status=404)


@pytest.mark.parametrize("lead_id", ["99999999999999999999", "abc"])
def test_what_is_no_id_of_a_lead_is_not_found(staff: PageClient, lead_id: str) -> None:
    staff.get(f"/staff/leads/{lead_id}", status=404)


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_the_page_of_a_lead_tells_everything(
    app: Flask, staff: PageClient, database: Database, persona: Persona
) -> None:
    lead_id = make_lead(app, persona, CONTACT)
    with database.reading() as session:
        lead = leads.by_id(session, lead_id)
    assert lead is not None
    page = staff.get(f"/staff/leads/{lead_id}")
    text = page.text
    report = lead.report
    assert page.h1 == "Okafor Tents"
    dimensions = report["separation"]["dimensions"] + report["handoff"]["dimensions"]
    lines = [line for dimension in dimensions for line in dimension["lines"]]
    parts = [
        *(dimension["name"] for dimension in dimensions),
        *(f"{line['question']} {line['answer']}" for line in lines),
        *(finding["text"] for finding in report["contradictions"] + report["flags"]),
        *(step["start"] for step in report["plan"]),
        *(said["answer"] for said in report["answers"]),
        report["money"]["result"] if report["money"] else report["money_refused"],
    ]
    assert [part for part in parts if one_line(part) not in text] == []
    assert ("may cost them" if report["money"] else "No estimate.") in text


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_owner_is_one_click_away(app: Flask, staff: PageClient) -> None:
    page = staff.get(f"/staff/leads/{make_lead(app, contact=CONTACT)}")
    assert page.link("ada@example.com") == "mailto:ada@example.com"
    assert page.link("010-7788") == "tel:+15550107788"
    assert CONTACT.consent_text in page.text


def test_the_source_is_shown_in_words(app: Flask, staff: PageClient) -> None:
    source = {"utm_source": "autumn-letter", "utm_campaign": "relay", "ref": "bakery"}
    document = staff.get(f"/staff/leads/{make_lead(app, source=source)}").document
    terms = [text_of(term) for term in document.all("dt")]
    facts = dict(zip(terms, map(text_of, document.all("dd")), strict=True))
    expected = {"Source": "autumn-letter", "Campaign": "relay", "Referred by": "bakery"}
    assert expected.items() <= facts.items()


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_people_type_stays_text(app: Flask, staff: PageClient, typed: str) -> None:
    contact = replace(
        CONTACT, name=typed, email="a?cc=b@example.com", business=typed, consent_text=typed
    )
    lead_id = make_lead(app, WEB_STORE, contact, {"utm_source": typed, "ref": typed})
    page = staff.get(f"/staff/leads/{lead_id}")
    assert page.h1 == typed
    assert one_line(typed) in staff.get("/staff/").text
    assert page.link("a?cc=b@") == "mailto:a%3Fcc%3Db@example.com"
    assert not page.document.all("img")
    attributes = {frozenset(script.attrib) for script in page.document.all("script")}
    assert attributes == {frozenset({"src", "defer"})}


@pytest.mark.parametrize(
    ("kind", "name", "file", "saved_as"),
    [
        (documents.REPORT, "Their report", "report.pdf", "lead-1.pdf"),
        (documents.BRIEF, "Call brief", "brief.pdf", "lead-1-brief.pdf"),
    ],
)
def test_a_pdf_is_a_press_away_once_it_is_there(
    app: Flask,
    staff: PageClient,
    database: Database,
    kind: str,
    name: str,
    file: str,
    saved_as: str,
) -> None:
    lead_id = make_lead(app, contact=CONTACT)
    address = f"/staff/leads/{lead_id}/{file}"
    assert f"{name}: it is being created" in staff.get(f"/staff/leads/{lead_id}").text
    assert staff.get(address, status=303).location == f"/staff/leads/{lead_id}"
    keep_pdf(database, lead_id, 1, kind)
    page = staff.get(f"/staff/leads/{lead_id}")
    assert page.link(name) == address
    assert f"{name}: a newer one is being created" in page.text
    keep_pdf(database, lead_id, 2, kind)
    assert f"{name}: " not in staff.get(f"/staff/leads/{lead_id}").text
    pdf = staff.get(address)
    assert pdf.body == PDF
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.headers["Content-Disposition"] == f"inline; filename={saved_as}"


def test_the_worker_makes_the_brief_with_what_was_left_and_answered(
    app: Flask, staff: PageClient
) -> None:
    lead_id = make_lead(app, contact=CONTACT)
    deliver(app)
    brief = staff.get(f"/staff/leads/{lead_id}/brief.pdf")
    reader: Any = pymupdf  # whether its functions have types depends on the version
    with reader.open(stream=brief.body) as pdf:
        text = pdf[0].get_text()
    for part in ("Okafor Tents", "ada@example.com", "Wants a consult", "Baton on the Floor"):
        assert part in text


def test_a_failed_pdf_is_shown(app: Flask, staff: PageClient, database: Database) -> None:
    lead_id = make_lead(app)
    give_up_jobs(database)
    assert staff.get("/staff/").with_class("is-late") == ["PDF failed"]
    text = staff.get(f"/staff/leads/{lead_id}").text
    assert "Call brief: failed" in text
    assert "Their report: failed" in text
    assert "Failed" in text
    assert "After 8 attempts. RenderTimeout" in text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Queued"),
        ({"state": "leased", "lease_token": "x", "attempts": 1}, "In progress"),
        ({"attempts": 2, "last_error": "OSError"}, "Will retry"),
        (
            {"state": "done", "finished_at": datetime(2026, 11, 1, 9, 5, tzinfo=UTC)},
            "1 Nov 2026, 09:05",
        ),
    ],
)
def test_the_state_of_a_job_is_shown_in_words(
    app: Flask, staff: PageClient, database: Database, changes: dict[str, object], text: str
) -> None:
    lead_id = make_lead(app)
    with database.writing() as session:
        if changes:
            session.execute(update(JobRow).values(**changes))
    assert text in staff.get(f"/staff/leads/{lead_id}").text


def test_what_was_given_up_can_be_tried_again(
    app: Flask, staff: PageClient, database: Database
) -> None:
    lead_id = make_lead(app)
    assert not [f for f in staff.get(f"/staff/leads/{lead_id}").forms if "try-again" in f.action]
    give_up_jobs(database)
    again = staff.get(f"/staff/leads/{lead_id}").form("/try-again")
    assert "Queued" in staff.follow(staff.submit(again)).text
    with database.reading() as session:
        jobs = [(step.state, step.attempts) for step in jobs_module.pdf_jobs(session, lead_id)]
    assert set(jobs) == {("ready", 0)}


def test_nothing_is_created_for_an_anonymous_lead(
    app: Flask, staff: PageClient, database: Database
) -> None:
    lead_id = make_lead(app)
    give_up_jobs(database)
    again = staff.get(f"/staff/leads/{lead_id}?stage=new").form("/try-again?stage=new")
    with database.writing() as session:
        erasure.erase(session, [lead_id], "anonymise", by=1, reason="requested")
    page = staff.submit(again, status=422)
    assert "made anonymous in the meantime" in page.text
    assert not [form for form in page.forms if "try-again" in form.action]
    with database.reading() as session:
        assert jobs_module.pdf_jobs(session, lead_id) == []


def test_a_lead_reads_the_same_for_ever(app: Flask, staff: PageClient, database: Database) -> None:
    lead_id = make_lead(app)
    database.clock = lambda: datetime.now(UTC) + timedelta(minutes=40)
    text = staff.get(f"/staff/leads/{lead_id}").text
    assert "40 minutes ago" in text
    assert "edition 2026-12" in text
