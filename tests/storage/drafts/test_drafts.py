"""Drafts: start, load, save; expiry; what the tokens reveal."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from consult.questionnaire import Answer
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import submission
from tests.support.databases import Clock, read, write
from tests.support.submissions import new_submission


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
