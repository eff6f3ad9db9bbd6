"""Leads as an export reads them: everything that one row tells, some hundreds at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from consult.questionnaire import Answer
from consult.storage.checks import as_answer
from consult.storage.database import Database, Session
from consult.storage.desk_tables import LeadRow
from consult.storage.lead_finding import ids_at_once
from consult.storage.lead_search import LeadSearch, Viewer
from consult.storage.models import CheckRow, ContactRow, SubmissionRow
from consult.storage.staff_tables import StaffUserRow

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ExportedLead:
    """A lead as one row of an export. Contact and holder are empty where there is none.

    Attributes:
        answers: by question id, those on the path only.
        wording: what was shown, by question id: ``ask``, ``choices`` and so on.
        plan: the titles of the steps of the plan, in order.
    """

    id: int
    submitted_at: datetime
    demo: bool
    edition: str
    depth: str
    seconds_taken: int
    name: str
    business: str
    email: str
    phone: str
    wants_consult: bool
    consented_at: datetime | None
    stage: str
    stage_since: datetime
    holder: str
    due_at: datetime | None
    first_contact_at: datetime | None
    consult_at: datetime | None
    ask_again_on: date | None
    source: Mapping[str, str]
    separation: float
    separation_band: str
    handoff: float
    handoff_band: str
    archetype: str
    consult: str
    plan: Sequence[str]
    answers: Mapping[str, Answer]
    wording: Mapping[str, Mapping[str, Any]]


def found_in_turn(
    database: Database, search: LeadSearch, viewer: Viewer
) -> Iterator[Sequence[ExportedLead]]:
    """All leads that a search selects, in its order, in bundles.

    Which ones and in which order is settled at the start, so that each comes once, whatever is
    changed meanwhile; what it tells is what it says when its turn comes. Each bundle is read in a
    session of its own: one that stays open for minutes would keep SQLite from tidying its log.
    """
    with database.reading() as session:
        ids = ids_at_once(session, search, viewer)
    yield from picked_in_turn(database, ids)


def picked_in_turn(database: Database, ids: Sequence[int]) -> Iterator[Sequence[ExportedLead]]:
    """The leads with these ids, in this order, in bundles; ids that are nobody's are left out."""
    for start in range(0, len(ids), AT_ONCE):
        with database.reading() as session:
            leads = exported(session, ids[start : start + AT_ONCE])
        if leads:
            yield leads


def exported(session: Session, ids: Sequence[int]) -> list[ExportedLead]:
    """What an export tells of these leads, in this order."""
    report = SubmissionRow.report
    rows = session.execute(
        select(
            SubmissionRow.id,
            SubmissionRow.edition,
            SubmissionRow.depth,
            SubmissionRow.seconds_taken,
            SubmissionRow.consult,
            SubmissionRow.answers,
            SubmissionRow.wording,
            # Of the report, most of which is text, only what a row has room for.
            report["separation"]["band_name"].as_string().label("separation_band"),
            report["handoff"]["band_name"].as_string().label("handoff_band"),
            report["archetype"]["name"].as_string().label("archetype_name"),
            report["plan"].label("plan"),
            CheckRow.source,
            LeadRow,
            ContactRow,
            StaffUserRow.name.label("holder"),
        )
        .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
        .join(CheckRow, CheckRow.id == SubmissionRow.check_id)
        .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
        .outerjoin(StaffUserRow, StaffUserRow.id == LeadRow.holder_id)
        .where(SubmissionRow.id.in_(ids))
    )
    found = {row.id: _lead(row) for row in rows}
    return [found[id] for id in dict.fromkeys(ids) if id in found]


def _lead(row: Any) -> ExportedLead:
    desk: LeadRow = row.LeadRow
    contact: ContactRow | None = row.ContactRow
    return ExportedLead(
        id=row.id,
        submitted_at=desk.submitted_at,
        demo=desk.demo,
        edition=row.edition,
        depth=row.depth,
        seconds_taken=row.seconds_taken,
        name=contact.name if contact else "",
        business=contact.business if contact else "",
        email=contact.email if contact else "",
        phone=(contact.phone or "") if contact else "",
        wants_consult=desk.wants_consult,
        consented_at=contact.consented_at if contact else None,
        stage=desk.stage,
        stage_since=desk.stage_since,
        holder=row.holder or "",
        due_at=desk.due_at,
        first_contact_at=desk.first_contact_at,
        consult_at=desk.consult_at,
        ask_again_on=desk.ask_again_on,
        source=row.source,
        separation=desk.separation,
        separation_band=row.separation_band or "",
        handoff=desk.handoff,
        handoff_band=row.handoff_band or "",
        archetype=row.archetype_name or desk.archetype,
        consult=row.consult,
        plan=[step["title"] for step in row.plan or ()],
        answers={id: as_answer(given) for id, given in row.answers.items()},
        wording=row.wording,
    )
