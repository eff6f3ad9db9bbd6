"""Deletes or anonymizes leads, and reads the deletion log.

Deleting a lead deletes everything that belongs to it, by foreign keys. Anonymizing keeps its
answers and scores for statistics, except for the owner's own sentence, and the rows of the tables
in `KEPT_TABLES`; all other tables of leads are emptied of it, including those that are added in the
future. So PDFs that show the sentence are deleted with it.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from sqlalchemy import Column, Table, case, delete, func, select, update

from consult.storage import page_events
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.booking import calendar_setup
from consult.storage.db.base import same_address
from consult.storage.db.database import Session
from consult.storage.drafts import reminder_consent, resume_links
from consult.storage.drafts.drafts import delete_drafts
from consult.storage.leads.assignment import lock_assignments
from consult.storage.tables import ALL_TABLES
from consult.storage.tables.account_tables import AuditRow, StaffUserRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow, SubmissionRow
from consult.storage.webhooks import endpoints
from consult.workflow.stages import counted_source

Method = Literal["delete", "anonymise"]
ACTIONS: Mapping[Method, str] = {"delete": "lead.deleted", "anonymise": "lead.anonymised"}

KEPT_TABLES = frozenset({"leads", "lead_events", "call_assessments", "response_stats"})
"""What an anonymous lead keeps beside its frozen answers; of its timeline no free text."""

ROWS = "rows_"
"""The prefix of the facts in the audit log that say how many rows of a table were deleted."""

_NO_FREE_TEXT = re.compile(r"[a-z0-9_]{1,32}|[0-9T:+.-]{8,32}|[A-Z]{3}")


def tables_of_leads() -> list[tuple[Table, Column[Any]]]:
    """Each table whose rows belong to a lead, and the column that refers to the lead."""
    return [
        (table, key.parent)
        for table in ALL_TABLES.sorted_tables
        for key in table.foreign_keys
        if key.column.table is SubmissionRow.__table__
    ]


def count_rows(session: Session, lead_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """By lead, how many rows each table has about it; tables without any are left out."""
    found: dict[int, dict[str, int]] = {lead_id: {} for lead_id in lead_ids}
    for table, column in tables_of_leads():
        counts = select(column, func.count()).where(column.in_(lead_ids)).group_by(column)
        for lead_id, count in session.execute(counts):
            found[lead_id][table.name] = count
    return found


def erase(
    session: Session, lead_ids: Collection[int], method: Method, *, by: int | None, reason: str
) -> list[int]:
    """Delete or anonymize leads, with an entry for each in the audit log; return their ids.

    Permission to send the same address a reminder is deleted. Webhooks that want to know are sent
    the ids, except of demo leads, so that copies elsewhere can be deleted as well. Unknown ids, and
    anonymous leads that are to be anonymized, are skipped. `by` is None for the application itself;
    `reason` is a word from a list.
    """
    lock_assignments(session)
    query = select(LeadRow.submission_id).where(LeadRow.submission_id.in_(lead_ids))
    if method == "anonymise":
        query = query.where(LeadRow.anonymised_at.is_(None))
    ids = list(session.scalars(query.order_by(LeadRow.submission_id).with_for_update()))
    # Before the rows that belong to it: a worker that finishes a job locks the same row first.
    submissions = select(SubmissionRow.id).where(SubmissionRow.id.in_(ids))
    session.execute(submissions.order_by(SubmissionRow.id).with_for_update())
    real = select(LeadRow.submission_id).where(LeadRow.submission_id.in_(ids), ~LeadRow.demo)
    # Before its deliveries are deleted: who records an attempt locks the endpoint first, too.
    endpoints.announce_deletion(session, sorted(session.scalars(real)))
    addresses = select(func.lower(ContactRow.email)).where(ContactRow.submission_id.in_(ids))
    found = list(session.scalars(addresses))
    reminder_consent.delete_addresses(session, found)
    calendar_setup.delete_addresses(session, found)
    counts = count_rows(session, ids)
    if method == "delete":
        draft_ids = select(SubmissionRow.draft_id).where(SubmissionRow.id.in_(ids))
        delete_drafts(session, DraftRow.id.in_(draft_ids))
    else:
        for lead_id in ids:
            _anonymise(session, lead_id)
    kept = KEPT_TABLES if method == "anonymise" else frozenset()
    facts: dict[int, dict[str, Fact]] = {
        lead_id: {"reason": reason}
        | {f"{ROWS}{name}": count for name, count in rows.items() if name not in kept}
        for lead_id, rows in counts.items()
    }
    audit_log.record_each(session, ACTIONS[method], facts.items(), by=by)
    return ids


def deletion_log(session: Session, lead_ids: Collection[int]) -> list[tuple[AuditRow, str | None]]:
    """The log entries of leads that were deleted or anonymized, with the user's name; last first.

    The name is None if the application did it itself.
    """
    found = session.execute(
        select(AuditRow, StaffUserRow.name)
        .outerjoin(StaffUserRow, StaffUserRow.id == AuditRow.by_id)
        .where(AuditRow.lead_id.in_(lead_ids), AuditRow.action.in_(ACTIONS.values()))
        .order_by(AuditRow.id.desc())
    )
    return [(row, name) for row, name in found]


def leads_of_person(session: Session, lead_id: int) -> list[int]:
    """The ids of this lead and all others with the same email address, newest first."""
    address = select(ContactRow.email).where(ContactRow.submission_id == lead_id)
    found = session.scalars(
        select(ContactRow.submission_id)
        .where(same_address(ContactRow.email, address.scalar_subquery()))
        .order_by(ContactRow.submission_id.desc())
    )
    return list(found) or [lead_id]


def find_person(session: Session, address: str) -> int | None:
    """The newest lead with this email address, in whatever case; None if there is none."""
    has_it = same_address(ContactRow.email, address.strip())
    return session.scalar(select(func.max(ContactRow.submission_id)).where(has_it))


def _anonymise(session: Session, lead_id: int) -> None:
    for table, column in tables_of_leads():
        if table.name not in KEPT_TABLES:
            session.execute(delete(table).where(column == lead_id))
    _clean_events(session, lead_id)
    void = f"gone-{lead_id}"  # no token has this hash, so the links open nothing
    submission = session.get_one(SubmissionRow, lead_id, populate_existing=True)
    submission.result_token_hash = void
    _remove_sentence(submission)
    draft = session.scalars(
        select(DraftRow)
        .join(SubmissionRow, SubmissionRow.draft_id == DraftRow.id)
        .where(SubmissionRow.id == lead_id)
        .execution_options(populate_existing=True)
    ).one()
    draft.token_hash, draft.answers = void, {}
    # The one name that statistics use; the rest may identify a single link or person.
    named = [key for key in ("utm_source", "ref") if draft.source.get(key)][:1]
    counted = counted_source(draft.source)
    draft.source = dict.fromkeys(named, counted)
    page_events.unlink_pages(session, draft.id)
    resume_links.delete_of_draft(session, draft.id)
    session.execute(
        update(LeadRow)
        .where(LeadRow.submission_id == lead_id)
        .values(
            anonymised_at=session.now(),
            version=LeadRow.version + 1,
            source=counted,
            offered_to_id=None,
            offered_at=None,
            # No one can be contacted; whether they were in time stays in the statistics.
            due_at=case((LeadRow.first_contact_at.is_not(None), LeadRow.due_at)),
            consult_at=None,
            follow_up_on=None,
            replaced=None,
            booking_hash=None,
        )
    )
    session.flush()


def _remove_sentence(submission: SubmissionRow) -> None:
    """Remove what the owner wrote; a trigger refuses any other change of a frozen submission."""
    shown = submission.wording
    submission.answers = {
        id: answer
        for id, answer in submission.answers.items()
        # Text, to a question without choices, was typed.
        if not isinstance(answer, str) or shown.get(id, {}).get("choices") != {}
    }
    if "own_words" in submission.report:
        submission.report = submission.report | {"own_words": ""}


def _clean_events(session: Session, lead_id: int) -> None:
    """Keep of each event what happened, and no text that a person wrote."""
    for event in session.scalars(select(LeadEventRow).where(LeadEventRow.submission_id == lead_id)):
        event.data = {
            name: value
            for name, value in event.data.items()
            if name != "comment" and _is_fact(value)
        }


def _is_fact(value: Any) -> bool:
    match value:
        case dict():
            return all(map(_is_fact, value.values()))
        case str():
            return _NO_FREE_TEXT.fullmatch(value) is not None
    return not isinstance(value, list)
