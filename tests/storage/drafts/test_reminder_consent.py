"""Permission to send one reminder: with what it is deleted, and that it is used once."""

import pytest

from consult.storage.audit import audit_log
from consult.storage.db.database import Database
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.leads import submission
from consult.storage.privacy import data_export, erasure, retention
from consult.storage.tables.delivery_tables import JobRow
from tests.support.databases import Clock, read, write
from tests.support.lead_factories import new_lead
from tests.support.submissions import CONTACT, new_submission

ADDRESS = "ada@example.com"


def granted(database: Database, address: str = ADDRESS) -> tuple[str, int]:
    """A draft whose owner granted permission: its token, and the id of the permission."""
    with database.writing() as session:
        token = drafts.start(session, "2026-12", "quick", {})
        draft = drafts.load(session, token)
        assert draft is not None
        reminder_consent.grant(session, draft.id, address, "Once.", b"encrypted")
        consent = reminder_consent.of_draft(session, draft.id)
    assert consent is not None
    return token, consent.id


def is_stored(database: Database, address: str = ADDRESS) -> bool:
    return read(database, reminder_consent.has_address, address)


def test_it_is_deleted_when_the_draft_is_submitted(database: Database) -> None:
    token, _ = granted(database)
    assert is_stored(database, ADDRESS.upper())
    write(database, submission.submit, token, new_submission())
    assert not is_stored(database)


def test_it_expires_with_its_draft_and_is_deleted_with_it(database: Database, clock: Clock) -> None:
    _, consent_id = granted(database)
    clock.go_on(days=30, seconds=1)
    with database.writing() as session:
        assert reminder_consent.unused(session) == []
        assert reminder_consent.get(session, consent_id) is None
        assert reminder_consent.unfinished_by_page(session) == {}
        retention.purge(session, lead_days=730)
    assert not is_stored(database)


def test_one_person_gets_one_reminder_and_their_address_is_deleted(database: Database) -> None:
    _, first = granted(database)
    _, second = granted(database, ADDRESS.upper())
    with database.writing() as session:
        assert reminder_consent.request_send(session, first)
        assert not reminder_consent.request_send(session, first)
        assert [consent.id for consent, *_ in reminder_consent.unused(session)] == [first]
        assert not reminder_consent.request_send(session, second)
        (job,) = session.query(JobRow).filter_by(kind="email_reminder")
        assert job.payload == {"consent_id": first}
        reminder_consent.record_sent(session, first)
        assert not reminder_consent.request_send(session, first)
        assert reminder_consent.unused(session) == []
        assert reminder_consent.sent_count(session) == 1
    assert not is_stored(database)


def test_it_is_exported_with_its_person_and_deleted_with_their_leads(database: Database) -> None:
    granted(database, CONTACT.email.upper())
    granted(database, "else@example.com")
    lead_id = new_lead(database, contact=True)
    with database.writing() as session:
        (consent,) = data_export.export(session, [lead_id])["reminder_consents"]
        assert (consent["address"], consent["consent_text"]) == (CONTACT.email.upper(), "Once.")
        erasure.erase(session, [lead_id], "anonymise", by=None, reason="requested")
    assert not is_stored(database, CONTACT.email)
    assert is_stored(database, "else@example.com")


def test_unfinished_responses_are_counted_by_page(database: Database) -> None:
    with database.writing() as session:
        for demo in (False, False, True):
            drafts.start(session, "2026-12", "quick", {}, demo=demo)
        assert reminder_consent.unfinished_by_page(session) == {"": 2}
        assert not audit_log.newest(session, limit=1)


@pytest.mark.parametrize("used", ["requested", "sent"])
def test_a_permission_that_was_used_is_not_granted_again(database: Database, used: str) -> None:
    _, consent_id = granted(database)
    with database.writing() as session:
        reminder_consent.request_send(session, consent_id)
        if used == "sent":
            reminder_consent.record_sent(session, consent_id)
        draft_id = reminder_consent.get(session, consent_id).draft_id  # type: ignore[union-attr] # is there
        reminder_consent.grant(session, draft_id, "other@example.com", "Once.", b"encrypted")
    assert not is_stored(database, "other@example.com")
