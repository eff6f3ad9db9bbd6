"""Leads: finished checks, frozen, and whom they came from. Submit once, look up."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Select, func, select, update

from consult.questionnaire import Answer
from consult.relay.clock import Office
from consult.storage import checks, folding, leaves, outcomes
from consult.storage.counters import Numbers
from consult.storage.database import Session
from consult.storage.desk_tables import LeadRow
from consult.storage.jobs import enqueue_documents
from consult.storage.mails import ask_for_mail
from consult.storage.models import CheckRow, ContactRow, SubmissionRow
from consult.storage.notices import note
from consult.storage.roster import catcher, keep_roster
from consult.storage.timeline import note_event
from consult.storage.tokens import result_token, token_hash

_COMPLETIONS_NEEDED = 20
_COMPLETIONS_LOOKED_AT = 500
_COMPLETIONS_WALKED = 5_000

JsonObject = Mapping[str, Any]

# A submission, the source of its check, and its contact, if there is one.
_Leads = Select[SubmissionRow, dict[str, Any], ContactRow | None]
_LEADS: _Leads = (
    select(SubmissionRow, CheckRow.source, ContactRow)
    .join(CheckRow, CheckRow.id == SubmissionRow.check_id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
)


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
        source: how its owner came, by ``consult.relay.sources``.
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


def submit(
    session: Session,
    check_token: str,
    new: NewSubmission,
    office: Office | None = None,
    numbers: Numbers | None = None,
) -> str:
    """Freeze a check, once, put it before the staff and ask for its PDFs, in one transaction.

    A second call changes nothing and gives the same token, whatever it brings. To be sure that the
    frozen answers are the last ones saved, load the check with ``hold`` in the same session.

    Args:
        session: a writing one.
        check_token: as ``checks.start`` returned it.
        new: what to freeze.
        office: who catches the lead; the usual office, if left out.
        numbers: where its pages are counted, for who hands in many and adds them up; at once in the
            database, if left out.

    Returns:
        The token of the result page.

    Raises:
        UnknownCheckError: the token is unknown, or the draft has expired.
    """
    check = checks.load(session, check_token, hold=True)
    if check is None:
        raise UnknownCheckError
    token = result_token(check_token)
    if check.submitted:
        return token
    now = session.now()
    row = SubmissionRow(
        check_id=check.id,
        result_token_hash=token_hash(token),
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
    session.add(row)
    session.flush()
    folding.finish(session, check, demo=new.demo, numbers=numbers)
    leaves.end(session, check.id)
    outcomes.begin(session, row.id, check, demo=new.demo)
    _open_desk(session, row, check.source, office or Office())
    _enqueue_documents(session, row)
    note(session, row.id, "finished")
    return token


def by_result_token(session: Session, token: str) -> Lead | None:
    """The lead whose owner holds this result token, or None."""
    return _one(session, _LEADS.where(SubmissionRow.result_token_hash == token_hash(token)))


def still_there(session: Session, lead_ids: Collection[int]) -> set[int]:
    """Those of some leads that were not deleted."""
    return set(session.scalars(select(SubmissionRow.id).where(SubmissionRow.id.in_(lead_ids))))


def by_id(session: Session, lead_id: int) -> Lead | None:
    """The lead with this id, or None."""
    return _one(session, _LEADS.where(SubmissionRow.id == lead_id))


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
    is_it = SubmissionRow.result_token_hash == token_hash(token)
    # The lead first, as at its desk and when it is deleted: whoever began with another of its rows
    # would wait for them, and they for it. The next statement sees what they did meanwhile.
    session.execute(
        select(LeadRow.submission_id)
        .join(SubmissionRow, SubmissionRow.id == LeadRow.submission_id)
        .where(is_it)
        .with_for_update(of=LeadRow)
    )
    row = session.scalar(
        select(SubmissionRow).where(is_it).execution_options(populate_existing=True)
    )
    if row is None:
        return False
    stored = session.get(ContactRow, row.id)
    if stored is None:
        _start_clock(session, row.id, office or Office())
        stored = ContactRow(submission_id=row.id)
        session.add(stored)
    elif _contact(stored) == contact:
        return True
    is_new_address = stored.email != contact.email
    stored.name = contact.name
    stored.email = contact.email
    stored.business = contact.business
    stored.phone = contact.phone
    stored.wants_consult = contact.wants_consult
    stored.consent_text = contact.consent_text
    stored.consented_at = session.now()
    row.report_revision += 1
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == row.id)
        .values(wants_consult=contact.wants_consult)
    )
    outcomes.note_contact(session, row.id, wants_consult=contact.wants_consult)
    session.flush()
    _enqueue_documents(session, row)
    note(session, row.id, "contact_given")
    if contact.wants_consult:
        note(session, row.id, "consult_wanted")
    if mail_link and is_new_address:
        ask_for_mail(session, row.id, contact.email, mail_link)
    return True


def ask_for_documents(session: Session, lead_id: int) -> None:
    """Ask for the PDFs of a lead, if nobody has yet; those of a demo lead wait for this."""
    row = session.get(SubmissionRow, lead_id)
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
        yield depth, {id: checks.as_answer(given) for id, given in answers.items()}, scorecard


def _enqueue_documents(session: Session, row: SubmissionRow) -> None:
    # Two thousand made-up reports would keep an owner waiting for hours: see `ask_for_documents`.
    if not row.demo:
        enqueue_documents(session, row.id, row.report_revision)


def _open_desk(
    session: Session, row: SubmissionRow, source: Mapping[str, str], office: Office
) -> None:
    """Put a new lead before the staff, in the hands of who catches new ones."""
    keep_roster(session)
    holder = catcher(session, office.new_leads_to)
    session.add(
        LeadRow(
            submission_id=row.id,
            version=1,
            stage="new",
            stage_since=row.submitted_at,
            holder_id=holder,
            submitted_at=row.submitted_at,
            demo=row.demo,
            archetype=row.archetype,
            separation=row.separation,
            handoff=row.handoff,
            source=source.get("utm_source") or source.get("ref") or "",
            wants_consult=False,
        )
    )
    session.flush()
    if holder is not None:
        note_event(session, row.id, "given", to=holder)


def _start_clock(session: Session, lead_id: int, office: Office) -> None:
    """Count the time to reply from now, unless somebody got in touch already.

    Whoever has not said who they are cannot be reached, and waits for nothing.
    """
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == lead_id, LeadRow.first_contact_at.is_(None))
        .values(due_at=office.due_at(session.now()))
    )
    note_event(session, lead_id, "contact_left")


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
        contact=_contact(contact),
        demo=row.demo,
        answers=row.answers,
        wording=row.wording,
        scorecard=row.scorecard,
        report=row.report,
        report_revision=row.report_revision,
        consented_at=contact.consented_at if contact else None,
        seconds_taken=row.seconds_taken,
    )


def _contact(row: ContactRow | None) -> Contact | None:
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
