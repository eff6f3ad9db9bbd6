"""Notes, what the call showed, and the agency's own records, on both engines."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.insights import insights
from consult.storage.insights.insights import ResponseFilter, read_records
from consult.storage.leads import actions as actions_module
from consult.storage.leads import leads, notes, submission
from consult.storage.leads.actions import ConflictError, NotAllowedError
from consult.storage.tables.account_tables import AuditRow
from consult.workflow.office_hours import Office
from consult.workflow.own_performance import measure
from tests.support.databases import Clock
from tests.support.lead_factories import make_account, new_lead
from tests.support.submissions import CONTACT, new_submission

MISSING = 2**31 - 1
"""The id of no lead."""


@pytest.fixture
def ada(database: Database) -> int:
    return make_account(database, "Ada", role="admin")


def test_a_note_is_its_authors_to_edit_and_anybodys_to_resolve(
    database: Database, clock: Clock, ada: int
) -> None:
    ben, lead = make_account(database, "Ben"), new_lead(database)
    with database.writing() as session:
        assert notes.add(session, MISSING, "Nobody", by=ada) is None
        note = notes.add(session, lead, "Prefers mail", by=ada)
        assert note is not None
        assert notes.edit(session, lead, note.id, "Mine", by=ben, seen=None) is None
        assert notes.edit(session, MISSING, note.id, "Elsewhere", by=ada, seen=None) is None
    clock.go_on(hours=1)
    with database.writing() as session:
        edited = notes.edit(session, lead, note.id, "Prefers calls", by=ada, seen=None)
        done = notes.resolve(session, lead, note.id, by=ben)
    assert edited is not None
    assert done is not None
    assert (edited.text, edited.edited_at) == ("Prefers calls", clock())
    assert (done.resolved_by_id, done.resolved_at) == (ben, clock())
    with database.writing() as session:
        notes.reopen(session, lead, note.id, by=ada)
    with database.reading() as session:
        (now,) = notes.notes_of(session, lead)
        log = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    entries = [entry for entry in log if entry.action.startswith("note.")]
    assert now.resolved_at is None
    actions = ["note.added", "note.edited", "note.resolved", "note.reopened"]
    assert [entry.action for entry in entries] == actions
    assert [entry.facts for entry in entries] == [{"note": note.id}] * 4, "no word of a note"


def test_who_edits_a_note_without_having_seen_the_last_text_changes_nothing(
    database: Database, clock: Clock, ada: int
) -> None:
    lead = new_lead(database)
    with database.writing() as session:
        note = notes.add(session, lead, "First", by=ada)
        assert note is not None
        notes.edit(session, lead, note.id, "Second", by=ada, seen=None)
    clock.go_on(seconds=1)
    with database.writing() as session, pytest.raises(notes.NoteChangedError) as refused:
        notes.edit(session, lead, note.id, "Third", by=ada, seen=None)
    assert refused.value.text == "Second"
    with database.writing() as session:
        (now,) = notes.notes_of(session, lead)
        assert now.text == "Second"
        kept = notes.edit(session, lead, note.id, "Third", by=ada, seen=now.edited_at)
    assert kept is not None
    assert kept.text == "Third"


def test_verdicts_wait_for_a_talk_replace_each_other_and_are_counted(
    database: Database, ada: int
) -> None:
    first, second = new_lead(database), new_lead(database)
    with pytest.raises(NotAllowedError), database.writing() as session:
        notes.assess(session, first, {"reply_speed": "worse"}, by=ada)
    with database.writing() as session:
        for lead in (first, second):
            actions_module.log_contact(session, lead, by=ada, channel="phone", reached=True)
        notes.assess(session, first, {"reply_speed": "better", "own_goals": "as_said"}, by=ada)
        seen = notes.assess(session, first, {"reply_speed": "worse"}, by=ada)
        notes.assess(session, second, {"reply_speed": "as_said", "feedback": "better"}, by=ada)
        assert notes.assessments_of(session, first) == {"reply_speed": "worse"}
        today = session.now().date()
        assert insights.assessments(session, ResponseFilter("real", today, today)) == {
            "feedback": {"better": 1},
            "reply_speed": {"as_said": 1, "worse": 1},
        }
        assert insights.assessments(session, ResponseFilter("demo", today, today)) == {}
    with pytest.raises(ConflictError), database.writing() as session:
        notes.assess(session, first, {}, by=ada, version=seen.version - 1)


def test_reasons_of_returned_leads_are_counted(database: Database, ada: int) -> None:
    ben = make_account(database, "Ben")
    for reason in ("no_time", "facts_missing", "no_time"):
        lead = new_lead(database)
        with database.writing() as session:
            actions_module.hand_over(session, lead, ben, by=ada)
            actions_module.decline(session, lead, by=ben, reason=reason)
    with database.reading() as session:
        today = session.now().date()
        counted = insights.declined(session, ResponseFilter("real", today, today))
        assert counted == {"no_time": 2, "facts_missing": 1}
        assert insights.declined(session, ResponseFilter("demo", today, today)) == {}


def test_the_records_tell_how_the_agency_does_and_demo_leads_are_apart(
    database: Database, clock: Clock, ada: int
) -> None:
    for number in range(12):
        with database.writing() as session:
            token = drafts.start(session, "2026-12", "quick", {"ref": "fair"})
            result = submission.submit(session, token, new_submission())
            submission.save_contact(session, result, CONTACT)
            found = leads.by_result_token(session, result)
            assert found is not None
        clock.go_on(minutes=2)
        with database.writing() as session:
            actions_module.log_contact(session, found.id, by=ada, channel="phone", reached=True)
            if number < 5:
                actions_module.move(session, found.id, "won", by=ada)
            elif number < 9:
                actions_module.move(session, found.id, "lost", by=ada, reason="price")
            elif number < 11:
                actions_module.move(session, found.id, "lost", by=ada, reason="no_answer")
            else:
                actions_module.schedule_follow_up(
                    session, found.id, clock().date() + timedelta(days=3), by=ada
                )
    clock.go_on(days=31)
    with database.reading() as session:
        real, demo = read_records(session), read_records(session, demo=True)
        rungs = {one.id: one.rung for one in measure(real, Office(), clock())}
    assert len(real.recent) == len(real.older) == 12
    assert (demo.recent, demo.won_sources) == ([], [])
    assert rungs == {
        "reply_time": 4,
        "tries": None,
        # Of the last ten, three won and four lost for a reason.
        "outcomes": 2,
        "dates_kept": None,
        "known_sources": 3,
    }
