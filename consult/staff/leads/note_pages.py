"""Notes on the page of a lead: write, edit one's own, resolve, open again."""

from collections.abc import Callable
from datetime import datetime

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue

from consult.staff.accounts.access import signed_in_user
from consult.staff.blueprint import ID, blueprint, for_staff
from consult.staff.leads.action_forms import NoteForm, first_errors
from consult.staff.leads.lead_pages import back_to, lead_page
from consult.staff.leads.status_presenter import FormState
from consult.storage.db.database import Session
from consult.storage.leads import notes
from consult.storage.leads.notes import NoteChangedError
from consult.storage.tables.lead_tables import NoteRow
from consult.web.services import services
from consult.web.text import many_lines

_NOTES = f"/leads/<{ID}:lead_id>/notes"
_NOTE = f"{_NOTES}/<{ID}:note_id>"


@blueprint.post(_NOTES)
@for_staff
def add_note(lead_id: int) -> ResponseReturnValue:
    """Keep a new note."""
    return _write(
        lead_id,
        "note",
        lambda session, text: notes.add(session, lead_id, text, by=signed_in_user().id),
    )


@blueprint.post(_NOTE)
@for_staff
def edit_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Give one's own note another text; another's cannot be edited, so that is not found.

    Who has edited it in another window meanwhile sees that, with what they wrote here (409).
    """
    seen = _seen(request.form.get("seen"))
    form = f"note-{note_id}"
    try:
        return _write(
            lead_id,
            form,
            lambda session, text: notes.edit(
                session, lead_id, note_id, text, by=signed_in_user().id, seen=seen
            ),
        )
    except NoteChangedError as changed:
        typed = {"text": many_lines(request.form.get("text", ""))}
        return lead_page(lead_id, FormState(form, typed, newer_text=changed.text)), 409


@blueprint.post(f"{_NOTE}/resolve")
@for_staff
def resolve_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Mark a note as done with."""
    with services().database.writing() as session:
        if notes.resolve(session, lead_id, note_id, by=signed_in_user().id) is None:
            abort(404)
    return redirect(back_to(lead_id, "resolved", "notes"), 303)


@blueprint.post(f"{_NOTE}/reopen")
@for_staff
def reopen_note(lead_id: int, note_id: int) -> ResponseReturnValue:
    """Take back that a note is done with."""
    with services().database.writing() as session:
        if notes.reopen(session, lead_id, note_id, by=signed_in_user().id) is None:
            abort(404)
    return redirect(back_to(lead_id, "reopened", "notes"), 303)


def _seen(text: str | None) -> datetime | None:
    """When the text that somebody began from was written; None if it was never edited."""
    if text == "":
        return None
    try:
        return datetime.fromisoformat(text or "nothing of ours")
    except ValueError:
        abort(400)


def _write(
    lead_id: int, form_id: str, store: Callable[[Session, str], NoteRow | None]
) -> ResponseReturnValue:
    form = NoteForm(request.form)
    text = form.text.data
    if not form.validate():
        return lead_page(lead_id, FormState(form_id, {"text": text}, first_errors(form))), 422
    with services().database.writing() as session:
        if store(session, text) is None:
            abort(404)
    return redirect(back_to(lead_id, "note", "notes"), 303)
