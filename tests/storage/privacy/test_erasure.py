"""Erasing a lead: what is deleted, what stays, and that no table can be forgotten."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Table, inspect, select

from consult.storage import documents, jobs
from consult.storage.api import api_tokens
from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import actions, handovers, leads, notes, submission
from consult.storage.leads.leads import assessments_in, timeline
from consult.storage.page_events import PageVisit
from consult.storage.privacy import data_export, erasure
from consult.storage.privacy.erasure import Method
from consult.storage.tables import ALL_TABLES
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.booking_tables import CalendarEventRow
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import read, rows, write
from tests.support.lead_factories import colleague, see
from tests.support.submissions import (
    CONTACT,
    SENTENCE,
    WITH_SENTENCE,
    lead_of,
    new_submission,
    submitted,
)

# It names deleted leads on purpose: that there was one, and who did what.
ONLY_MENTION = frozenset({"audit_log"})


@pytest.fixture
def me(database: Database) -> int:
    return colleague(database, "grace")


@pytest.fixture
def whole_lead(database: Database, me: int) -> int:
    """A lead with a row in every table that can hold something about one."""
    source = {"utm_source": "radio", "utm_content": "for-ada", "ref": "ada"}
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", source, shown=PageVisit("who"))
        drafts.save(session, token, {"first_reply": (2, "solo"), "wish": (SENTENCE, "base")})
        result = submission.submit(session, token, new_submission(**WITH_SENTENCE))
        submission.save_contact(session, result, CONTACT, "https://check.example/result/x")
    lead_id = lead_of(database, result).id
    with database.writing() as session:
        documents.put(session, lead_id, documents.REPORT, 2, b"%PDF")
        handovers.claim(session, lead_id, by=me)
        actions.log_contact(
            session, lead_id, by=me, channel="phone", reached=True, comment="Ada was glad"
        )
        notes.add(session, lead_id, "Ada", by=me)
        notes.assess(session, lead_id, {"own_goals": "worse"}, by=me)
        to = Appointment(session.now(), session.now() + timedelta(minutes=30), place="At Ada’s")
        bookings.book(session, lead_id, to, calendar="cal", uid="ada", matched_by="key")
        reported = {"provider": "cal", "event_id": "ada", "kind": "booked", "state": "done"}
        times = {"at": session.now(), "received_at": session.now()}
        session.add(
            CalendarEventRow(submission_id=lead_id, uid="ada", name="Ada", **reported, **times)
        )
        api_token = api_tokens.make(session, "rc_1", "Sheet", [], life=timedelta(days=30), by=me)
        api_tokens.store_answer(session, api_token.id, "key", b"x", lead_id, {"stage": "taken"})
    return lead_id


def counts(database: Database, lead_id: int) -> dict[str, int]:
    return read(database, erasure.count_rows, [lead_id]).get(lead_id, {})


def erase(database: Database, lead_id: int, method: Method) -> list[int]:
    return write(database, erasure.erase, [lead_id], method, by=1, reason="requested")


def everything_in(database: Database) -> str:
    """All rows of all tables, as text."""
    with database.reading() as session:
        tables = ALL_TABLES.sorted_tables
        return repr([session.execute(select(table)).all() for table in tables])


def columns_like(name: str) -> Iterator[tuple[Table, Column[Any]]]:
    for table in ALL_TABLES.sorted_tables:
        for column in table.columns:
            if column.name == name and table.name not in ONLY_MENTION:
                yield table, column


def test_every_table_about_leads_is_known_and_filled(database: Database, whole_lead: int) -> None:
    """Whoever adds a table about leads meets this test, and says above how it is filled."""
    known = {table.name for table, _ in erasure.tables_of_leads()}
    named = {t.name for name in ("submission_id", "lead_id") for t, _ in columns_like(name)}
    assert named == known
    assert set(counts(database, whole_lead)) == known


STATISTICS = {"page_visits", "response_stats"}
"""Numbers that stay when a lead is deleted, and then say nothing about anyone."""


def test_the_database_itself_deletes_what_belongs_to_a_lead(database: Database) -> None:
    inspector = inspect(database.engine)
    belongs = {"drafts"}
    while True:
        more = set()
        for table in ALL_TABLES.sorted_tables:
            for key in inspector.get_foreign_keys(table.name):
                if key["referred_table"] in belongs:
                    rule = {"SET NULL"} if table.name in STATISTICS else {"CASCADE"}
                    if table.name == "deliveries":  # deleted with its lead, but not with its job
                        rule = {"CASCADE", "SET NULL"}
                    assert key["options"].get("ondelete") in rule, table.name
                    more.add(table.name)
        if more <= belongs:
            break
        belongs |= more
    assert {table.name for table, _ in erasure.tables_of_leads()} < belongs


def test_a_deleted_lead_leaves_an_audit_entry_only(database: Database, whole_lead: int) -> None:
    stored = counts(database, whole_lead)
    assert erase(database, whole_lead, "delete") == [whole_lead]
    assert counts(database, whole_lead) == {}
    assert rows(database, DraftRow) == []
    (entry,) = rows(database, AuditRow, AuditRow.action == "lead.deleted")
    assert (entry.lead_id, entry.by_id) == (whole_lead, 1)
    counted = {f"rows_{name}": count for name, count in stored.items()}
    assert entry.facts == {"reason": "requested"} | counted


def test_an_anonymous_lead_keeps_answers_and_scores(database: Database, whole_lead: int) -> None:
    before = read(database, leads.by_id, whole_lead)
    assert "wwww" in everything_in(database)
    assert erase(database, whole_lead, "anonymise") == [whole_lead]
    assert set(counts(database, whole_lead)) == erasure.KEPT_TABLES
    after = read(database, leads.by_id, whole_lead)
    events = read(database, timeline, whole_lead)
    assert before is not None
    assert after is not None
    # Nothing but the owner's sentence is removed, and the order of all else is kept.
    assert SENTENCE in before.answers.values()
    assert list(after.answers.items()) == list(before.answers.items())[1:]
    assert list(after.report.items()) == list((before.report | {"own_words": ""}).items())
    for part in ("wording", "scorecard", "separation", "handoff", "archetype", "submitted_at"):
        assert getattr(after, part) == getattr(before, part)
    assert "wwww" not in everything_in(database)
    assert after.contact is None
    assert after.source == {"utm_source": "radio"}
    assert see(database, whole_lead).anonymised_at is not None
    assert {event.kind for event in events} >= {"contact", "moved"}
    assert [e.data for e in events if e.kind == "contact"] == [
        {"channel": "phone", "reached": True}
    ]
    assert "Ada" not in repr([event.data for event in events])
    assert assessments_in(events) == {"own_goals": "worse"}
    assert erase(database, whole_lead, "anonymise") == [], "it is anonymous already"
    assert erase(database, whole_lead, "delete") == [whole_lead]


def walk_rows(lead: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every row of a lead in an export of its personal data."""
    for table in lead.values():
        yield from (
            [row for row in table if isinstance(row, dict)] if isinstance(table, list) else ()
        )


def test_the_personal_data_export_has_the_sentence(database: Database, whole_lead: int) -> None:
    exported = data_export.to_json(read(database, data_export.export, [whole_lead]))
    (lead,) = json.loads(exported)["leads"]
    assert [visit["page"] for visit in lead["page_visits"]] == ["who", "review"]
    assert SENTENCE in [said["answer"] for said in lead["answers"]]
    (booking,) = lead["bookings"]
    assert (booking["state"], booking["place"]) == ("booked", "At Ada’s")
    assert not {"link_hash", "booking_hash"} & {name for row in walk_rows(lead) for name in row}


def test_a_sentence_of_one_word_is_exported_as_it_was_written(database: Database) -> None:
    wrote = WITH_SENTENCE | {"answers": {"wish": "unknown", "leads": "unknown"}}
    lead_id = lead_of(database, submitted(database, **wrote)).id
    (lead,) = read(database, data_export.export, [lead_id])["leads"]
    answers = {said["id"]: said["answer"] for said in lead["answers"]}
    assert (answers["wish"], answers["leads"]) == ("unknown", "I don’t know.")


def test_an_anonymous_lead_gets_no_late_pdf(database: Database, whole_lead: int) -> None:
    job = write(database, jobs.claim, timedelta(minutes=1))
    assert job is not None
    assert job.kind in jobs.PDF_JOBS
    erase(database, whole_lead, "anonymise")
    assert not write(database, jobs.complete, job)


def test_the_links_of_an_anonymous_lead_open_nothing(database: Database) -> None:
    draft = write(database, drafts.start, "2026-12", "quick", {})
    result = write(database, submission.submit, draft, new_submission())
    erase(database, lead_of(database, result).id, "anonymise")
    assert read(database, leads.by_result_token, result) is None
    assert read(database, drafts.load, draft) is None
    assert not write(database, submission.save_contact, result, CONTACT)


def test_a_person_is_found_by_address_in_any_case(database: Database) -> None:
    def left(address: str) -> int:
        token = submitted(database)
        if address:
            write(database, submission.save_contact, token, replace(CONTACT, email=address))
        return lead_of(database, token).id

    addresses = ("ada@example.com", "eve@x.org", "", "ADA@example.com", "Åsa@example.com")
    first, _, nameless, last, accented = map(left, addresses)
    assert read(database, erasure.find_person, " Ada@Example.com ") == last
    assert read(database, erasure.find_person, "nobody@example.com") is None
    assert read(database, erasure.find_person, "Åsa@Example.com") == accented
    assert read(database, erasure.leads_of_person, first) == [last, first]
    assert read(database, erasure.leads_of_person, nameless) == [nameless]
