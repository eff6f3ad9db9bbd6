"""Leads: submitted once and frozen, contacts, the list, and the time it takes."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.jobs import RENDER_BRIEF, RENDER_REPORT
from consult.storage.leads import leads, submission
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow
from tests.support.databases import Clock
from tests.support.submissions import (
    CONTACT,
    all_leads,
    contact_of,
    lead_of,
    new_submission,
    submitted,
)


def report_jobs(database: Database) -> list[Any]:
    with database.reading() as session:
        rows = session.scalars(
            select(JobRow).where(JobRow.kind == RENDER_REPORT).order_by(JobRow.id)
        )
        return [(row.payload["revision"], row.state) for row in rows]


def test_a_submission_comes_back_as_it_was_frozen(database: Database, clock: Clock) -> None:
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {"ref": "fair"})
    clock.go_on(minutes=6)
    new = new_submission(wording={"z": "Łódź 日本", "a": 1})
    with database.writing() as session:
        result = submission.submit(session, token, new)
    lead = lead_of(database, result)
    frozen = ("answers", "wording", "scorecard", "report", "separation", "handoff", "archetype")
    for part in (*frozen, "consult", "edition", "depth", "demo"):
        assert getattr(lead, part) == getattr(new, part)
    assert list(lead.wording) == ["z", "a"], "the order of the questions is kept"
    assert (lead.submitted_at, lead.seconds_taken) == (clock(), 360)
    assert (lead.source, lead.contact, lead.report_revision) == ({"ref": "fair"}, None, 1)
    assert report_jobs(database) == [(1, "ready")]


def test_submitting_twice_gives_the_same_result_once(database: Database) -> None:
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {})
        first = submission.submit(session, token, new_submission())
    with database.writing() as session:
        second = submission.submit(session, token, new_submission(archetype="other"))
    assert first == second
    assert lead_of(database, first).archetype == new_submission().archetype
    assert len(report_jobs(database)) == 1


def test_two_tabs_that_submit_at_once_make_one_lead(database: Database) -> None:
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {})
    results = []
    together = threading.Barrier(4)

    def submit() -> None:
        together.wait()
        with database.writing() as session:
            results.append(submission.submit(session, token, new_submission()))

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalar(select(func.count(SubmissionRow.id))) == 1
    assert len(results) == 4
    assert len(set(results)) == 1
    assert len(report_jobs(database)) == 1


def test_a_save_that_races_a_submit_is_either_in_it_or_refused(database: Database) -> None:
    """While one tab holds the check to score it, another tab's save waits."""
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {})
    saved: list[drafts.Draft | None] = []

    def save() -> None:
        with database.writing() as session:
            saved.append(drafts.save(session, token, {"late": (1, "solo")}))

    other_tab = threading.Thread(target=save)
    with database.writing() as session:
        check = drafts.load(session, token, lock=True)
        other_tab.start()
        other_tab.join(timeout=0.1)
        assert check is not None
        assert other_tab.is_alive(), "it waits"
        submission.submit(session, token, new_submission(answers={"given": dict(check.answers)}))
    other_tab.join()
    assert saved[0] is not None
    assert saved[0].submitted
    assert saved[0].answers == {}


def test_a_failure_after_submitting_leaves_neither_lead_nor_job(database: Database) -> None:
    def submit_and_fail() -> None:
        with database.writing() as session:
            token = drafts.start(session, "2026-12", "quick", {})
            submission.submit(session, token, new_submission())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        submit_and_fail()
    assert report_jobs(database) == []


@pytest.mark.parametrize(
    "change",
    [
        "answers = '{\"a\": 1}'",
        "wording = wording",
        "scorecard = '[1]'",
        "report = '[1]'",
        "handoff = 99",
        "separation = separation",
        "edition = '2027-11'",
        "submitted_at = submitted_at",
        "draft_id = 99",
        "demo = demo",
    ],
)
def test_what_was_frozen_cannot_be_changed(database: Database, change: str) -> None:
    submitted(database)
    with pytest.raises(IntegrityError, match="frozen"), database.writing() as session:
        session.execute(text(f"UPDATE submissions SET {change}"))  # noqa: S608


@pytest.mark.parametrize(
    ("overrides", "constraint"),
    [
        ({"separation": 100.1}, "separation_in_range"),
        ({"separation": -0.1}, "separation_in_range"),
        ({"handoff": 101}, "handoff_in_range"),
        ({"consult": "maybe"}, "consult_known"),
        ({"depth": "deep"}, "depth_known"),
        ({"archetype": ""}, "archetype_length"),
        ({"edition": "e" * 33}, "edition_length|too long"),
        ({"answers": {}}, "answers_present"),
        ({"wording": {}}, "wording_present"),
        ({"scorecard": {}}, "scorecard_present"),
        ({"report": {}}, "report_present"),
        ({"separation": None}, "(?i)not.null"),
        ({"archetype": None}, "(?i)not.null"),
    ],
)
def test_the_database_knows_what_submitted_means(
    database: Database, overrides: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(DBAPIError, match=constraint):
        submitted(database, **overrides)
    assert all_leads(database) == []


def test_a_contact_can_be_left_and_corrected_and_each_time_the_pdf_follows(
    database: Database, clock: Clock
) -> None:
    token = submitted(database)
    corrected = replace(CONTACT, business="Okafor & Daughters", phone="+1 555 0100")
    for contact, revision in ((CONTACT, 2), (corrected, 3)):
        clock.go_on(minutes=1)
        with database.writing() as session:
            assert submission.save_contact(session, token, contact)
        lead = lead_of(database, token)
        assert (contact_of(lead), lead.report_revision) == (contact, revision)
        assert lead.contact
        assert lead.contact.consented_at == clock()
    assert [revision for revision, _ in report_jobs(database)] == [1, 2, 3]
    with database.reading() as session:
        briefs = session.scalars(
            select(JobRow.payload).where(JobRow.kind == RENDER_BRIEF).order_by(JobRow.id)
        )
        assert [payload["revision"] for payload in briefs] == [1, 2, 3]


def test_the_same_contact_again_changes_nothing(database: Database, clock: Clock) -> None:
    token = submitted(database)
    for _ in range(2):
        with database.writing() as session:
            assert submission.save_contact(session, token, CONTACT)
        clock.go_on(minutes=1)
    lead = lead_of(database, token)
    assert lead.report_revision == 2
    assert lead.contact
    assert lead.contact.consented_at < clock()
    assert len(report_jobs(database)) == 2


def test_a_double_click_on_the_contact_form_makes_one_contact(database: Database) -> None:
    token = submitted(database)
    together = threading.Barrier(3)

    def save() -> None:
        together.wait()
        with database.writing() as session:
            submission.save_contact(session, token, CONTACT)

    threads = [threading.Thread(target=save) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lead_of(database, token).report_revision == 2


@pytest.mark.parametrize("wrong", [{"name": ""}, {"email": "e" * 255}, {"consent_text": ""}])
def test_a_contact_without_name_address_or_consent_is_refused(
    database: Database, wrong: dict[str, Any]
) -> None:
    token = submitted(database)
    refused = pytest.raises(DBAPIError, match=r"name|email|consent|too long")
    with refused, database.writing() as session:
        submission.save_contact(session, token, replace(CONTACT, **wrong))
    assert lead_of(database, token).contact is None


def test_an_unknown_result_token_gets_nothing_and_leaves_nothing(database: Database) -> None:
    submitted(database)
    with database.writing() as session:
        assert not submission.save_contact(session, "no such token", CONTACT)
        assert leads.by_result_token(session, "no such token") is None
        assert leads.by_id(session, 0) is None


def test_a_lead_is_found_by_its_id(database: Database) -> None:
    lead = lead_of(database, submitted(database))
    with database.reading() as session:
        found = leads.by_id(session, lead.id)
    assert found is not None
    for column in SubmissionRow.__mapper__.column_attrs:
        assert getattr(found, column.key) == getattr(lead, column.key), column


@pytest.mark.parametrize(
    ("completions", "demo", "expected"), [(19, False, None), (20, False, 105), (40, True, None)]
)
def test_the_usual_time_is_a_median_of_enough_real_completions(
    database: Database,
    clock: Clock,
    completions: int,
    demo: bool,
    expected: int | None,
) -> None:
    take_longer_each_time(database, clock, completions, lambda: new_submission(demo=demo))
    with database.reading() as session:
        assert leads.usual_seconds(session, "quick") == expected
        assert leads.usual_seconds(session, "full") is None


def test_the_usual_time_is_looked_for_among_the_last_checks_only(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "_MIN_COMPLETIONS", 2)
    take_longer_each_time(database, clock, 4, new_submission)
    with database.reading() as session:
        assert leads.usual_seconds(session, "quick") == 25
        monkeypatch.setattr(leads, "_MAX_COMPLETIONS", 2)
        assert leads.usual_seconds(session, "quick") == 35
        monkeypatch.setattr(leads, "_MAX_COMPLETIONS", 1)
        assert leads.usual_seconds(session, "quick") is None


def take_longer_each_time(
    database: Database, clock: Clock, times: int, new: Callable[[], submission.NewSubmission]
) -> None:
    for number in range(1, times + 1):
        with database.writing() as session:
            token = drafts.start(session, "2026-12", "quick", {})
            clock.go_on(seconds=10 * number)
            submission.submit(session, token, new())
