"""Leads as an export reads them: everything that is in a row, some hundreds at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, Text, bindparam, cast, func, select

from consult.questionnaire import Answer
from consult.storage.db.database import Database, Session
from consult.storage.drafts.drafts import as_answer
from consult.storage.search.find_leads import next_ids
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow

BATCH_SIZE = 200


@dataclass(frozen=True, slots=True)
class ExportedLead:
    """A lead as one row of an export. Contact and assignee are empty where there is none.

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
    assignee: str
    due_at: datetime | None
    first_contact_at: datetime | None
    consult_at: datetime | None
    follow_up_on: date | None
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


def matching_batches(
    database: Database, wanted: LeadFilter, viewer: Viewer
) -> Iterator[Sequence[ExportedLead]]:
    """Yield all leads that a filter selects, in its order, in batches.

    Each batch is a short read of its own, which goes on behind the last lead of the batch before:
    so nobody waits for a slow download, and it takes no more memory for more leads. A lead is
    exported as it is when its batch is read. One that comes in after its place was passed is left
    out. None comes twice, as the dates and scores that leads are sorted by do not change later.
    """
    after = ""
    while True:
        with database.reading() as session:
            ids, after = next_ids(session, wanted, viewer, BATCH_SIZE, after)
            leads = read_leads(session, ids)
        if leads:
            yield leads
        if not after:
            return


def selected_batches(database: Database, ids: Sequence[int]) -> Iterator[Sequence[ExportedLead]]:
    """Yield the leads with these ids, in this order, in batches; unknown ids are left out."""
    for start in range(0, len(ids), BATCH_SIZE):
        with database.reading() as session:
            leads = read_leads(session, ids[start : start + BATCH_SIZE])
        if leads:
            yield leads


def read_leads(session: Session, ids: Sequence[int]) -> list[ExportedLead]:
    """Return what an export says of these leads, in this order."""
    found = {row.id: _lead(row) for row in session.execute(_QUERY, {"ids": ids})}
    return [found[id] for id in dict.fromkeys(ids) if id in found]


def _query() -> Select[Any]:
    """The columns of `ExportedLead` as they are stored, of the leads with some `ids`."""
    plain = {
        SubmissionRow: ("id", "edition", "depth", "seconds_taken", "consult", "answers"),
        LeadRow: (
            *("submitted_at", "demo", "stage", "stage_since", "due_at", "first_contact_at"),
            *("consult_at", "follow_up_on", "separation", "handoff", "archetype", "wants_consult"),
        ),
        ContactRow: ("consented_at",),
        DraftRow: ("source",),
    }
    return (
        select(
            *(getattr(table, name) for table, names in plain.items() for name in names),
            *(
                func.coalesce(getattr(ContactRow, name), "").label(name)
                for name in ("name", "business", "email", "phone")
            ),
            func.coalesce(StaffUserRow.name, "").label("assignee"),
            # As text: PostgreSQL would parse a document again for each value taken from it, and
            # most leads share one of a few wordings.
            cast(SubmissionRow.report, Text).label("report"),
            cast(SubmissionRow.wording, Text).label("wording"),
        )
        .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
        .join(DraftRow, DraftRow.id == SubmissionRow.draft_id)
        .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
        .outerjoin(StaffUserRow, StaffUserRow.id == LeadRow.assignee_id)
        .where(SubmissionRow.id.in_(bindparam("ids", expanding=True)))
    )


_QUERY = _query()


def _lead(row: Row[Any]) -> ExportedLead:
    stored = dict(row._mapping)
    report = json.loads(stored.pop("report"))
    stored["archetype"] = _in(report, "archetype", "name") or row.archetype
    stored["answers"] = {id: as_answer(given) for id, given in row.answers.items()}
    stored["wording"] = _wording(row.wording)
    return ExportedLead(
        **stored,
        separation_band=_in(report, "separation", "band_name"),
        handoff_band=_in(report, "handoff", "band_name"),
        plan=[step["title"] for step in report.get("plan") or ()],
    )


def _in(report: Mapping[str, Any], part: str, name: str) -> str:
    return report.get(part, {}).get(name) or ""


@lru_cache(maxsize=64)
def _wording(text: str) -> Mapping[str, Mapping[str, Any]]:
    wording: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return wording
