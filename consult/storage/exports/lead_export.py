"""Leads as others get them: the same columns for the API, webhooks and exports, which add more."""

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
"""A lead: stored columns by name, and what `_values` or `_exported` adds to them.

What comes from an assignee, a contact or, for files, the newest booking is None without one.
"""

# Whether a consult is wanted is a column of the lead, too.
_CONTACT = [
    *(getattr(ContactRow, one.name) for one in fields(NewContact) if one.name != "wants_consult"),
    ContactRow.consented_at,
]
_LEADS: Any = (
    select(
        *(SubmissionRow.id, SubmissionRow.edition, SubmissionRow.depth),
        *(LeadRow.version, LeadRow.stage, LeadRow.stage_since, LeadRow.assignee_id),
        *(LeadRow.submitted_at, LeadRow.due_at, LeadRow.first_contact_at, LeadRow.consult_at),
        *(LeadRow.follow_up_on, LeadRow.won_amount, LeadRow.won_currency, LeadRow.source),
        *(LeadRow.separation, LeadRow.handoff, LeadRow.archetype, LeadRow.wants_consult),
        *(LeadRow.suspect, LeadRow.demo, LeadRow.anonymised_at.label("anonymized_at")),
        *(StaffUserRow.name.label("assignee"), *_CONTACT),
    )
    .join(LeadRow, LeadRow.submission_id == SubmissionRow.id)
    .outerjoin(ContactRow, ContactRow.submission_id == SubmissionRow.id)
    .outerjoin(StaffUserRow, StaffUserRow.id == LeadRow.assignee_id)
)
_SOME_LEADS = _LEADS.where(SubmissionRow.id.in_(bindparam("ids", expanding=True)))


# --- For other programs --------------------------------------------------------------------------

_ONE_LEAD = _LEADS.add_columns(SubmissionRow.scorecard, SubmissionRow.report).where(
    SubmissionRow.id == bindparam("id")
)


def read_many(session: Session, ids: Sequence[int], base_url: str) -> list[Lead]:
    """The leads with these ids, in this order; without those that were deleted."""
    found = {row.id: _values(row, base_url) for row in session.execute(_SOME_LEADS, {"ids": ids})}
    return [found[id] for id in ids if id in found]


def read_one(session: Session, lead_id: int, base_url: str) -> Lead | None:
    """The same of one lead, with its ``scorecard`` and ``report``; None if it was deleted."""
    row = session.execute(_ONE_LEAD, {"id": lead_id}).first()
    return _values(row, base_url) if row else None


def _values(row: Row[Any], base_url: str) -> Lead:
    """A lead as the API and webhooks have it: its contact apart, amounts in whole units."""
    values = row._asdict()
    contact = {column.key: values.pop(column.key) for column in _CONTACT}
    return values | {
        "url": f"{base_url}/staff/leads/{row.id}",
        "separation": round(row.separation, 1),
        "handoff": round(row.handoff, 1),
        "won_amount": None if row.won_amount is None else row.won_amount / 100,
        "source": row.source or None,
        "has_contact": row.consented_at is not None,
        "contact": contact if row.consented_at else None,
    }


# --- For files -----------------------------------------------------------------------------------


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
            leads = _read_exported(session, ids)
        if leads:
            yield leads
        if not after:
            return


def selected_batches(database: Database, ids: Sequence[int]) -> Iterator[Sequence[Lead]]:
    """Yield the leads with these ids, in this order, in batches; unknown ids are left out."""
    for start in range(0, len(ids), BATCH_SIZE):
        with database.reading() as session:
            leads = _read_exported(session, ids[start : start + BATCH_SIZE])
        if leads:
            yield leads


_LAST_BOOKING = select(func.max(BookingRow.id)).where(
    BookingRow.submission_id == LeadRow.submission_id
)
_FOR_FILES = (
    _SOME_LEADS.add_columns(
        *(SubmissionRow.consult, SubmissionRow.seconds_taken, SubmissionRow.answers),
        *(LeadRow.pressed_at, BookingRow.state.label("booking"), BookingRow.calendar),
        DraftRow.source.label("tags"),
        # As text: PostgreSQL would parse a document again for each value taken from it, and most
        # leads share one of a few wordings.
        cast(SubmissionRow.report, Text).label("report"),
        cast(SubmissionRow.wording, Text).label("wording"),
    )
    .join(DraftRow, DraftRow.id == SubmissionRow.draft_id)
    .outerjoin(BookingRow, BookingRow.id == _LAST_BOOKING.correlate(LeadRow).scalar_subquery())
)


def _read_exported(session: Session, ids: Sequence[int]) -> list[Lead]:
    found = {row.id: _exported(row) for row in session.execute(_FOR_FILES, {"ids": ids})}
    return [found[id] for id in dict.fromkeys(ids) if id in found]


def _exported(row: Row[Any]) -> Lead:
    """A lead as one row of an export, in words.

    ``answers`` are those on the path, by question id; ``wording`` is what was shown, by question
    id; ``plan`` the titles of its steps; ``tags`` those of the link that its owner followed.
    """
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
