"""Submission: a finished draft is frozen, once, and its owner leaves a contact.

Of a contact that is probably spam, nobody is notified and no mail is sent until its owner confirms
the address or staff clear it: then everything happens that would have happened, in the same order.
The reply clock starts then, too: until then, its page promises a reply only after the confirmation.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Self

from sqlalchemy import select

from consult.crypto import new_token, result_token, token_hash
from consult.storage import page_events
from consult.storage.db.database import Session
from consult.storage.deliveries import CONFIRM, REPORT, email_bookings, email_owner
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.drafts.drafts import Draft
from consult.storage.jobs import CHECK_ADDRESS, enqueue, enqueue_documents
from consult.storage.leads import changes
from consult.storage.leads.assignment import default_assignee, lock_assignments, next_assignee
from consult.storage.leads.leads import JsonObject, lock_by_result, record_event, start_clock
from consult.storage.notifications.notifications import notify
from consult.storage.search_index import index_lead
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from consult.workflow.office_hours import NINE_TO_FIVE, Office
from consult.workflow.spam import Signs, is_suspect
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
    best_time: str | None = None

    @classmethod
    def of(cls, row: ContactRow) -> Self:
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Screening:
    """What is known of the form that brought a contact.

    `signs` are those of a robot. `must_confirm` is whether the address is to be confirmed in any
    case, and `look_up` whether DNS is asked if mail reaches it.
    `waiting_token` is the encrypted token of the result, for the mail with the report if it waits.
    """

    signs: Signs = field(default_factory=dict)
    must_confirm: bool = False
    waiting_token: bytes = b""
    look_up: bool = False

    @property
    def waits(self) -> bool:
        """Whether the report is mailed only once the address is confirmed."""
        return self.must_confirm or is_suspect(self.signs)


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
    office: Office = NINE_TO_FIVE,
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
    lead = _add_lead(session, row, draft.source, office)
    _enqueue_documents(session, row)
    notify(session, lead, "finished")
    return token


def save_contact(
    session: Session,
    token: str,
    contact: NewContact,
    mail_link: str | None = None,
    office: Office = NINE_TO_FIVE,
    screening: Screening | None = None,
) -> bool:
    """Save or correct the contact of a result, and request its PDFs again, in the owner's name.

    The same contact again (a double click, a reload) changes nothing. The first one starts the
    reply clock, by the hours of the `office`. `mail_link` is the address of the result page, for
    the mail with the report, which is sent to an address that is new or corrected; None sends none.

    With a `screening` that finds it suspect, the lead is marked as such, and nobody is notified. A
    lead that staff were once notified of stays what it is; of a suspect correction, only the mail
    waits. Without one, what is known of the contact counts.

    Returns whether the result token is known.
    """
    lead, row = lock_by_result(session, token)
    if lead is None or row is None:
        return False
    stored = session.get(ContactRow, row.id)
    was_known = stored is not None and not lead.suspect
    screening = screening or Screening(signs=stored.signs if stored else {})
    if stored is None:
        record_event(session, row.id, "contact_left")
        stored = ContactRow(submission_id=row.id)
        session.add(stored)
    elif NewContact.of(stored) == contact:
        return True
    is_new_address = stored.email != contact.email
    _fill(stored, contact, screening, session.now())
    row.report_revision += 1
    lead.wants_consult = contact.wants_consult
    lead.suspect = not was_known and is_suspect(screening.signs)
    if lead.suspect:
        page_events.record_reached(session, row.id, suspect=True)
    else:
        _announce(session, lead, was_known=was_known, office=office)
    index_lead(session, row.id)
    _enqueue_documents(session, row)
    if is_new_address:
        if mail_link and not screening.waits:
            email_owner(session, REPORT, row.id, contact.email, mail_link)
        if screening.look_up:
            enqueue(session, CHECK_ADDRESS, {}, submission_id=row.id)
        email_bookings(session, row.id)
    return True


def _fill(stored: ContactRow, new: NewContact, screening: Screening, now: datetime) -> None:
    if stored.email != new.email:
        stored.confirm_hash = None
        stored.waiting_token = (screening.waiting_token or None) if screening.waits else None
    for name, value in asdict(new).items():
        setattr(stored, name, value)
    stored.consented_at, stored.signs = now, dict(screening.signs)


def locked_contact(session: Session, token: str) -> NewContact | None:
    """The contact of a result, if any, which nobody else saves until the transaction ends."""
    row = lock_by_result(session, token)[1]
    stored = session.get(ContactRow, row.id) if row else None
    return NewContact.of(stored) if stored else None


def add_signs(session: Session, lead_id: int, address: str, signs: Signs) -> None:
    """Add what was found out about the address of a contact, unless it has another by now."""
    stored = session.get(ContactRow, lead_id, with_for_update=True)
    if stored and stored.email == address:
        stored.signs = {**stored.signs, **signs}
        session.flush()


def _announce(session: Session, lead: LeadRow, *, was_known: bool, office: Office) -> None:
    """Start the reply clock of a contact, count it, and notify staff and other apps."""
    if not was_known and lead.first_contact_at is None:  # no lead is snoozed then
        # Undoing what staff did just before would stop the clock again.
        lead.follow_up_on = lead.replaced = None
        start_clock(lead, office, session.now())
    session.flush()
    lead_id, consult = lead.submission_id, lead.wants_consult
    page_events.record_reached(session, lead_id, contact=True, consult=consult)
    notify(session, lead, "contact_given")
    if consult:
        notify(session, lead, "consult_wanted")


def request_confirmation(session: Session, token: str, base_url: str) -> None:
    """Mail the owner of a result the link to confirm their address, if a report waits for that.

    Each link voids the one before.
    """
    _, row = lock_by_result(session, token)
    stored = session.get(ContactRow, row.id) if row else None
    if stored and stored.waiting_token:
        confirm_token = new_token()
        stored.confirm_hash = token_hash(confirm_token)
        session.flush()
        link = f"{base_url}/confirm/{confirm_token}"
        email_owner(session, CONFIRM, stored.submission_id, stored.email, link)


def to_confirm(session: Session, confirm_token: str) -> ContactRow | None:
    """The contact that a link confirms; without a ``waiting_token``, it was confirmed before."""
    hashed = token_hash(confirm_token)
    return session.scalar(select(ContactRow).where(ContactRow.confirm_hash == hashed))


def confirm(
    session: Session, confirm_token: str, mail_link: str | None, office: Office = NINE_TO_FIVE
) -> None:
    """The owner confirms their address: do all that waited for it, once.

    There is no `mail_link` where the result's token can't be decrypted any more.
    """
    hashed = token_hash(confirm_token)
    of_link = select(ContactRow.submission_id).where(ContactRow.confirm_hash == hashed)
    lead = session.scalar(
        select(LeadRow).where(LeadRow.submission_id.in_(of_link)).with_for_update()
    )
    stored = to_confirm(session, confirm_token)
    if lead is None or stored is None or stored.waiting_token is None:
        return
    record_event(session, lead.submission_id, "confirmed")
    page_events.record_reached(session, lead.submission_id, confirmed=True)
    _release(session, lead, stored, mail_link, office)
    stored.waiting_token = None
    session.flush()


def clear_spam(
    session: Session,
    lead_id: int,
    *,
    by: int,
    version: int | None = None,
    mail_link: str | None = None,
    office: Office = NINE_TO_FIVE,
) -> LeadRow:
    """Staff say that a lead is not spam: do all that waited for it.

    Without a `mail_link`, the report still waits for its owner to confirm the address.
    """
    lead = changes.lock_lead(session, lead_id, by=by, version=version, spam_too=True)
    if not lead.suspect:
        raise changes.NotAllowedError("This lead isn’t marked as spam.")
    changes.record_change(session, lead, "cleared", by)
    page_events.record_reached(session, lead_id, cleared=True)
    _release(session, lead, session.get(ContactRow, lead_id), mail_link, office)
    changes.save_change(session, lead, "lead.cleared", by)
    lead.replaced = None  # what was sent can't be undone
    session.flush()
    return lead


def _release(
    session: Session,
    lead: LeadRow,
    stored: ContactRow | None,
    mail_link: str | None,
    office: Office,
) -> None:
    is_released = lead.suspect and stored is not None
    lead.suspect = False
    if is_released:
        _announce(session, lead, was_known=False, office=office)
        changes.sync_booking(session, lead.submission_id, released=True)
    if stored and stored.waiting_token and mail_link:
        stored.waiting_token = None
        email_owner(session, REPORT, lead.submission_id, stored.email, mail_link)
    session.flush()
    if not is_released:
        email_bookings(session, lead.submission_id)


def _enqueue_documents(session: Session, row: SubmissionRow) -> None:
    # Two thousand demo reports would keep an owner waiting for hours: see `ask_for_documents`.
    if not row.demo:
        enqueue_documents(session, row)


def _add_lead(
    session: Session, row: SubmissionRow, source: Mapping[str, str], office: Office
) -> LeadRow:
    lock_assignments(session)
    origin = came_from(source)
    if row.demo:
        assignee = default_assignee(session, office.new_leads_to)
    else:
        assignee = next_assignee(session, office, origin)
    lead = LeadRow(
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
    session.add(lead)
    session.flush()
    if assignee is not None:
        record_event(session, row.id, "assigned", to=assignee)
    return lead
