"""Made-up submissions for tests that care about keeping them and not about what they say."""

from dataclasses import fields, replace
from typing import Any

from sqlalchemy import select

from consult.crypto import token_hash
from consult.storage.db.database import Database, Session
from consult.storage.drafts import drafts
from consult.storage.leads import leads, submission
from consult.storage.leads.submission import NewContact, NewSubmission
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow

CONTACT = NewContact(
    name="Ada Okafor",
    email="ada@example.com",
    business="Okafor Tents",
    phone=None,
    wants_consult=True,
    consent_text="You may write to me about my result.",
)

_SUBMISSION = NewSubmission(
    edition="2026-12",
    depth="quick",
    answers={"first_reply": {"value": 2, "as": "solo"}},
    wording={"first_reply": {"ask": "How fast do you reply?"}},
    scorecard={"separation": {"confirmed": 41.7}},
    report={"title": "Your relay"},
    separation=41.7,
    handoff=31.2,
    archetype="baton_on_the_floor",
    consult="yes",
)


SENTENCE = '=1+1 <b>"Ada"</b>\n\\u0041 \u202e🌴 {{ 7 * 7 }} ' + "w" * 260
WITH_SENTENCE: dict[str, dict[str, Any]] = {
    "answers": {"wish": SENTENCE, "leads": "10_19", "value": 12.5, "jobs": ["a", "b"]},
    "wording": {
        "wish": {"ask": "What should change?", "choices": {}},
        "leads": {"ask": "How many leads?", "choices": {"10_19": "10 to 19"}},
        "value": {"ask": "What is a sale worth?", "choices": {}},
        "jobs": {"ask": "What did you do?", "choices": {"a": "A", "b": "B"}},
    },
    "report": {"title": "Your relay", "own_words": SENTENCE, "more": [1.0, "é"]},
}
"""The overrides of a submission whose owner wrote a sentence of their own."""


def new_submission(**overrides: Any) -> NewSubmission:
    """A submission as scoring would make it; any part can be replaced."""
    return replace(_SUBMISSION, **overrides)


def submitted(database: Database, **overrides: Any) -> str:
    """Start a check, submit it, and return the result's token."""
    with database.writing() as session:
        return submit_new(session, **overrides)


def submit_new(session: Session, **overrides: Any) -> str:
    token = drafts.start(session, "2026-12", "quick", {})
    return submission.submit(session, token, new_submission(**overrides))


def id_of(session: Session, result_token: str) -> int:
    """The id of the lead behind a result token that is known to exist."""
    its_hash = SubmissionRow.result_token_hash == token_hash(result_token)
    return session.scalars(select(SubmissionRow.id).where(its_hash)).one()


def save_contact(database: Database, token: str, link: str | None = None, **changes: Any) -> None:
    """Save CONTACT, or what it is changed to; with a link, its owner gets a mail."""
    with database.writing() as session:
        submission.save_contact(session, token, replace(CONTACT, **changes), link)


def left_contact(database: Database, **changes: Any) -> int:
    """A lead with a contact, no wish for a consult, and no assignee; returns its id."""
    contact = replace(CONTACT, **{"wants_consult": False, **changes})
    with database.writing() as session:
        token = submit_new(session)
        submission.save_contact(session, token, contact)
        lead_id = id_of(session, token)
        session.get_one(LeadRow, lead_id).assignee_id = None
    return lead_id


def lead_of(database: Database, result_token: str) -> SubmissionRow:
    """The lead behind a result token that is known to exist."""
    with database.reading() as session:
        lead = leads.by_result_token(session, result_token)
    assert lead is not None
    return lead


def contact_of(lead: SubmissionRow) -> NewContact | None:
    if lead.contact is None:
        return None
    return NewContact(**{one.name: getattr(lead.contact, one.name) for one in fields(NewContact)})


def newest_contact(database: Database) -> ContactRow:
    query = select(ContactRow).order_by(ContactRow.submission_id.desc()).limit(1)
    with database.reading() as session:
        return session.scalars(query).one()


def all_leads(database: Database) -> list[SubmissionRow]:
    """Every lead there is, oldest first."""
    with database.reading() as session:
        ids = session.scalars(select(LeadRow.submission_id).order_by(LeadRow.submission_id)).all()
        found = [leads.by_id(session, lead_id) for lead_id in ids]
    return [lead for lead in found if lead is not None]
