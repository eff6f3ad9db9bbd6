"""Leads that go, as a whole or with everything that tells whose they were.

Deleting a lead deletes whatever hangs on it, because the database does so. Making it anonymous
keeps its answers and scores for the numbers. What else it keeps stands in `KEPT`; all other tables
that hang on a lead are emptied of it, also those that somebody adds tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from sqlalchemy import Column, Table, delete, func, select, update

from consult.storage import page_events
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.db.database import Session
from consult.storage.drafts import reminder_consent
from consult.storage.drafts.drafts import delete_drafts
from consult.storage.leads.assignment import lock_assignments
from consult.storage.tables.all_tables import ALL_TABLES
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow

How = Literal["delete", "anonymise"]

KEPT = frozenset({"leads", "lead_events", "call_assessments", "response_stats"})
"""What an anonymous lead keeps beside its frozen answers; of its timeline no free words."""

_NO_FREE_WORDS = re.compile(r"[a-z0-9_]{1,32}|[0-9T:+.-]{8,32}")


def tables_of_leads() -> list[tuple[Table, Column[Any]]]:
    """Each table whose rows belong to a lead, and the column that says to which."""
    found = []
    for table in ALL_TABLES.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is SubmissionRow.__table__:
                found.append((table, key.parent))
    return found


def held_of(session: Session, lead_ids: Collection[int]) -> dict[str, int]:
    """How many rows each table holds about these leads; tables with none are left out."""
    held: dict[str, int] = {}
    for rows in held_by_each(session, lead_ids).values():
        for name, count in rows.items():
            held[name] = held.get(name, 0) + count
    return held


def held_by_each(session: Session, lead_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many rows each table holds about each of these leads; one question a table."""
    held: dict[int, dict[str, int]] = {lead_id: {} for lead_id in lead_ids}
    for table, column in tables_of_leads():
        counts = select(column, func.count()).where(column.in_(lead_ids)).group_by(column)
        for lead_id, count in session.execute(counts):
            held[lead_id][table.name] = count
    return held


def erase(
    session: Session, lead_ids: Collection[int], how: How, *, by: int | None, why: str
) -> list[int]:
    """Delete leads, or make them anonymous, and leave a receipt for each in the audit log.

    Permission to send the same address a reminder is deleted.

    Args:
        session: a writing one.
        lead_ids: which; those that are not there are passed over.
        how: what is to become of them.
        by: the id of the member of staff; None for the application itself.
        why: the reason, as a word from a list.

    Returns:
        The ids of those to whom it happened.
    """
    lock_assignments(session)
    query = select(LeadRow.submission_id).where(LeadRow.submission_id.in_(lead_ids))
    if how == "anonymise":
        query = query.where(LeadRow.anonymised_at.is_(None))
    ids = list(session.scalars(query.order_by(LeadRow.submission_id).with_for_update()))
    # Before what hangs on it: a worker that finishes a job of the lead has begun with the same row.
    submissions = select(SubmissionRow.id).where(SubmissionRow.id.in_(ids))
    session.execute(submissions.order_by(SubmissionRow.id).with_for_update())
    reminder_consent.delete_addresses(session, _addresses_of(session, ids))
    held = held_by_each(session, ids)
    if how == "delete":
        _delete(session, ids)
    else:
        for lead_id in ids:
            _anonymise(session, lead_id)
    kept = KEPT if how == "anonymise" else frozenset()
    receipts: dict[int, dict[str, Fact]] = {
        lead_id: {"why": why, **{f"rows_{name}": n for name, n in rows.items() if name not in kept}}
        for lead_id, rows in held.items()
    }
    audit_log.record_each(session, _ACTIONS[how], by=by, leads=receipts)
    return ids


_ACTIONS: Mapping[How, str] = {"delete": "lead.deleted", "anonymise": "lead.anonymised"}


def leads_of_person(session: Session, lead_id: int) -> list[int]:
    """The leads that were left the same mail address as this one, and itself; the last first."""
    address = (
        select(func.lower(ContactRow.email))
        .where(ContactRow.submission_id == lead_id)
        .scalar_subquery()
    )
    found = list(
        session.scalars(
            select(ContactRow.submission_id)
            .where(func.lower(ContactRow.email) == address)
            .order_by(ContactRow.submission_id.desc())
        )
    )
    return found or [lead_id]


def find_person(session: Session, address: str) -> int | None:
    """The last lead that was left this mail address, in whatever case; None if there is none."""
    return session.scalar(
        select(func.max(ContactRow.submission_id)).where(
            func.lower(ContactRow.email) == address.strip().lower()
        )
    )


def is_anonymous(session: Session, lead_id: int) -> bool:
    """Whether a lead was made anonymous."""
    made_at = select(LeadRow.anonymised_at).where(LeadRow.submission_id == lead_id)
    return session.scalar(made_at) is not None


def _addresses_of(session: Session, lead_ids: Collection[int]) -> list[str]:
    """The mail addresses that these leads were left, in lower case."""
    address = func.lower(ContactRow.email)
    return list(session.scalars(select(address).where(ContactRow.submission_id.in_(lead_ids))))


def _delete(session: Session, lead_ids: Collection[int]) -> None:
    its_checks = select(SubmissionRow.draft_id).where(SubmissionRow.id.in_(lead_ids))
    delete_drafts(session, DraftRow.id.in_(its_checks))


def _anonymise(session: Session, lead_id: int) -> None:
    for table, column in tables_of_leads():
        if table.name not in KEPT:
            session.execute(delete(table).where(column == lead_id))
    _clean_events(session, lead_id)
    gone = f"gone-{lead_id}"  # no token has this hash, so the links open nothing any more
    session.execute(
        update(SubmissionRow).where(SubmissionRow.id == lead_id).values(result_token_hash=gone)
    )
    check = session.scalars(
        select(DraftRow)
        .join(SubmissionRow, SubmissionRow.draft_id == DraftRow.id)
        .where(SubmissionRow.id == lead_id)
        .execution_options(populate_existing=True)
    ).one()
    check.token_hash, check.answers = gone, {}
    check.source = _kept_source(check.source)
    page_events.unlink_pages(session, check.id)
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == lead_id)
        .values(
            anonymised_at=session.now(),
            version=LeadRow.version + 1,
            offered_to_id=None,
            offered_at=None,
            # Nobody can be answered or asked again.
            due_at=None,
            consult_at=None,
            follow_up_on=None,
        )
    )
    session.flush()


def _clean_events(session: Session, lead_id: int) -> None:
    """Leave of each event what happened, and nothing that somebody wrote."""
    for event in session.scalars(select(LeadEventRow).where(LeadEventRow.submission_id == lead_id)):
        event.data = {
            name: value
            for name, value in event.data.items()
            if name != "comment"
            and (not isinstance(value, str) or _NO_FREE_WORDS.fullmatch(value))
            and not isinstance(value, dict | list)
        }


def _kept_source(source: Mapping[str, Any]) -> dict[str, Any]:
    """The one name that the numbers go by; the rest may name a single link or person."""
    for key in ("utm_source", "ref"):
        if source.get(key):
            return {key: source[key]}
    return {}
