"""Notes: what staff write about a lead for one another. Authors edit theirs, all may resolve."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.search_index import index_lead
from consult.storage.tables.lead_tables import LeadRow, NoteRow

TEXT_MAX = 4000


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it now reads; ``resolved_at`` and ``resolved_by`` are None while it is open."""

    id: int
    author: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    resolved_at: datetime | None
    resolved_by: int | None


class NoteChangedError(Exception):
    """A note was given another text since its author looked at it; ``note`` is how it now reads."""

    def __init__(self, note: Note) -> None:
        super().__init__(f"note {note.id} was edited")
        self.note = note


def notes_of(session: Session, lead_id: int) -> list[Note]:
    """The notes about a lead, the newest first."""
    rows = session.scalars(
        select(NoteRow).where(NoteRow.submission_id == lead_id).order_by(NoteRow.id.desc())
    )
    return [_note(row) for row in rows]


def add(session: Session, lead_id: int, text: str, *, by: int) -> Note | None:
    """Keep a note of 1 to 4,000 characters; None for a lead that is not there."""
    if not _holds_lead(session, lead_id):
        return None
    row = NoteRow(submission_id=lead_id, author_id=by, text=text, created_at=session.now())
    session.add(row)
    index_lead(session, lead_id)
    audit_log.record(session, "note.added", by=by, lead_id=lead_id, note=row.id)
    return _note(row)


def edit(
    session: Session, lead_id: int, note_id: int, text: str, *, by: int, seen: datetime | None
) -> Note | None:
    """Give a note another text; None for one that is not there or that somebody else wrote.

    `seen` is the ``edited_at`` of the text that its author began from. Raises NoteChangedError if
    it reads otherwise by now: in another window, they have written something else.
    """
    row = _held(session, lead_id, note_id)
    if row is None or row.author_id != by:
        return None
    if row.text != text:
        if row.edited_at != seen:
            raise NoteChangedError(_note(row))
        row.text, row.edited_at = text, session.now()
        index_lead(session, lead_id)
        audit_log.record(session, "note.edited", by=by, lead_id=lead_id, note=note_id)
    return _note(row)


def resolve(session: Session, lead_id: int, note_id: int, *, by: int) -> Note | None:
    """Note that there is nothing more to do about a note; None for one that is not there."""
    row = _held(session, lead_id, note_id)
    if row is not None and row.resolved_at is None:
        row.resolved_at, row.resolved_by_id = session.now(), by
        session.flush()
        audit_log.record(session, "note.resolved", by=by, lead_id=lead_id, note=note_id)
    return _note(row) if row else None


def reopen(session: Session, lead_id: int, note_id: int, *, by: int) -> Note | None:
    """Take back that a note was resolved; None for one that is not there."""
    row = _held(session, lead_id, note_id)
    if row is not None and row.resolved_at is not None:
        row.resolved_at = row.resolved_by_id = None
        session.flush()
        audit_log.record(session, "note.reopened", by=by, lead_id=lead_id, note=note_id)
    return _note(row) if row else None


def _holds_lead(session: Session, lead_id: int) -> bool:
    """Keep a lead for this transaction; whether it is there.

    The words by which it is found follow from all its notes and its contact, so whoever changes one
    of them waits for whoever changes another.
    """
    query = select(LeadRow.submission_id).where(LeadRow.submission_id == lead_id)
    return session.scalar(query.with_for_update()) is not None


def _held(session: Session, lead_id: int, note_id: int) -> NoteRow | None:
    if not _holds_lead(session, lead_id):
        return None
    return session.scalar(
        select(NoteRow)
        .where(NoteRow.id == note_id, NoteRow.submission_id == lead_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _note(row: NoteRow) -> Note:
    return Note(
        id=row.id,
        author=row.author_id,
        text=row.text,
        created_at=row.created_at,
        edited_at=row.edited_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by_id,
    )
