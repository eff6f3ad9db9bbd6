"""Notes, assessments after a call, and the agency's own records, on both engines."""

from datetime import timedelta

import pytest

from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.insights import agency_numbers
from consult.storage.insights.agency_numbers import read_records
from consult.storage.insights.insights import ResponseFilter
from consult.storage.leads import actions, handovers, notes, submission
from consult.storage.leads.changes import ConflictError, NotAllowedError
from consult.storage.leads.leads import assessments_in, timeline
from consult.storage.tables.account_tables import AuditRow
from consult.workflow.office_hours import Office
from consult.workflow.own_performance import measure
from consult.workflow.stages import Stage
from tests.support.databases import Clock, read, rows, write
from tests.support.lead_factories import colleague, new_lead
from tests.support.submissions import CONTACT, lead_of, new_submission

MISSING = 2**31 - 1
"""The id of no lead."""


@pytest.fixture
def ada(database: Database) -> int:
    return colleague(database, "ada", admin=True)


def test_only_authors_edit_their_notes(database: Database, clock: Clock, ada: int) -> None:
    ben, lead = colleague(database, "ben"), new_lead(database)
    assert write(database, notes.add, MISSING, "Nowhere", by=ada) is None
    note = write(database, notes.add, lead, "Prefers mail", by=ada)
    assert note is not None
    with database.writing() as session:
        assert notes.edit(session, lead, note.id, "Mine", by=ben, seen=None) is None
        assert notes.edit(session, MISSING, note.id, "Elsewhere", by=ada, seen=None) is None
    clock.go_on(hours=1)
    edited = write(database, notes.edit, lead, note.id, "Prefers calls", by=ada, seen=None)
    done = write(database, notes.set_resolved, lead, note.id, True, by=ben)
    assert edited is not None
    assert done is not None
    assert (edited.text, edited.edited_at) == ("Prefers calls", clock())
    assert (done.resolved_by_id, done.resolved_at) == (ben, clock())
    write(database, notes.set_resolved, lead, note.id, False, by=ada)
    (now,) = read(database, notes.notes_of, lead)
    assert now.resolved_at is None
    entries = [(entry.action, entry.facts) for entry in rows(database, AuditRow)]
    recorded = ("note.added", "note.edited", "note.resolved", "note.reopened")
    assert entries[-4:] == [(action, {"note": note.id}) for action in recorded], "and no text"


def test_an_edit_of_an_outdated_text_is_refused(database: Database, clock: Clock, ada: int) -> None:
    lead = new_lead(database)
    note = write(database, notes.add, lead, "First", by=ada)
    assert note is not None
    write(database, notes.edit, lead, note.id, "Second", by=ada, seen=None)
    clock.go_on(seconds=1)
    with pytest.raises(notes.NoteChangedError) as refused:
        write(database, notes.edit, lead, note.id, "Third", by=ada, seen=None)
    (now,) = read(database, notes.notes_of, lead)
    assert refused.value.text == now.text == "Second"
    edited = write(database, notes.edit, lead, note.id, "Third", by=ada, seen=now.edited_at)
    assert edited is not None
    assert edited.text == "Third"


def test_assessments_need_a_call_and_replace_each_other(database: Database, ada: int) -> None:
    first, second = new_lead(database), new_lead(database)
    with pytest.raises(NotAllowedError):
        write(database, notes.assess, first, {"reply_speed": "worse"}, by=ada)
    with database.writing() as session:
        for lead in (first, second):
            actions.log_contact(session, lead, by=ada, channel="phone", reached=True)
        notes.assess(session, first, {"reply_speed": "better", "own_goals": "as_said"}, by=ada)
        seen = notes.assess(session, first, {"reply_speed": "worse"}, by=ada)
        notes.assess(session, second, {"reply_speed": "as_said", "feedback": "better"}, by=ada)
        assert assessments_in(timeline(session, first)) == {"reply_speed": "worse"}
        today = session.now().date()
        assert agency_numbers.assessments(session, ResponseFilter("real", today, today)) == {
            "feedback": {"better": 1},
            "reply_speed": {"as_said": 1, "worse": 1},
        }
        assert agency_numbers.assessments(session, ResponseFilter("demo", today, today)) == {}
    with pytest.raises(ConflictError):
        write(database, notes.assess, first, {}, by=ada, version=seen.version - 1)


def test_reasons_for_declining_are_counted(database: Database, clock: Clock, ada: int) -> None:
    ben = colleague(database, "ben")
    for reason in ("no_time", "facts_missing", "no_time"):
        lead = new_lead(database)
        write(database, handovers.hand_over, lead, ben, by=ada)
        write(database, handovers.decline, lead, by=ben, reason=reason)
    for kind, counts in (("real", {"no_time": 2, "facts_missing": 1}), ("demo", {})):
        of = ResponseFilter(kind, clock().date(), clock().date())
        assert read(database, agency_numbers.declined, of) == counts


def test_the_records_measure_the_agency(database: Database, clock: Clock, ada: int) -> None:
    reasons = [""] * 5 + ["price"] * 4 + ["no_answer"] * 2
    for number in range(12):
        with database.writing() as session:
            token = drafts.start(session, "2026-12", "quick", {"ref": "fair"})
            result = submission.submit(session, token, new_submission())
            submission.save_contact(session, result, CONTACT)
        lead = lead_of(database, result).id
        clock.go_on(minutes=2)
        write(database, actions.log_contact, lead, by=ada, channel="phone", reached=True)
        if number < len(reasons):
            stage: Stage = "lost" if reasons[number] else "won"
            write(database, actions.move, lead, stage, by=ada, reason=reasons[number])
        else:
            on = clock().date() + timedelta(days=3)
            write(database, actions.schedule_follow_up, lead, on, by=ada)
    clock.go_on(days=31)
    real, demo = (read(database, read_records, demo=demo) for demo in (False, True))
    assert len(real.recent) == len(real.older) == 12
    assert (demo.recent, demo.won_sources) == ([], [])
    assert {one.id: one.rung for one in measure(real, Office(), clock())} == {
        "reply_time": 4,
        "tries": None,
        # Of the last ten, three won and four lost for a reason.
        "outcomes": 2,
        "dates_kept": None,
        "known_sources": 3,
    }
