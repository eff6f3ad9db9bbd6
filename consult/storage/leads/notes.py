"""Notes about a lead, and assessments after the call.

Authors edit their own notes, everyone may resolve them. The functions return the changed note, or
None if it or its lead was deleted.

An assessment says whether a dimension is as the owner said, better, or worse. Over time that shows
which questions mislead.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.leads.changes import (
    NotAllowedError,
    lock_if_there,
    lock_lead,
    record_change,
    save_change,
)
from consult.storage.leads.leads import assessments_in, timeline, was_reached
from consult.storage.notifications.notifications import notify
from consult.storage.search_index import index_lead
from consult.storage.tables.lead_tables import Assessment, CallAssessmentRow, LeadRow, NoteRow

TEXT_MAX = 4000
_SAME_NOTE = timedelta(minutes=10)


class NoteChangedError(Exception):
    """A note was edited since its author looked at it; ``text`` is how it now reads."""

    def __init__(self, text: str) -> None:
        super().__init__("the note was edited")
        self.text = text


def notes_of(session: Session, lead_id: int) -> list[NoteRow]:
    query = select(NoteRow).where(NoteRow.submission_id == lead_id)
    return list(session.scalars(query.order_by(NoteRow.id.desc())))


def add(session: Session, lead_id: int, text: str, *, by: int) -> NoteRow | None:
    """Add a note of 1 to 4,000 characters; the same one again, as by a double click, is one."""
    lead = lock_if_there(session, lead_id)
    if lead is None:
        return None
    own = select(NoteRow).where(NoteRow.submission_id == lead_id, NoteRow.author_id == by)
    last = session.scalar(own.order_by(NoteRow.id.desc()).limit(1))
    if last and last.text == text and session.now() - last.created_at < _SAME_NOTE:
        return last
    note = NoteRow(submission_id=lead_id, author_id=by, text=text, created_at=session.now())
    session.add(note)
    index_lead(session, lead_id)
    session.flush()
    notify(session, lead, "note_added", actor_id=by, occasion=f"note {note.id}")
    return _save(session, note, "note.added", by)


def edit(
    session: Session, lead_id: int, note_id: int, text: str, *, by: int, seen: datetime | None
) -> NoteRow | None:
    """Change the text of one's own note; None also for another user's note.

    `seen` is the ``edited_at`` of the text that its author started from. Raises NoteChangedError
    if they have edited it since, in another window.
    """
    note = _lock(session, lead_id, note_id)
    if note is None or note.author_id != by:
        return None
    if note.text == text:
        return note
    if note.edited_at != seen:
        raise NoteChangedError(note.text)
    note.text, note.edited_at = text, session.now()
    index_lead(session, lead_id)
    return _save(session, note, "note.edited", by)


def set_resolved(
    session: Session, lead_id: int, note_id: int, resolved: bool, *, by: int
) -> NoteRow | None:
    """Say that a note is `resolved`, or open it again."""
    note = _lock(session, lead_id, note_id)
    if note is None or resolved == (note.resolved_at is not None):
        return note
    note.resolved_at, note.resolved_by_id = (session.now(), by) if resolved else (None, None)
    return _save(session, note, "note.resolved" if resolved else "note.reopened", by)


def assess(
    session: Session,
    lead_id: int,
    given: Mapping[str, Assessment],
    *,
    by: int,
    version: int | None = None,
) -> LeadRow:
    """Replace the assessments, by dimension, of a lead whose owner was reached.

    For `version` and the errors, see ``consult.storage.leads.actions``.
    """
    lead = lock_lead(session, lead_id, by=by, version=version)
    events = timeline(session, lead_id)
    if not was_reached(events):
        raise NotAllowedError("No one has talked to them yet.")
    before = assessments_in(events)
    changed = {id: assessment for id, assessment in given.items() if before.get(id) != assessment}
    session.execute(
        delete(CallAssessmentRow).where(
            CallAssessmentRow.submission_id == lead_id,
            CallAssessmentRow.dimension.in_(changed.keys() | before.keys() - given.keys()),
        )
    )
    session.add_all(
        CallAssessmentRow(
            submission_id=lead_id, dimension=id, assessment=assessment, by_id=by, at=session.now()
        )
        for id, assessment in changed.items()
    )
    record_change(session, lead, "assessed", by, assessments=dict(given))
    return save_change(session, lead, "lead.assessed", by, dimensions=len(given))


def _lock(session: Session, lead_id: int, note_id: int) -> NoteRow | None:
    # Its search terms follow from all its notes and its contact: these are changed one at a time.
    if lock_if_there(session, lead_id) is None:
        return None
    return session.scalar(
        select(NoteRow)
        .where(NoteRow.id == note_id, NoteRow.submission_id == lead_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _save(session: Session, note: NoteRow, action: str, by: int) -> NoteRow:
    session.flush()
    audit_log.record(session, action, by=by, lead_id=note.submission_id, note=note.id)
    return note
