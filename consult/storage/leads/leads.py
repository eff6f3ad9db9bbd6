"""Leads: submissions as they were frozen, with their contacts, and their timelines."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, TypeVar

from sqlalchemy import Integer, Row, Select, bindparam, func, select
from sqlalchemy.orm import aliased, joinedload

from consult.crypto import token_hash
from consult.questionnaire.questions import Answer
from consult.storage import documents, page_events
from consult.storage.audit import audit_log
from consult.storage.db.base import Base
from consult.storage.db.database import Database, Session
from consult.storage.documents import BRIEF, REPORT
from consult.storage.drafts import drafts
from consult.storage.jobs import enqueue_documents
from consult.storage.tables.booking_tables import ACTIVE, BookingRow
from consult.storage.tables.lead_tables import (
    TIME_TO_BOOK,
    Assessment,
    LeadEventRow,
    LeadRow,
    did_not_book,
)
from consult.storage.tables.submission_tables import (
    DocumentRow,
    DraftRow,
    PageVisitRow,
    ResponseStatsRow,
    SubmissionRow,
)
from consult.workflow.office_hours import Office

_MIN_COMPLETIONS = 20
_MAX_COMPLETIONS = 500
_MAX_SCANNED = 5_000
JsonObject = Mapping[str, Any]
Event = TypeVar("Event", LeadEventRow, Row[Any])

_LEADS = select(SubmissionRow).options(
    joinedload(SubmissionRow.draft).load_only(DraftRow.source), joinedload(SubmissionRow.contact)
)

# Built once, which takes as long as to ask for them.
_FRESH = _LEADS.execution_options(populate_existing=True)
_OF_RESULT = (
    select(SubmissionRow)
    .where(SubmissionRow.result_token_hash == bindparam("result"))
    .execution_options(populate_existing=True)
)
_LEAD_OF_RESULT = (
    select(LeadRow)
    .where(LeadRow.submission_id.in_(_OF_RESULT.with_only_columns(SubmissionRow.id)))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_BY_RESULT = _FRESH.where(SubmissionRow.result_token_hash == bindparam("result"))
_BY_ID = _FRESH.where(SubmissionRow.id == bindparam("lead_id"))

_EVENTS = Base.metadata.tables[LeadEventRow.__tablename__]


@dataclass(frozen=True, slots=True)
class LeadDetails:
    """What the page of a lead shows of it, as far as there is one of each.

    `booking` is that of a consult to come; `stored` the revision of each document by its kind, 0
    while there is none; `viewed_at` when the audit log last recorded a view by the user who asks;
    `did_not_book` whether its owner went to a calendar only (``lead_tables.did_not_book``).
    """

    submission: SubmissionRow
    lead: LeadRow
    pages: Sequence[PageVisitRow]
    booking: BookingRow | None
    stored: Mapping[str, int]
    viewed_at: datetime | None
    did_not_book: bool


def by_result_token(session: Session, token: str) -> SubmissionRow | None:
    """The submission with this result token, with its contact and source, or None."""
    return by_result_hash(session, token_hash(token))


def by_result_hash(session: Session, result_hash: str) -> SubmissionRow | None:
    """The same, by the stored hash of the token."""
    return session.scalar(_BY_RESULT, {"result": result_hash})


def by_id(session: Session, lead_id: int) -> SubmissionRow | None:
    """The submission of the lead with this id, with its contact and source, or None."""
    return session.scalar(_BY_ID, {"lead_id": lead_id})


def lock_by_result(session: Session, token: str) -> tuple[LeadRow | None, SubmissionRow | None]:
    """The lead and the submission with this result token, locked until the transaction ends."""
    # The lead first, as staff do and as deleting it does: another order could deadlock. The next
    # statement sees what they changed in the meantime, such as that the token is void.
    result = {"result": token_hash(token)}
    return session.scalar(_LEAD_OF_RESULT, result), session.scalar(_OF_RESULT, result)


def is_suspect(session: Session, lead_id: int) -> bool:
    suspect = select(LeadRow.suspect).where(LeadRow.submission_id == lead_id)
    return bool(session.scalar(suspect))


def lead_details(session: Session, lead_id: int, viewer_id: int) -> LeadDetails | None:
    """What the page of a lead shows of it, in two queries; None for a lead that was deleted."""
    now = session.now()
    times = {"now": now, "pressed_before": now - TIME_TO_BOOK}
    viewed = {"lead_id": lead_id, "action": "lead.seen", "by": viewer_id}
    found = session.execute(_DETAILS, times | viewed).first()
    if found is None:
        return None
    submission, lead, booking, report_stored, brief_stored, viewed_at, pressed_only = found
    return LeadDetails(
        submission=submission,
        lead=lead,
        pages=page_events.pages_of(session, submission.draft_id),
        booking=booking,
        stored={REPORT: report_stored or 0, BRIEF: brief_stored or 0},
        viewed_at=viewed_at,
        did_not_book=bool(pressed_only),
    )


def _details() -> Select[Any]:
    """What there is one of for each lead; built once, which takes as long as to ask for it."""
    lead_id = bindparam("lead_id", type_=Integer)
    report, brief = aliased(DocumentRow), aliased(DocumentRow)
    more = (
        audit_log.LAST_RECORDED.scalar_subquery(),
        did_not_book(LeadRow, bindparam("pressed_before")),
    )
    booking_id = select(func.max(BookingRow.id)).where(
        BookingRow.submission_id == lead_id,
        BookingRow.state.in_(ACTIVE),
        BookingRow.ends_at > bindparam("now"),
    )
    return (
        _LEADS.add_columns(LeadRow, BookingRow, report.revision, brief.revision, *more)
        .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
        .outerjoin(BookingRow, BookingRow.id == booking_id.scalar_subquery())
        .outerjoin(report, (report.submission_id == SubmissionRow.id) & (report.kind == REPORT))
        .outerjoin(brief, (brief.submission_id == SubmissionRow.id) & (brief.kind == BRIEF))
        .where(SubmissionRow.id == lead_id)
    )


_DETAILS = _details()


def still_there(session: Session, lead_ids: Collection[int]) -> set[int]:
    """Those of some leads that were not deleted."""
    return set(session.scalars(select(SubmissionRow.id).where(SubmissionRow.id.in_(lead_ids))))


def ask_for_documents(session: Session, lead_id: int) -> None:
    """Request the PDFs of a lead, unless they were; those of a demo lead wait for this."""
    # A transaction that is deleting it is waited for.
    row = session.get(SubmissionRow, lead_id, with_for_update={"read": True, "key_share": True})
    if row is not None:
        enqueue_documents(session, row)


def request_missing_documents(database: Database, lead_id: int) -> None:
    """Request the PDFs of a lead if they are not stored any more and no one has."""
    with database.reading() as session:
        state = documents.report_state(session, lead_id)
    if state == "on_demand":
        with database.writing() as session:
            ask_for_documents(session, lead_id)


def usual_seconds(session: Session, depth: str) -> int | None:
    """The median time that owners took lately for a response of this depth, in seconds.

    None until twenty of them have submitted one. Demo data and test responses do not count.
    """
    newest = SubmissionRow.submitted_at.desc()
    times = select(SubmissionRow.submitted_at).order_by(newest)
    # For a depth that is hardly used, the start page must not scan all submissions.
    oldest = session.scalar(times.offset(_MAX_SCANNED).limit(1))
    recent = [] if oldest is None else [SubmissionRow.submitted_at > oldest]
    taken = session.scalars(
        select(SubmissionRow.seconds_taken)
        .join(ResponseStatsRow, ResponseStatsRow.submission_id == SubmissionRow.id)
        .where(SubmissionRow.depth == depth, ResponseStatsRow.kind == "real", *recent)
        .order_by(newest)
        .limit(_MAX_COMPLETIONS)
    ).all()
    return round(median(taken)) if len(taken) >= _MIN_COMPLETIONS else None


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SubmissionRow)) or 0


def scored(session: Session) -> Iterator[tuple[str, Mapping[str, Answer], JsonObject]]:
    """The depth, answers and scorecard of every lead, oldest first, read in batches."""
    rows = session.execute(
        select(SubmissionRow.depth, SubmissionRow.answers, SubmissionRow.scorecard)
        .order_by(SubmissionRow.id)
        .execution_options(yield_per=200)
    )
    for depth, answers, scorecard in rows:
        yield depth, {id: drafts.as_answer(given) for id, given in answers.items()}, scorecard


def record_event(
    session: Session,
    lead_id: int,
    kind: str,
    *,
    by: int | None = None,
    version: int | None = None,
    **data: Any,
) -> None:
    """Add an event to the timeline of a lead, which is deleted with it.

    `by` is the id of the user, None for the owner and the application itself; `version` is the one
    that the event made, if any. `data` is JSON.
    """
    session.flush()
    event = {"submission_id": lead_id, "at": session.now(), "by_id": by, "kind": kind}
    session.connection().execute(_EVENTS.insert(), {**event, "data": data, "version": version})


def timeline(session: Session, lead_id: int) -> list[LeadEventRow]:
    """The events of a lead, oldest first."""
    query = select(LeadEventRow).where(LeadEventRow.submission_id == lead_id)
    return list(session.scalars(query.order_by(LeadEventRow.id)))


def standing(events: Iterable[Event]) -> list[Event]:
    """Those of a lead's events that were not undone; each has a `kind`, a `version` and `data`."""
    found = list(events)
    undone = {event.data["of"] for event in found if event.kind == "undone"}
    return [event for event in found if event.kind != "undone" and event.version not in undone]


def was_reached(events: Iterable[LeadEventRow]) -> bool:
    """Whether staff talked with the owner: on the phone, by mail, or in a consult."""
    return any(map(_is_talk, standing(events)))


def assessments_in(events: Iterable[LeadEventRow]) -> Mapping[str, Assessment]:
    """What the call showed, by dimension, as staff last saved it."""
    found = [event.data["assessments"] for event in events if event.kind == "assessed"]
    return found[-1] if found else {}


def _is_talk(event: LeadEventRow) -> bool:
    if event.kind == "contact":
        return bool(event.data["reached"])
    if event.kind != "moved":
        return False
    # A consult that is canceled and a lead that is reopened are back at "reached".
    step = event.data["from"], event.data["to"]
    return step in (("new", "reached"), ("taken", "reached")) or step[1] == "consult_held"


def start_clock(lead: LeadRow, office: Office, start: datetime) -> None:
    """Start the reply clock of a lead, under the hours that the office has now."""
    lead.clock_started_at, lead.due_at = start, office.due_at(start)
    lead.clock_hours = office.hours_from(office.today(start))
