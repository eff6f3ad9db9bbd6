"""Leads as others get them: for an export, everything in a row; for the API, what it shows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Text, bindparam, cast, func, select

from consult.storage.db.database import Database, Session
from consult.storage.drafts.drafts import as_answer
from consult.storage.leads.submission import NewContact
from consult.storage.search.find_leads import next_ids
from consult.storage.search.lead_filter import LeadFilter, Viewer
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.booking_tables import BookingRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow

BATCH_SIZE = 200


Lead = Mapping[str, Any]
"""A lead as one row of an export: stored columns by name, and what `_lead` adds to them.

What comes from a contact, assignee or booking (the newest) is None without one. ``answers`` are
those on the path, by question id; ``wording`` is what was shown, by question id; ``plan`` the
titles of its steps.
"""


def matching_batches(
    database: Database, wanted: LeadFilter, viewer: Viewer
) -> Iterator[Sequence[Lead]]:
    """Yield all leads that a filter selects, in its order, in batches.

    Each batch is a short read of its own, which goes on behind the last lead of the batch before:
    so nobody waits for a slow download, and it takes no more memory for more leads. A lead is
    exported as it is when its batch is read. One that comes in after its place was passed is left
    out. None comes twice: the date of submission and the scores never change, as `consult rescore`
    only compares. Only in the order of due dates, one that is snoozed in the meantime may.
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


def selected_batches(database: Database, ids: Sequence[int]) -> Iterator[Sequence[Lead]]:
    """Yield the leads with these ids, in this order, in batches; unknown ids are left out."""
    for start in range(0, len(ids), BATCH_SIZE):
        with database.reading() as session:
            leads = read_leads(session, ids[start : start + BATCH_SIZE])
        if leads:
            yield leads


def read_leads(session: Session, ids: Sequence[int]) -> list[Lead]:
    found = {row.id: _lead(row) for row in session.execute(_QUERY, {"ids": ids})}
    return [found[id] for id in dict.fromkeys(ids) if id in found]


_NOT_EXPORTED = ("consent_text", "wants_consult")
"""Of a contact; whether a consult is wanted is a column of the lead, too."""
_CONTACT = [
    *(getattr(ContactRow, one.name) for one in fields(NewContact) if one.name not in _NOT_EXPORTED),
    ContactRow.consented_at,
]
_LAST_BOOKING = select(func.max(BookingRow.id)).where(
    BookingRow.submission_id == LeadRow.submission_id
)
_QUERY = (
    select(
        *(SubmissionRow.id, SubmissionRow.edition, SubmissionRow.depth, SubmissionRow.consult),
        *(SubmissionRow.seconds_taken, SubmissionRow.answers),
        *(LeadRow.submitted_at, LeadRow.demo, LeadRow.stage, LeadRow.stage_since),
        *(LeadRow.due_at, LeadRow.first_contact_at, LeadRow.consult_at, LeadRow.follow_up_on),
        *(LeadRow.won_amount, LeadRow.won_currency, LeadRow.pressed_at),
        *(BookingRow.state.label("booking"), BookingRow.calendar),
        *(LeadRow.separation, LeadRow.handoff, LeadRow.archetype, LeadRow.wants_consult),
        *(*_CONTACT, DraftRow.source, StaffUserRow.name.label("assignee")),
        # As text: PostgreSQL would parse a document again for each value taken from it, and most
        # leads share one of a few wordings.
        cast(SubmissionRow.report, Text).label("report"),
        cast(SubmissionRow.wording, Text).label("wording"),
    )
    .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
    .join(DraftRow, DraftRow.id == SubmissionRow.draft_id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
    .outerjoin(BookingRow, BookingRow.id == _LAST_BOOKING.correlate(LeadRow).scalar_subquery())
    .outerjoin(StaffUserRow, StaffUserRow.id == LeadRow.assignee_id)
    .where(SubmissionRow.id.in_(bindparam("ids", expanding=True)))
)


def _lead(row: Row[Any]) -> Lead:
    report = json.loads(row.report)
    return row._asdict() | {
        "archetype": _in(report, "archetype", "name") or row.archetype,
        "separation_band": _in(report, "separation", "band_name"),
        "handoff_band": _in(report, "handoff", "band_name"),
        "plan": [step["title"] for step in report.get("plan") or ()],
        "answers": {id: as_answer(given) for id, given in row.answers.items()},
        "wording": _wording(row.wording),
    }


def _in(report: Mapping[str, Any], part: str, name: str) -> str:
    return report.get(part, {}).get(name) or ""


@lru_cache(maxsize=64)
def _wording(text: str) -> Mapping[str, Mapping[str, Any]]:
    wording: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return wording


_SHORT: Any = (
    select(
        *(SubmissionRow.id, SubmissionRow.edition, SubmissionRow.depth),
        *(LeadRow.version, LeadRow.stage, LeadRow.stage_since, LeadRow.assignee_id),
        *(LeadRow.submitted_at, LeadRow.due_at, LeadRow.first_contact_at, LeadRow.consult_at),
        *(LeadRow.follow_up_on, LeadRow.won_amount, LeadRow.won_currency, LeadRow.source),
        *(LeadRow.separation, LeadRow.handoff, LeadRow.archetype, LeadRow.wants_consult),
        *(LeadRow.anonymised_at, StaffUserRow.name.label("assignee"), *_CONTACT),
    )
    .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
    .outerjoin(StaffUserRow, StaffUserRow.id == LeadRow.assignee_id)
    .where(LeadRow.suspect.is_not(True), LeadRow.demo.is_not(True))
)
_SHORT_ROWS = _SHORT.where(SubmissionRow.id.in_(bindparam("ids", expanding=True)))
_WITH_SCORECARD = _SHORT.add_columns(SubmissionRow.scorecard).where(
    SubmissionRow.id == bindparam("id")
)


def short_rows(session: Session, ids: Sequence[int]) -> list[Row[Any]]:
    """What the API shows of leads, in the order of their ids here; without spam and demo leads.

    What comes from a contact or assignee is None without one.
    """
    found = {row.id: row for row in session.execute(_SHORT_ROWS, {"ids": ids})}
    return [found[id] for id in ids if id in found]


def row_with_scorecard(session: Session, lead_id: int) -> Row[Any] | None:
    """The same of one lead, with its scorecard; None if the API doesn't show it."""
    return session.execute(_WITH_SCORECARD, {"id": lead_id}).first()
