"""Leave to be written to once: with whom it goes, and that it is used once."""

import pytest

from consult.storage.audit import audit_log
from consult.storage.db.database import Database
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.leads import submission
from consult.storage.privacy import data_export, erasure, retention
from consult.storage.tables.submission_tables import JobRow
from tests.support.databases import Clock
from tests.support.submissions import CONTACT, lead_of, new_submission, submitted

ADDRESS = "ada@example.com"


def given(database: Database, address: str = ADDRESS) -> tuple[str, int]:
    """An unfinished check whose owner gave leave: its token, and the id of the leave."""
    with database.writing() as session:
        token = drafts.start(session, "2026-11", "quick", {})
        check = drafts.load(session, token)
        assert check is not None
        reminder_consent.give(session, check.id, address, "Once.", b"sealed")
        leave = reminder_consent.of_check(session, check.id)
    assert leave is not None
    return token, leave.id


def is_held(database: Database, address: str = ADDRESS) -> bool:
    with database.reading() as session:
        return reminder_consent.has_address(session, address)


def test_it_goes_when_the_check_is_handed_in(database: Database) -> None:
    token, _ = given(database)
    assert is_held(database, ADDRESS.upper())
    with database.writing() as session:
        submission.submit(session, token, new_submission())
    assert not is_held(database)


def test_it_goes_with_its_draft_and_is_not_used_on_its_last_evening(
    database: Database, clock: Clock
) -> None:
    _, leave_id = given(database)
    clock.go_on(days=30, seconds=1)
    with database.writing() as session:
        assert reminder_consent.open_leaves(session) == []
        assert reminder_consent.get(session, leave_id) is None
        assert reminder_consent.unfinished_by_page(session) == {}
        retention.purge(session, lead_days=730)
    assert not is_held(database)


def test_one_person_gets_one_mail_and_is_forgotten(database: Database) -> None:
    _, first = given(database)
    _, second = given(database, ADDRESS.upper())
    with database.writing() as session:
        assert reminder_consent.ask(session, first)
        assert not reminder_consent.ask(session, first)
        assert [leave.id for leave in reminder_consent.open_leaves(session)] == [first]
        assert not reminder_consent.ask(session, second)
        (job,) = session.query(JobRow).filter_by(kind="mail_unfinished")
        assert job.payload == {"leave_id": first}
        reminder_consent.record_written(session, first)
        assert not reminder_consent.ask(session, first)
        assert reminder_consent.open_leaves(session) == []
        assert reminder_consent.written(session) == 1
    assert not is_held(database)


def test_it_is_in_the_record_of_its_person_and_goes_with_their_leads(database: Database) -> None:
    given(database, CONTACT.email.upper())
    given(database, "else@example.com")
    result = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, result, CONTACT)
    lead_id = lead_of(database, result).id
    with database.writing() as session:
        (held,) = data_export.record_of(session, [lead_id])["leave_to_write"]
        assert (held["address"], held["consent_text"]) == (CONTACT.email.upper(), "Once.")
        erasure.erase(session, [lead_id], "anonymise", by=None, why="asked")
    assert not is_held(database, CONTACT.email)
    assert is_held(database, "else@example.com")


def test_where_unfinished_checks_stand_is_counted(database: Database) -> None:
    with database.writing() as session:
        for demo in (False, False, True):
            drafts.start(session, "2026-11", "quick", {}, demo=demo)
        assert reminder_consent.unfinished_by_page(session) == {"": 2}
        assert not audit_log.newest(session, limit=1)


@pytest.mark.parametrize("used", ["asked", "written"])
def test_a_leave_that_was_used_is_not_given_again(database: Database, used: str) -> None:
    _, leave_id = given(database)
    with database.writing() as session:
        reminder_consent.ask(session, leave_id)
        if used == "written":
            reminder_consent.record_written(session, leave_id)
        draft_id = reminder_consent.get(session, leave_id).draft_id  # type: ignore[union-attr] # is there
        reminder_consent.give(session, draft_id, "other@example.com", "Once.", b"sealed")
    assert not is_held(database, "other@example.com")
