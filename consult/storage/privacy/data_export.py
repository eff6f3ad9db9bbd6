"""One person's whole record: everything that is held about the leads of one mail address.

It is read table by table from what the database says hangs on a lead, so that nothing can be held
and left out. Left out on purpose are the bytes of PDFs, which staff download beside it, and what
only opens doors: hashes of links, the link in the job of a mail, the leases of workers.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, func, select

from consult.questionnaire import UNKNOWN
from consult.storage.db.database import Session
from consult.storage.privacy.erasure import tables_of_leads
from consult.storage.tables.submission_tables import (
    ContactRow,
    DraftRow,
    ReminderConsentRow,
    SubmissionRow,
)

SCHEMA = "relay-check/record/1"
"""Named in each record; docs/running.md says what each part holds."""

_LEFT_OUT = frozenset(
    {"content", "payload", "lease_token", "token", "token_hash", "result_token_hash"}
)
_NOT_KNOWN = "I don’t know."

Json = dict[str, Any]


def record_of(session: Session, lead_ids: Sequence[int]) -> Json:
    """The record over these leads, which are one person's; those that are gone are left out."""
    rows = session.execute(
        select(SubmissionRow, DraftRow)
        .join(DraftRow, DraftRow.id == SubmissionRow.draft_id)
        .where(SubmissionRow.id.in_(lead_ids))
        .order_by(SubmissionRow.id)
    ).all()
    return {
        "schema": SCHEMA,
        "made_at": _plain(session.now()),
        "leads": [_lead(session, submission, check) for submission, check in rows],
        "reminder_consents": _reminder_consents(session, lead_ids),
    }


def as_json(record: Json) -> str:
    """A record as text, to be read by people too."""
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _lead(session: Session, submission: SubmissionRow, check: DraftRow) -> Json:
    frozen = _columns(SubmissionRow.__table__, submission)  # type: ignore[arg-type] # is one
    draft = _columns(DraftRow.__table__, check)  # type: ignore[arg-type] # is one
    held = {
        table.name: [
            {column: _plain(value) for column, value in row.items() if column not in _LEFT_OUT}
            for row in session.execute(select(table).where(key == submission.id)).mappings()
        ]
        for table, key in tables_of_leads()
    }
    return {
        "lead": submission.id,
        "said": _said(submission),
        "handed_in": frozen,
        "draft": draft,
        **{name: rows for name, rows in held.items() if rows},
    }


def _reminder_consents(session: Session, lead_ids: Sequence[int]) -> list[Json]:
    """The permissions of the same person to send a reminder about unfinished responses."""
    addresses = select(func.lower(ContactRow.email)).where(ContactRow.submission_id.in_(lead_ids))
    rows = session.scalars(
        select(ReminderConsentRow)
        .where(func.lower(ReminderConsentRow.address).in_(addresses))
        .order_by(ReminderConsentRow.id)
    )
    return [
        {
            "address": row.address,
            "consent_text": row.consent_text,
            "granted_at": _plain(row.granted_at),
            "requested_at": _plain(row.requested_at),
        }
        for row in rows
    ]


def _said(submission: SubmissionRow) -> list[Json]:
    """Each question as it was asked, and the answer in the words in which it was offered."""
    return [
        {
            "id": id,
            "question": shown.get("ask", id),
            "answer": _in_words(submission.answers.get(id), shown.get("choices", {})),
        }
        for id, shown in submission.wording.items()
    ]


def _in_words(answer: Any, choices: Json) -> Any:
    if isinstance(answer, list):
        return [choices.get(choice, choice) for choice in answer]
    if answer == UNKNOWN:
        return _NOT_KNOWN
    return choices.get(str(answer), answer)


def _columns(table: Table, row: Any) -> Json:
    return {
        column.name: _plain(getattr(row, column.name))
        for column in table.columns
        if column.name not in _LEFT_OUT
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
