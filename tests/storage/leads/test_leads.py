"""Leads: submitted once and frozen, contacts, the list, and the time it takes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.jobs import RENDER_BRIEF, RENDER_REPORT
from consult.storage.leads import leads, submission
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow
from tests.support.databases import Clock, read, write
from tests.support.submissions import (
    CONTACT,
    all_leads,
    contact_of,
    lead_of,
    new_submission,
    submitted,
)


def report_jobs(database: Database, kind: str = RENDER_REPORT) -> list[Any]:
    with database.reading() as session:
        rows = session.scalars(select(JobRow).where(JobRow.kind == kind).order_by(JobRow.id))
        return [(row.payload["revision"], row.state) for row in rows]


def test_a_submission_comes_back_as_it_was_frozen(database: Database, clock: Clock) -> None:
    token = write(database, drafts.start, "2026-12", "quick", {"ref": "fair"})
    clock.go_on(minutes=6)
    new = new_submission(wording={"z": "Łódź 日本", "a": 1})
    result = write(database, submission.submit, token, new)
    lead = lead_of(database, result)
    frozen = ("answers", "wording", "scorecard", "report", "separation", "handoff", "archetype")
    for part in (*frozen, "consult", "edition", "depth", "demo"):
        assert getattr(lead, part) == getattr(new, part)
    assert list(lead.wording) == ["z", "a"], "the order of the questions is kept"
    assert (lead.submitted_at, lead.seconds_taken) == (clock(), 360)
    assert (lead.source, lead.contact, lead.report_revision) == ({"ref": "fair"}, None, 1)
    assert report_jobs(database) == [(1, "ready")]


def test_submitting_twice_gives_the_same_result_once(database: Database) -> None:
    token = write(database, drafts.start, "2026-12", "quick", {})
    first = write(database, submission.submit, token, new_submission())
    second = write(database, submission.submit, token, new_submission(archetype="other"))
    assert first == second
    assert lead_of(database, first).archetype == new_submission().archetype
    assert len(report_jobs(database)) == 1


def at_once(threads: int, act: Callable[[], object]) -> list[object]:
    """What each of some threads returns that begin together."""
    start = threading.Barrier(threads)

    def run(_: int) -> object:
        start.wait()
        return act()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def test_tabs_that_submit_at_once_make_one_lead(database: Database) -> None:
    token = write(database, drafts.start, "2026-12", "quick", {})
    results = at_once(4, lambda: write(database, submission.submit, token, new_submission()))
    assert len(set(results)) == len(all_leads(database)) == len(report_jobs(database)) == 1


def test_a_double_click_on_the_contact_form_makes_one_contact(database: Database) -> None:
    token = submitted(database)
    at_once(3, lambda: write(database, submission.save_contact, token, CONTACT))
    assert lead_of(database, token).report_revision == 2


def test_an_answer_saved_during_submission_is_in_it_or_refused(database: Database) -> None:
    """While one tab has locked the draft to score it, another tab's save waits."""
    token = write(database, drafts.start, "2026-12", "quick", {})
    with ThreadPoolExecutor(1) as other_tab:
        with database.writing() as session:
            draft = drafts.load(session, token, lock=True)
            late = {"late": (1, "solo")}
            saving = other_tab.submit(write, database, drafts.save, token, late)
            wait([saving], timeout=0.1)
            assert draft is not None
            assert not saving.done(), "it waits"
            new = new_submission(answers={"given": dict(draft.answers)})
            submission.submit(session, token, new)
        saved = saving.result()
    assert saved is not None
    assert (saved.submitted, saved.answers) == (True, {})


def test_a_failure_after_submitting_leaves_neither_lead_nor_job(database: Database) -> None:
    def submit_and_fail(session: Session) -> None:
        token = drafts.start(session, "2026-12", "quick", {})
        submission.submit(session, token, new_submission())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(database, submit_and_fail)
    assert (all_leads(database), report_jobs(database)) == ([], [])


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
def test_the_database_refuses_what_is_no_whole_submission(
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
        assert write(database, submission.save_contact, token, contact)
        lead = lead_of(database, token)
        assert (contact_of(lead), lead.report_revision) == (contact, revision)
        assert lead.contact
        assert lead.contact.consented_at == clock()
    for kind in (RENDER_REPORT, RENDER_BRIEF):
        assert [revision for revision, _ in report_jobs(database, kind)] == [1, 2, 3]


def test_the_same_contact_again_changes_nothing(database: Database, clock: Clock) -> None:
    token = submitted(database)
    for _ in range(2):
        assert write(database, submission.save_contact, token, CONTACT)
        clock.go_on(minutes=1)
    lead = lead_of(database, token)
    assert lead.report_revision == 2
    assert lead.contact
    assert lead.contact.consented_at < clock()
    assert len(report_jobs(database)) == 2


@pytest.mark.parametrize("wrong", [{"name": ""}, {"email": "e" * 255}, {"consent_text": ""}])
def test_a_contact_without_name_address_or_consent_is_refused(
    database: Database, wrong: dict[str, Any]
) -> None:
    token = submitted(database)
    with pytest.raises(DBAPIError, match=r"name|email|consent|too long"):
        write(database, submission.save_contact, token, replace(CONTACT, **wrong))
    assert lead_of(database, token).contact is None


def test_an_unknown_result_token_gets_nothing_and_leaves_nothing(database: Database) -> None:
    submitted(database)
    with database.writing() as session:
        assert not submission.save_contact(session, "no such token", CONTACT)
        assert leads.by_result_token(session, "no such token") is None
        assert leads.by_id(session, 0) is None


def test_a_lead_is_found_by_its_id(database: Database) -> None:
    lead = lead_of(database, submitted(database))
    found = read(database, leads.by_id, lead.id)
    assert found is not None
    for column in SubmissionRow.__mapper__.column_attrs:
        assert getattr(found, column.key) == getattr(lead, column.key), column


@pytest.mark.parametrize(
    ("completions", "demo", "expected"), [(19, False, None), (20, False, 105), (40, True, None)]
)
def test_the_usual_time_is_a_median_of_enough_real_completions(
    database: Database, clock: Clock, completions: int, demo: bool, expected: int | None
) -> None:
    take_longer_each_time(database, clock, completions, demo=demo)
    with database.reading() as session:
        assert leads.usual_seconds(session, "quick") == expected
        assert leads.usual_seconds(session, "full") is None


def test_the_usual_time_is_that_of_the_latest_responses(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "_MIN_COMPLETIONS", 2)
    take_longer_each_time(database, clock, 4)
    with database.reading() as session:
        assert leads.usual_seconds(session, "quick") == 25
        monkeypatch.setattr(leads, "_MAX_COMPLETIONS", 2)
        assert leads.usual_seconds(session, "quick") == 35
        monkeypatch.setattr(leads, "_MAX_COMPLETIONS", 1)
        assert leads.usual_seconds(session, "quick") is None


def take_longer_each_time(
    database: Database, clock: Clock, times: int, *, demo: bool = False
) -> None:
    for number in range(1, times + 1):
        token = write(database, drafts.start, "2026-12", "quick", {})
        clock.go_on(seconds=10 * number)
        write(database, submission.submit, token, new_submission(demo=demo))
