"""A person's data export: everything that is stored about the leads of one email address.

It reads every table that the schema says belongs to a lead, so nothing that is stored can be left
out. Excluded on purpose are the contents of PDFs, which staff download separately, and what only
gives access: token hashes, the link in the job of an email, the leases of workers.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from consult.questionnaire.questions import UNKNOWN
from consult.storage.booking import calendar_setup
from consult.storage.db.base import Base
from consult.storage.db.database import Session
from consult.storage.page_events import pages_of
from consult.storage.privacy.erasure import tables_of_leads
from consult.storage.tables.submission_tables import (
    ContactRow,
    DraftRow,
    ReminderConsentRow,
    SubmissionRow,
)

SCHEMA = "relay-check/data-export/1"
"""Named in each export; docs/running.md says what each part holds."""

_EXCLUDED = frozenset(
    {
        "content",
        "payload",
        "lease_token",
        "token",
        "token_hash",
        "result_token_hash",
        "waiting_token",
        "confirm_hash",
        "booking_hash",
        "link_hash",
    }
)

Json = dict[str, Any]


def export(session: Session, lead_ids: Sequence[int]) -> Json:
    """The data of these leads, which are one person's; those that were deleted are left out."""
    submissions = session.scalars(
        select(SubmissionRow).where(SubmissionRow.id.in_(lead_ids)).order_by(SubmissionRow.id)
    ).all()
    addresses = select(func.lower(ContactRow.email)).where(ContactRow.submission_id.in_(lead_ids))
    consents = session.execute(
        select(
            ReminderConsentRow.address,
            ReminderConsentRow.consent_text,
            ReminderConsentRow.granted_at,
            ReminderConsentRow.requested_at,
        )
        .where(func.lower(ReminderConsentRow.address).in_(addresses))
        .order_by(ReminderConsentRow.id)
    )
    reported = calendar_setup.of_addresses(session, list(session.scalars(addresses)))
    return {
        "schema": SCHEMA,
        "exported_at": session.now().isoformat(),
        "leads": [_lead(session, submission) for submission in submissions],
        "reminder_consents": [_plain(row) for row in consents.mappings()],
        # Bookings at a calendar of which no lead is known.
        "unmatched_bookings": [_plain(_columns(row)) for row in reported],
    }


def to_json(exported: Json) -> str:
    return json.dumps(exported, ensure_ascii=False, indent=2) + "\n"


def _lead(session: Session, submission: SubmissionRow) -> Json:
    rows = {
        table.name: [
            _plain(row)
            for row in session.execute(select(table).where(key == submission.id)).mappings()
        ]
        for table, key in tables_of_leads()
    }
    return {
        "lead": submission.id,
        # As the questions were asked, and the answers as they were offered.
        "answers": [
            {
                "id": id,
                "question": shown.get("ask", id),
                "answer": _answer_text(submission.answers.get(id), shown.get("choices", {})),
            }
            for id, shown in submission.wording.items()
        ],
        "submission": _plain(_columns(submission)),
        "draft": _plain(_columns(session.get_one(DraftRow, submission.draft_id))),
        "page_visits": [_plain(_columns(row)) for row in pages_of(session, submission.draft_id)],
        **{name: found for name, found in rows.items() if found},
    }


def _answer_text(answer: Any, choices: Json) -> Any:
    if isinstance(answer, list):
        return [choices.get(choice, choice) for choice in answer]
    if answer == UNKNOWN and choices:  # without choices, it is what the owner wrote
        return "I don’t know."
    return choices.get(str(answer), answer)


def _columns(row: Base) -> Json:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def _plain(row: Mapping[Any, Any]) -> Json:
    return {
        str(name): value.isoformat() if isinstance(value, datetime | date) else value
        for name, value in row.items()
        if name not in _EXCLUDED
    }
