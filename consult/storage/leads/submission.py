"""Submission: a finished draft is frozen, once, and its owner leaves a contact."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from sqlalchemy import select, update

from consult.crypto import result_token, token_hash
from consult.storage import page_events
from consult.storage.db.database import Session
from consult.storage.deliveries import enqueue_report_email
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.drafts.drafts import Draft
from consult.storage.jobs import enqueue_documents
from consult.storage.leads.assignment import default_assignee, lock_assignments, next_assignee
from consult.storage.leads.leads import JsonObject, record_event, reply_clock
from consult.storage.notifications.notifications import notify
from consult.storage.search_index import index_lead
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.workflow.office_hours import Office
from consult.workflow.stages import came_from


class UnknownDraftError(LookupError):
    """There is no draft behind a token: it is unknown, or the draft has expired."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """Who to write to, and the consent text they were shown beside the fields."""

    name: str
    email: str
    business: str
    phone: str | None
    wants_consult: bool
    consent_text: str

    @classmethod
    def of(cls, row: ContactRow) -> Self:
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """What is frozen when a draft is submitted.

    The answers are those on the path, the wording is as it was shown, and the report is everything
    that the result page, the PDF and the staff page say. Scores are the confirmed ones, 0 to 100.
    """

    edition: str
    depth: str
    answers: JsonObject
    wording: JsonObject
    scorecard: JsonObject
    report: JsonObject
    separation: float
    handoff: float
    archetype: str
    consult: str
    demo: bool = False


def submit(
    session: Session,
    draft_token: str,
    new: NewSubmission,
    office: Office | None = None,
    draft: Draft | None = None,
) -> str:
    """Freeze a draft, once, make a lead of it and request its PDFs, in one transaction.

    Returns the token of the result page; a second call changes nothing and returns the same. The
    `office` says who gets new leads. A caller that has loaded the `draft` with ``lock`` in this
    session passes it, so that the frozen answers are the last ones saved. Raises UnknownDraftError.
    """
    draft = draft or drafts.load(session, draft_token, lock=True)
    if draft is None:
        raise UnknownDraftError
    token = result_token(draft_token)
    if draft.submitted:
        return token
    now = session.now()
    row = SubmissionRow(
        **{field.name: getattr(new, field.name) for field in fields(new)},
        draft_id=draft.id,
        result_token_hash=token_hash(token),
        submitted_at=now,
        # Another machine's clock may have been faster.
        seconds_taken=max(0, round((now - draft.started_at).total_seconds())),
        report_revision=1,
    )
    session.add(row)
    session.flush()
    page_events.record_submission(session, draft.id, draft.counted_by, row.id, draft.updated_at)
    reminder_consent.delete_of_draft(session, draft.id)
    _add_lead(session, row, draft.source, office or Office())
    _enqueue_documents(session, row)
    notify(session, row.id, "finished")
    return token


def save_contact(
    session: Session,
    token: str,
    contact: NewContact,
    mail_link: str | None = None,
    office: Office | None = None,
) -> bool:
    """Save or correct the contact of a result, and request its PDFs again, in the owner's name.

    The same contact again (a double click, a reload) changes nothing. The first one starts the
    reply clock, by the hours of the `office`. `mail_link` is the address of the result page, for
    the mail with the report, which is sent to an address that is new or corrected; None sends none.

    Returns whether the result token is known.
    """
    row = _lock(session, token)
    if row is None:
        return False
    stored = session.get(ContactRow, row.id)
    if stored is None:
        _start_clock(session, row.id, office or Office())
        stored = ContactRow(submission_id=row.id)
        session.add(stored)
    elif all(getattr(stored, name) == value for name, value in asdict(contact).items()):
        return True
    is_new_address = stored.email != contact.email
    for name, value in asdict(contact).items():
        setattr(stored, name, value)
    stored.consented_at = session.now()
    row.report_revision += 1
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == row.id)
        .values(wants_consult=contact.wants_consult)
    )
    page_events.record_reached(session, row.id, contact=True, consult=contact.wants_consult)
    index_lead(session, row.id)
    _enqueue_documents(session, row)
    notify(session, row.id, "contact_given")
    if contact.wants_consult:
        notify(session, row.id, "consult_wanted")
    if mail_link and is_new_address:
        enqueue_report_email(session, row.id, contact.email, mail_link)
    return True


def _enqueue_documents(session: Session, row: SubmissionRow) -> None:
    # Two thousand demo reports would keep an owner waiting for hours: see `ask_for_documents`.
    if not row.demo:
        enqueue_documents(session, row.id, row.report_revision)


def _add_lead(
    session: Session, row: SubmissionRow, source: Mapping[str, str], office: Office
) -> None:
    lock_assignments(session)
    origin = came_from(source)
    if row.demo:
        assignee = default_assignee(session, office.new_leads_to)
    else:
        assignee = next_assignee(session, office, origin)
    session.add(
        LeadRow(
            submission_id=row.id,
            version=1,
            stage="new",
            stage_since=row.submitted_at,
            assignee_id=assignee,
            submitted_at=row.submitted_at,
            demo=row.demo,
            archetype=row.archetype,
            separation=row.separation,
            handoff=row.handoff,
            source=origin,
            wants_consult=False,
        )
    )
    session.flush()
    if assignee is not None:
        record_event(session, row.id, "assigned", to=assignee)


def _lock(session: Session, token: str) -> SubmissionRow | None:
    """The submission with this result token, locked until the transaction ends."""
    found = select(SubmissionRow).where(SubmissionRow.result_token_hash == token_hash(token))
    # The lead first, as staff do and as deleting it does: another order could deadlock. The next
    # statement sees what they changed in the meantime.
    of_result = found.with_only_columns(SubmissionRow.id)
    lead = select(LeadRow.submission_id).where(LeadRow.submission_id.in_(of_result))
    session.execute(lead.with_for_update())
    return session.scalar(found.execution_options(populate_existing=True))


def _start_clock(session: Session, lead_id: int, office: Office) -> None:
    """Start the reply clock, unless staff have contacted the owner; no lead is snoozed then.

    Undoing what staff did just before would stop the clock again, so that is no longer possible.
    """
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == lead_id, LeadRow.first_contact_at.is_(None))
        .values(follow_up_on=None, replaced=None, **reply_clock(office, session.now()))
    )
    record_event(session, lead_id, "contact_left")
