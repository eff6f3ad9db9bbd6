"""Handing in: a check is frozen, once, and its owner says whom to write to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update

from consult.crypto import result_token, token_hash
from consult.storage import page_events
from consult.storage.db.database import Session
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.drafts.drafts import Draft
from consult.storage.jobs import enqueue_documents
from consult.storage.leads.assignment import default_assignee, lock_assignments
from consult.storage.leads.leads import Contact, JsonObject, as_contact
from consult.storage.leads.timeline import record_event
from consult.storage.notifications.notifications import note
from consult.storage.notifications.report_mails import ask_for_mail
from consult.storage.search_index import index_lead
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.workflow.office_hours import Office
from consult.workflow.sources import came_from


class UnknownCheckError(LookupError):
    """There is no check to submit behind a token: it is unknown, or its draft has expired."""


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """What is frozen when a check is submitted.

    Attributes:
        answers: the on-path answers only.
        wording: the questions and choices as they were shown.
        scorecard: the contract's scorecard.
        report: everything that the result page, the PDF and the staff page say.
        separation: the confirmed score of the axis, 0 to 100; ``handoff`` likewise.
        archetype: its id.
        consult: ``yes``, ``optional`` or ``not_now``.
        demo: made up; never counted among real completions.
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
    check_token: str,
    new: NewSubmission,
    office: Office | None = None,
) -> str:
    """Freeze a check, once, put it before the staff and ask for its PDFs, in one transaction.

    A second call changes nothing and gives the same token, whatever it brings. To be sure that the
    frozen answers are the last ones saved, load the check with ``lock`` in the same session.

    Args:
        session: a writing one.
        check_token: as ``checks.start`` returned it.
        new: what to freeze.
        office: who catches the lead; the usual office, if left out.

    Returns:
        The token of the result page.

    Raises:
        UnknownCheckError: the token is unknown, or the draft has expired.
    """
    check = drafts.load(session, check_token, lock=True)
    if check is None:
        raise UnknownCheckError
    token = result_token(check_token)
    if check.submitted:
        return token
    row = _frozen(new, check, token_hash(token), session.now())
    session.add(row)
    session.flush()
    page_events.record_submission(session, check.id, check.counted_by, row.id, check.updated_at)
    reminder_consent.end(session, check.id)
    _open_desk(session, row, check.source, office or Office())
    _enqueue_documents(session, row)
    note(session, row.id, "finished")
    return token


def save_contact(
    session: Session,
    token: str,
    contact: Contact,
    mail_link: str | None = None,
    office: Office | None = None,
) -> bool:
    """Keep or correct the contact of a result, and ask for its PDFs anew, in the owner's name.

    The same contact again (a double click, a reload) changes nothing.

    Args:
        session: a writing one.
        token: the result's.
        contact: whom to write to.
        mail_link: the address of the result page, for the mail with the report, which goes to an
            address that is new or corrected; None sends no mail.
        office: when there is somebody to reply; the usual office, if left out. Before somebody
            says who they are, nobody can reply, so the time is counted from then.

    Returns:
        Whether the result token is known.
    """
    row = _hold(session, token)
    if row is None:
        return False
    stored = session.get(ContactRow, row.id)
    if stored is None:
        _start_clock(session, row.id, office or Office())
        stored = ContactRow(submission_id=row.id)
        session.add(stored)
    elif as_contact(stored) == contact:
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
    page_events.record_contact(session, row.id, wants_consult=contact.wants_consult)
    index_lead(session, row.id)
    _enqueue_documents(session, row)
    note(session, row.id, "contact_given")
    if contact.wants_consult:
        note(session, row.id, "consult_wanted")
    if mail_link and is_new_address:
        ask_for_mail(session, row.id, contact.email, mail_link)
    return True


def _frozen(new: NewSubmission, check: Draft, token_hash: str, now: datetime) -> SubmissionRow:
    return SubmissionRow(
        draft_id=check.id,
        result_token_hash=token_hash,
        submitted_at=now,
        edition=new.edition,
        depth=new.depth,
        answers=dict(new.answers),
        wording=dict(new.wording),
        scorecard=dict(new.scorecard),
        report=dict(new.report),
        separation=new.separation,
        handoff=new.handoff,
        archetype=new.archetype,
        consult=new.consult,
        seconds_taken=round((now - check.started_at).total_seconds()),
        demo=new.demo,
        report_revision=1,
    )


def _enqueue_documents(session: Session, row: SubmissionRow) -> None:
    # Two thousand made-up reports would keep an owner waiting for hours: see `ask_for_documents`.
    if not row.demo:
        enqueue_documents(session, row.id, row.report_revision)


def _open_desk(
    session: Session, row: SubmissionRow, source: Mapping[str, str], office: Office
) -> None:
    """Put a new lead before the staff, in the hands of who catches new ones."""
    lock_assignments(session)
    assignee = default_assignee(session, office.new_leads_to)
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
            source=came_from(source),
            wants_consult=False,
        )
    )
    session.flush()
    if assignee is not None:
        record_event(session, row.id, "assigned", to=assignee)


def _hold(session: Session, token: str) -> SubmissionRow | None:
    """The submission with this result token, kept for this transaction."""
    is_it = SubmissionRow.result_token_hash == token_hash(token)
    # The lead first, as at its desk and when it is deleted: whoever began with another of its rows
    # would wait for them, and they for it. The next statement sees what they did meanwhile.
    session.execute(
        select(LeadRow.submission_id)
        .join(SubmissionRow, SubmissionRow.id == LeadRow.submission_id)
        .where(is_it)
        .with_for_update(of=LeadRow)
    )
    return session.scalar(
        select(SubmissionRow).where(is_it).execution_options(populate_existing=True)
    )


def _start_clock(session: Session, lead_id: int, office: Office) -> None:
    """Count the time to reply from now, unless somebody got in touch already.

    Whoever has not said who they are cannot be reached, and waits for nothing.
    """
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == lead_id, LeadRow.first_contact_at.is_(None))
        .values(due_at=office.due_at(session.now()))
    )
    record_event(session, lead_id, "contact_left")
