"""Erasing a lead: what goes, what stays, and that no table can be forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Table, func, inspect, select, update
from sqlalchemy.exc import DBAPIError

from consult.storage import documents
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import actions, leads, notes, submission
from consult.storage.leads.leads import timeline
from consult.storage.privacy import erasure
from consult.storage.privacy.erasure import Method
from consult.storage.tables import ALL_TABLES
from consult.storage.tables.account_tables import AuditRow
from consult.storage.tables.lead_tables import CallAssessmentRow, LeadRow
from consult.storage.tables.submission_tables import DraftRow, SubmissionRow
from tests.support.lead_factories import make_account
from tests.support.submissions import CONTACT, lead_of, new_submission

# They tell of a lead on purpose when it is gone: that it was there, and who did what.
ONLY_MENTION = frozenset({"audit_log"})


@pytest.fixture
def me(database: Database) -> int:
    return make_account(database, "Grace")


@pytest.fixture
def whole_lead(database: Database, me: int) -> int:
    """A lead with a row in every table that can hold something about one."""
    source = {"utm_source": "radio", "utm_content": "for-ada", "ref": "ada"}
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", source)
        drafts.save(session, token, {"first_reply": (2, "solo")})
        result = submission.submit(session, token, new_submission())
        submission.save_contact(session, result, CONTACT, "https://check.example/result/x")
    lead_id = lead_of(database, result).id
    with database.writing() as session:
        documents.put(session, lead_id, documents.REPORT, 2, b"%PDF")
        actions.claim(session, lead_id, by=me)
        actions.log_contact(
            session, lead_id, by=me, channel="phone", reached=True, comment="Ada was glad"
        )
        notes.add(session, lead_id, "Ada", by=me)
        session.add(
            CallAssessmentRow(
                submission_id=lead_id,
                dimension="own_goals",
                assessment="worse",
                by_id=me,
                at=session.now(),
            )
        )
    return lead_id


def counts(database: Database, lead_id: int) -> dict[str, int]:
    with database.reading() as session:
        return erasure.count_rows(session, [lead_id]).get(lead_id, {})


def erase(database: Database, lead_id: int, method: Method) -> list[int]:
    with database.writing() as session:
        return erasure.erase(session, [lead_id], method, by=1, reason="requested")


def columns_like(name: str) -> Iterator[tuple[Table, Column[Any]]]:
    for table in ALL_TABLES.sorted_tables:
        for column in table.columns:
            if column.name == name and table.name not in ONLY_MENTION:
                yield table, column


def test_every_table_that_names_a_lead_is_known_and_filled(
    database: Database, whole_lead: int
) -> None:
    """Whoever adds a table about leads meets this test, and says above how it is filled."""
    known = {table.name for table, _ in erasure.tables_of_leads()}
    named = {t.name for name in ("submission_id", "lead_id") for t, _ in columns_like(name)}
    assert named == known
    assert set(counts(database, whole_lead)) == known


STATISTICS = {"page_visits", "response_stats"}
"""Numbers that stay when a lead is deleted, and then say nothing about anybody."""


def test_the_database_itself_deletes_what_hangs_on_a_lead(database: Database) -> None:
    inspector = inspect(database.engine)
    hangs = {"drafts"}
    while True:
        more = set()
        for table in ALL_TABLES.sorted_tables:
            for key in inspector.get_foreign_keys(table.name):
                if key["referred_table"] in hangs:
                    rule = {"SET NULL"} if table.name in STATISTICS else {"CASCADE"}
                    if table.name == "deliveries":  # deleted with its lead, but not with its job
                        rule = {"CASCADE", "SET NULL"}
                    assert key["options"].get("ondelete") in rule, table.name
                    more.add(table.name)
        if more <= hangs:
            break
        hangs |= more
    assert {table.name for table, _ in erasure.tables_of_leads()} < hangs


def test_a_deleted_lead_leaves_a_receipt_and_nothing_else(
    database: Database, whole_lead: int
) -> None:
    held = counts(database, whole_lead)
    assert erase(database, whole_lead, "delete") == [whole_lead]
    assert counts(database, whole_lead) == {}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DraftRow)) == 0
        receipt = session.scalars(select(AuditRow).where(AuditRow.action == "lead.deleted")).one()
    assert (receipt.lead_id, receipt.by_id) == (whole_lead, 1)
    assert receipt.facts == {"reason": "requested"} | {
        f"rows_{name}": n for name, n in held.items()
    }


def test_an_anonymous_lead_keeps_answers_and_scores_only(
    database: Database, whole_lead: int
) -> None:
    with database.reading() as session:
        before = leads.by_id(session, whole_lead)
    assert erase(database, whole_lead, "anonymise") == [whole_lead]
    assert set(counts(database, whole_lead)) == erasure.KEPT_TABLES
    with database.reading() as session:
        after = leads.by_id(session, whole_lead)
        events = timeline(session, whole_lead)
        row = session.get_one(LeadRow, whole_lead)
    assert before is not None
    assert after is not None
    assert (after.answers, after.wording, after.scorecard, after.report) == (
        (before.answers, before.wording, before.scorecard, before.report)
    )
    assert after.contact is None
    assert after.source == {"utm_source": "radio"}
    assert row.anonymised_at is not None
    assert {event.kind for event in events} >= {"contact", "moved"}
    assert [e.data for e in events if e.kind == "contact"] == [
        {"channel": "phone", "reached": True}
    ]
    assert "Ada" not in repr(events)
    assert erase(database, whole_lead, "anonymise") == []  # once is enough
    assert erase(database, whole_lead, "delete") == [whole_lead]


def test_the_links_of_an_anonymous_lead_open_nothing(database: Database) -> None:
    with database.writing() as session:
        check = drafts.start(session, "2026-12", "quick", {})
        result = submission.submit(session, check, new_submission())
    erase(database, lead_of(database, result).id, "anonymise")
    with database.writing() as session:
        assert leads.by_result_token(session, result) is None
        assert drafts.load(session, check) is None
        assert not submission.save_contact(session, result, CONTACT)


@pytest.mark.parametrize(
    "change", [{"result_token_hash": "x"}, {"result_token_hash": "gone-0"}, {"handoff": 1}]
)
def test_a_submission_stays_frozen(
    database: Database, whole_lead: int, change: dict[str, Any]
) -> None:
    with pytest.raises(DBAPIError, match="frozen"), database.writing() as session:
        session.execute(update(SubmissionRow).values(change))
    with database.writing() as session:
        session.execute(update(SubmissionRow).values(result_token_hash=f"gone-{whole_lead}"))


def test_a_person_is_known_by_the_address_in_whatever_case(database: Database) -> None:
    def left(address: str | None) -> int:
        with database.writing() as session:
            token = submission.submit(
                session, drafts.start(session, "2026-12", "quick", {}), new_submission()
            )
            if address:
                contact = submission.NewContact("A", address, "B", None, False, "Yes.")
                submission.save_contact(session, token, contact)
        return lead_of(database, token).id

    first, _, nameless, last = (
        left("ada@example.com"),
        left("eve@x.org"),
        left(None),
        left("ADA@example.com"),
    )
    with database.reading() as session:
        assert erasure.find_person(session, " Ada@Example.com ") == last
        assert erasure.find_person(session, "nobody@example.com") is None
        assert erasure.leads_of_person(session, first) == [last, first]
        assert erasure.leads_of_person(session, nameless) == [nameless]
