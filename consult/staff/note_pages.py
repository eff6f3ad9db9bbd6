"""Notes on the page of a lead: write, edit one's own, resolve, open again."""

from collections.abc import Callable

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from consult.staff.access import member
from consult.staff.blueprint import ID, blueprint
from consult.staff.desk_views import Attempt
from consult.staff.lead_pages import lead_page
from consult.staff.relay_pages import back_to
from consult.staff.rights import for_staff
from consult.storage import notes
from consult.storage.database import Session
from consult.storage.notes import TEXT_MAX, Note
from consult.web.services import services
from consult.web.text import many_lines

_NOTES = f"/leads/<{ID}:lead_id>/notes"
_NOTE = f"{_NOTES}/<{ID}:note_id>"


@blueprint.post(_NOTES)
@for_staff
def add_note(lead_id: int) -> ResponseReturnValue:
    """Keep a new note."""
    return _write(
        lead_id, "note", lambda session, text: notes.add(session, lead_id, text, by=member().id)
    )


@blueprint.post(_NOTE)
@for_staff
def edit_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Give one's own note another text; another's cannot be edited, so that is not found."""
    return _write(
        lead_id,
        f"note-{note_id}",
        lambda session, text: notes.edit(session, lead_id, note_id, text, by=member().id),
    )


@blueprint.post(f"{_NOTE}/resolve")
@for_staff
def resolve_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Mark a note as done with."""
    with services().database.writing() as session:
        if notes.resolve(session, lead_id, note_id, by=member().id) is None:
            abort(404)
    return redirect(f"{back_to(lead_id)}#notes", 303)


@blueprint.post(f"{_NOTE}/reopen")
@for_staff
def reopen_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Take back that a note is done with."""
    with services().database.writing() as session:
        if notes.reopen(session, lead_id, note_id, by=member().id) is None:
            abort(404)
    return redirect(f"{back_to(lead_id)}#notes", 303)


def _write(
    lead_id: int, form: str, keep: Callable[[Session, str], Note | None]
) -> ResponseReturnValue:
    text = many_lines(request.form.get("text", ""))
    if not text or len(text) > TEXT_MAX:
        wrong = f"Use at most {TEXT_MAX} characters." if text else "Write something to keep."
        return lead_page(lead_id, Attempt(form, {"text": text}, {"text": wrong})), 422
    with services().database.writing() as session:
        if keep(session, text) is None:
            abort(404)
    return redirect(f"{back_to(lead_id)}#notes", 303)
