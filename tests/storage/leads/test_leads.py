"""Leads: submitted once and frozen, contacts, the list, and the time it takes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Executable, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.jobs import RENDER_BRIEF, RENDER_REPORT
from consult.storage.leads import leads, submission
from consult.storage.leads.submission import NewContact
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import SubmissionRow
from tests.support.concurrency import at_once, until_it_waits
from tests.support.databases import Clock, read, rows, write
from tests.support.submissions import (
    CONTACT,
    WITH_SENTENCE,
    all_leads,
    contact_of,
    lead_of,
    new_submission,
    submitted,
)


def report_jobs(database: Database, kind: str = RENDER_REPORT) -> list[Any]:
    jobs = rows(database, JobRow, JobRow.kind == kind)
    return [(job.payload["revision"], job.state) for job in jobs]


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
    by_id = read(database, leads.by_id, lead.id)
    assert by_id is not None
    for column in SubmissionRow.__mapper__.column_attrs:
        assert getattr(by_id, column.key) == getattr(lead, column.key), column


def test_tabs_that_submit_at_once_make_one_lead(database: Database) -> None:
    token = write(database, drafts.start, "2026-12", "quick", {})
    results = at_once(*[lambda: write(database, submission.submit, token, new_submission())] * 4)
    again = write(database, submission.submit, token, new_submission(archetype="other"))
    assert {*results, again} == {results[0]}
    (lead,) = all_leads(database)
    assert lead.archetype == new_submission().archetype
    assert len(report_jobs(database)) == 1


def test_a_double_click_on_the_contact_form_makes_one_contact(database: Database) -> None:
    token = submitted(database)
    at_once(*[lambda: write(database, submission.save_contact, token, CONTACT)] * 3)
    assert lead_of(database, token).report_revision == 2


def test_an_answer_saved_during_submission_is_in_it_or_refused(database: Database) -> None:
    """While one tab has locked the draft to score it, another tab's save waits."""
    token = write(database, drafts.start, "2026-12", "quick", {})
    with ThreadPoolExecutor(1) as other_tab:
        with database.writing() as session:
            draft = drafts.load(session, token, lock=True)
            late = {"late": (1, "solo")}
            saving = other_tab.submit(write, database, drafts.save, token, late)
            until_it_waits(database, saving)
            assert draft is not None
            assert not saving.done(), "it waits"
            new = new_submission(answers={"given": dict(draft.answers)})
            submission.submit(session, token, new)
        saved = saving.result()
    assert saved is not None
    assert (saved.submitted, saved.answers) == (True, {})


def is_refused(database: Database, change: Executable) -> bool:
    """Whether the database refuses to change what is frozen."""
    try:
        with database.writing() as session:
            session.execute(change)
    except IntegrityError as refusal:
        return "frozen" in str(refusal)
    return False


def test_what_was_frozen_cannot_be_changed(database: Database) -> None:
    submitted(database)
    for change in (
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
        "result_token_hash = 'x'",
        "result_token_hash = 'gone-0'",
    ):
        assert is_refused(database, text(f"UPDATE submissions SET {change}")), change  # noqa: S608


_REMOVED: dict[str, dict[str, Any]] = {
    "answers": {id: a for id, a in WITH_SENTENCE["answers"].items() if id != "wish"},
    "report": {**WITH_SENTENCE["report"], "own_words": ""},
}


_WRONG: tuple[dict[str, Any], ...] = (
    {"answers": WITH_SENTENCE["answers"]},
    {"report": WITH_SENTENCE["report"]},
    {"answers": {**_REMOVED["answers"], "wish": "Something else"}},
    {"answers": {**_REMOVED["answers"], "wish": ""}},
    {"answers": {**_REMOVED["answers"], "leads": "20_49"}},
    {"answers": {**_REMOVED["answers"], "value": 13.5}},
    {"answers": {**_REMOVED["answers"], "more": 1}},
    {"answers": {id: _REMOVED["answers"][id] for id in ("value", "jobs")}},
    {"answers": {id: _REMOVED["answers"][id] for id in ("leads", "jobs")}},
    {"report": {**_REMOVED["report"], "own_words": "Something else"}},
    {"report": {**_REMOVED["report"], "title": "Another"}},
    {"report": {**_REMOVED["report"], "more": [1.0, "e"]}},
    {"report": {**_REMOVED["report"], "new": ""}},
    {"report": {"title": "Your relay", "more": [1.0, "é"]}},
    {"wording": WITH_SENTENCE["wording"] | {"wish": {"ask": "Another?", "choices": {}}}},
    {"handoff": 99},
    {"result_token_hash": "another"},
)


def test_an_anonymous_lead_loses_its_sentence(database: Database) -> None:
    """All but one of the changes by which it is removed are right."""
    lead_id = lead_of(database, submitted(database, **WITH_SENTENCE)).id
    right = _REMOVED | {"result_token_hash": f"gone-{lead_id}"}
    for wrong in _WRONG:
        assert is_refused(database, update(SubmissionRow).values(right | wrong)), wrong
    with database.writing() as session:
        session.execute(update(SubmissionRow).values(right))
    assert is_refused(database, update(SubmissionRow).values(answers=WITH_SENTENCE["answers"]))


def test_the_link_of_a_submission_can_be_voided(database: Database) -> None:
    lead_id = lead_of(database, submitted(database)).id
    with database.writing() as session:
        session.execute(update(SubmissionRow).values(result_token_hash=f"gone-{lead_id}"))


def test_invalid_columns(database: Database) -> None:
    invalid: tuple[tuple[dict[str, Any], str], ...] = (
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
    )
    for overrides, constraint in invalid:
        with pytest.raises(DBAPIError, match=constraint):
            submitted(database, **overrides)
    assert all_leads(database) == []


def test_a_contact_can_be_corrected_and_the_pdf_follows(database: Database, clock: Clock) -> None:
    """The same contact again, by a reload, changes nothing."""
    token = submitted(database)
    corrected = replace(CONTACT, business="Okafor & Daughters", phone="+1 555 0100")
    consented: dict[NewContact, datetime] = {}
    for contact, revision in ((CONTACT, 2), (CONTACT, 2), (corrected, 3)):
        clock.go_on(minutes=1)
        consented.setdefault(contact, clock())
        assert write(database, submission.save_contact, token, contact)
        lead = lead_of(database, token)
        assert (contact_of(lead), lead.report_revision) == (contact, revision)
        assert lead.contact
        assert lead.contact.consented_at == consented[contact]
    for kind in (RENDER_REPORT, RENDER_BRIEF):
        assert [revision for revision, _ in report_jobs(database, kind)] == [1, 2, 3]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"email": "e" * 255}, {"consent_text": ""}])
def test_an_incomplete_contact_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    token = submitted(database)
    with pytest.raises(DBAPIError, match=r"name|email|consent|too long"):
        write(database, submission.save_contact, token, replace(CONTACT, **wrong))
    assert lead_of(database, token).contact is None


def test_an_unknown_result_token_gets_nothing_and_leaves_nothing(database: Database) -> None:
    submitted(database)
    assert not write(database, submission.save_contact, "no such token", CONTACT)
    assert read(database, leads.by_result_token, "no such token") is None
    assert read(database, leads.by_id, 0) is None


def test_the_usual_time(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def usual_after(seconds: int, *, demo: bool = False, ref: str = "news") -> int | None:
        token = write(database, drafts.start, "2026-12", "quick", {"ref": ref}, demo=demo)
        clock.go_on(seconds=seconds)
        write(database, submission.submit, token, new_submission(demo=demo))
        return read(database, leads.usual_seconds, "quick")

    assert [usual_after(10 * number) for number in range(1, 21)] == [None] * 19 + [105]
    assert usual_after(9_000, demo=True) == 105
    assert usual_after(9_000, ref="test") == 105
    assert read(database, leads.usual_seconds, "full") is None
    monkeypatch.setattr(leads, "_MIN_COMPLETIONS", 2)
    for latest, expected in ((4, 185), (2, 195), (1, None)):
        monkeypatch.setattr(leads, "_MAX_COMPLETIONS", latest)
        assert read(database, leads.usual_seconds, "quick") == expected
