"""Leads: finished checks, as they were frozen, and whom they came from."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Select, func, select

from consult.crypto import token_hash
from consult.questionnaire import Answer
from consult.storage.db.database import Session
from consult.storage.drafts import drafts
from consult.storage.jobs import enqueue_documents
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow

_COMPLETIONS_NEEDED = 20
_COMPLETIONS_LOOKED_AT = 500
_COMPLETIONS_WALKED = 5_000
JsonObject = Mapping[str, Any]
# A submission, the source of its check, and its contact, if there is one.
_Leads = Select[SubmissionRow, dict[str, Any], ContactRow | None]

_LEADS: _Leads = (
    select(SubmissionRow, DraftRow.source, ContactRow)
    .join(DraftRow, DraftRow.id == SubmissionRow.draft_id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to, and the consent text they were shown beside the fields."""

    name: str
    email: str
    business: str
    phone: str | None
    wants_consult: bool
    consent_text: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead.

    Attributes:
        source: how its owner came, by ``consult.workflow.sources``.
        contact: None while its owner has not left one.
        report_revision: which revision of the PDFs is the current one; an older stored document
            is about to be replaced.
        consented_at: when the contact was left or last corrected.
        seconds_taken: from starting the check to submitting it.
    """

    id: int
    submitted_at: datetime
    edition: str
    depth: str
    separation: float
    handoff: float
    archetype: str
    consult: str
    source: Mapping[str, str]
    contact: Contact | None
    demo: bool
    answers: JsonObject
    wording: JsonObject
    scorecard: JsonObject
    report: JsonObject
    report_revision: int
    consented_at: datetime | None
    seconds_taken: int


def by_result_token(session: Session, token: str) -> Lead | None:
    """The lead whose owner holds this result token, or None."""
    return _one(session, _LEADS.where(SubmissionRow.result_token_hash == token_hash(token)))


def by_id(session: Session, lead_id: int) -> Lead | None:
    """The lead with this id, or None."""
    return _one(session, _LEADS.where(SubmissionRow.id == lead_id))


def still_there(session: Session, lead_ids: Collection[int]) -> set[int]:
    """Those of some leads that were not deleted."""
    return set(session.scalars(select(SubmissionRow.id).where(SubmissionRow.id.in_(lead_ids))))


def ask_for_documents(session: Session, lead_id: int) -> None:
    """Ask for the PDFs of a lead, if nobody has yet; those of a demo lead wait for this."""
    # Whoever is just deleting it is waited for.
    row = session.get(SubmissionRow, lead_id, with_for_update={"read": True, "key_share": True})
    if row is not None:
        enqueue_documents(session, row.id, row.report_revision)


def usual_seconds(session: Session, depth: str) -> int | None:
    """The median time that owners lately took for a check of this depth, in seconds.

    None until twenty of them have finished one. Demo data does not count.
    """
    newest = SubmissionRow.submitted_at.desc()
    moments = select(SubmissionRow.submitted_at).order_by(newest)
    # Of a depth that hardly anybody takes, the start page must not look through all ever made.
    oldest = session.scalar(moments.offset(_COMPLETIONS_WALKED).limit(1))
    of_late = [] if oldest is None else [SubmissionRow.submitted_at > oldest]
    taken = session.scalars(
        select(SubmissionRow.seconds_taken)
        .where(SubmissionRow.depth == depth, SubmissionRow.demo.is_(False), *of_late)
        .order_by(newest)
        .limit(_COMPLETIONS_LOOKED_AT)
    ).all()
    return round(median(taken)) if len(taken) >= _COMPLETIONS_NEEDED else None


def count(session: Session) -> int:
    """How many leads there are."""
    return session.scalar(select(func.count()).select_from(SubmissionRow)) or 0


def scored(session: Session) -> Iterator[tuple[str, Mapping[str, Answer], JsonObject]]:
    """The depth, answers and scorecard of every lead, oldest first, a few at a time."""
    rows = session.execute(
        select(SubmissionRow.depth, SubmissionRow.answers, SubmissionRow.scorecard)
        .order_by(SubmissionRow.id)
        .execution_options(yield_per=200)
    )
    for depth, answers, scorecard in rows:
        yield depth, {id: drafts.as_answer(given) for id, given in answers.items()}, scorecard


def _one(session: Session, query: _Leads) -> Lead | None:
    found = session.execute(query).first()
    return as_lead(*found) if found else None


def as_lead(row: SubmissionRow, source: Mapping[str, str], contact: ContactRow | None) -> Lead:
    """A lead from its rows; `source` is that of its check."""
    return Lead(
        id=row.id,
        submitted_at=row.submitted_at,
        edition=row.edition,
        depth=row.depth,
        separation=row.separation,
        handoff=row.handoff,
        archetype=row.archetype,
        consult=row.consult,
        source=source,
        contact=as_contact(contact),
        demo=row.demo,
        answers=row.answers,
        wording=row.wording,
        scorecard=row.scorecard,
        report=row.report,
        report_revision=row.report_revision,
        consented_at=contact.consented_at if contact else None,
        seconds_taken=row.seconds_taken,
    )


def as_contact(row: ContactRow | None) -> Contact | None:
    """A contact from its row, if there is one."""
    if row is None:
        return None
    return Contact(
        name=row.name,
        email=row.email,
        business=row.business,
        phone=row.phone,
        wants_consult=row.wants_consult,
        consent_text=row.consent_text,
    )
