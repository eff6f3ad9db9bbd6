"""Drafts: start, load, save; expiry; what the tokens reveal; and permission for one reminder."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from consult.questionnaire.questions import Answer
from consult.storage.audit import audit_log
from consult.storage.db.database import Database
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.leads import submission
from consult.storage.privacy import data_export, erasure, retention
from consult.storage.tables.delivery_tables import JobRow
from tests.support.databases import Clock, read, write
from tests.support.lead_factories import new_lead
from tests.support.submissions import CONTACT, new_submission


def started(database: Database) -> str:
    return write(database, drafts.start, "2026-12", "quick", {"utm_source": "letter"})


def save(database: Database, token: str, changes: drafts.Changes) -> drafts.Draft | None:
    return write(database, drafts.save, token, changes)


def load(database: Database, token: str) -> drafts.Draft | None:
    """A draft, the same for those who only look at it."""
    draft = read(database, drafts.load, token)
    assert draft == drafts.fetch(database, token)
    return draft


def loaded(database: Database, token: str) -> drafts.Draft:
    draft = load(database, token)
    assert draft is not None
    return draft


def test_a_new_draft_is_empty_and_stores_its_source(database: Database, clock: Clock) -> None:
    source, elapsed = {"utm_source": "letter"}, timedelta(minutes=5)
    token = write(database, drafts.start, "2026-12", "full", source, elapsed=elapsed)
    draft = loaded(database, token)
    assert (draft.edition, draft.depth, draft.answers) == ("2026-12", "full", {})
    assert (draft.source, draft.submitted) == (source, False)
    assert (draft.started_at, draft.updated_at) == (clock() - elapsed, clock())


def test_a_draft_stores_the_edition_of_its_last_answers(database: Database) -> None:
    token = started(database)
    saved = write(database, drafts.save, token, {"marketing_by": ("me", "base")}, "2027-01")
    assert saved == load(database, token)
    assert saved is not None
    assert saved.edition == "2027-01"
    save(database, token, {"marketing_by": ("staff", "base")})
    assert loaded(database, token).edition == "2027-01"


@pytest.mark.parametrize(
    "answer",
    ["<b>&amp;</b>", "日本語 עברית 👩‍👩‍👧", "\u202e\x01\x00", "\ud800", "x" * 10_000, ()],
    ids=["html", "scripts", "control", "surrogate", "long", "none of them"],
)
def test_any_text_comes_back_unchanged(database: Database, answer: Answer) -> None:
    token = started(database)
    save(database, token, {"a": (answer, "solo")})
    assert loaded(database, token).answers == {"a": answer}


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 10_000, "\ud800", "\x00", "ключ"])
def test_an_unknown_token_opens_no_draft(database: Database, token: str) -> None:
    started(database)
    assert load(database, token) is None
    assert save(database, token, {"a": (1, "solo")}) is None


def test_a_draft_expires_when_idle_and_not_before(database: Database, clock: Clock) -> None:
    token = started(database)
    clock.go_on(days=29)
    save(database, token, {"a": (1, "solo")})
    clock.go_on(days=30)
    assert load(database, token) is not None
    clock.go_on(seconds=1)
    assert load(database, token) is None
    assert save(database, token, {"a": (2, "solo")}) is None
    with pytest.raises(submission.UnknownDraftError):
        write(database, submission.submit, token, new_submission())


def test_the_database_stores_no_token_that_works(database: Database) -> None:
    token = started(database)
    result = write(database, submission.submit, token, new_submission())
    with database.reading() as session:
        for table in ("drafts", "submissions", "jobs"):
            for row in session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608
                assert token not in str(row)
                assert result not in str(row)


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


def test_it_is_found_by_an_address_with_letters_beyond_ascii(database: Database) -> None:
    granted(database, "Åsa@example.com")
    assert is_stored(database, "Åsa@EXAMPLE.com")


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
        retention.purge(session)
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
